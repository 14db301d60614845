from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from faas_agent.control.api.downloads import span


@given(st.text(), st.integers(0, 1000))
def test_any_header_asks_for_bytes_that_are_there_or_for_none(wanted: str, size: int) -> None:
    found = span(wanted, size)
    assert found is None or 0 <= found[0] <= found[1] <= size


@given(st.integers(0, 10**17), st.integers(0, 10**17), st.integers(1, 1000))
def test_a_range_is_as_long_as_it_says_and_ends_where_the_bytes_end(first: int, last: int, size: int) -> None:
    found = span(f"bytes={first}-{last}", size)
    if last < first:
        assert found == (0, size, False)
    elif first >= size:
        assert found is None
    else:
        assert found == (first, min(last + 1, size), True)


def test_nothing_is_answered_whole() -> None:
    assert span("bytes=0-", 0) == (0, 0, False)
