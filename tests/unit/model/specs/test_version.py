"""Versions only grow (ENDPOINTS 14, 15)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.version import first_version, named_version, next_version, numbers

VERSIONS = st.lists(st.integers(0, 999), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("current", "sent", "then"),
    [
        ("1.0.0", None, "1.0.1"),
        ("1.0.9", "1.0.9", "1.0.10"),
        ("1.0.9", "1.0.10", "1.0.10"),
        ("1.0.9", "2.0.0", "2.0.0"),
        ("1.0.9", "1.0.3", "1.0.10"),
        ("7", None, "8"),
    ],
)
def test_the_last_number_grows_unless_the_caller_raised_it(current: str, sent: str | None, then: str) -> None:
    assert next_version(current, sent) == then


@given(VERSIONS, st.none() | VERSIONS)
def test_the_next_version_is_always_later(current: str, sent: str | None) -> None:
    assert numbers(next_version(current, sent)) > numbers(current)


def test_the_first_is_what_was_asked_for() -> None:
    assert (first_version(None), first_version("0.3")) == ("1.0.0", "0.3")


@pytest.mark.parametrize("sent", ["", "one", "1.", "1.0.0-rc1", "1.0.0.0.0", 1, 1.5, ["1"], "9" * 40, "\u0661.0.0 "])
def test_what_is_no_version_is_refused(sent: Any) -> None:
    for ask in (first_version, lambda text: next_version("1.0.0", text)):
        with pytest.raises(BadRequest, match=r"^version: "):
            ask(sent)


@pytest.mark.parametrize(
    ("wanted", "name"), [(None, None), ("", None), ("latest", None), ("1.2.3", "1.2.3"), (4, "1.0.4")]
)
def test_a_service_names_a_version_the_latest_or_an_old_number(wanted: Any, name: str | None) -> None:
    assert named_version(wanted) == name


@pytest.mark.parametrize("wanted", [True, 1.5, ["1.0.0"], {}])
def test_a_revision_of_the_wrong_type_is_refused(wanted: Any) -> None:
    with pytest.raises(BadRequest, match=r"^packageRevision: "):
        named_version(wanted)
