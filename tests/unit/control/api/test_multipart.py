from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.control.api.multipart import Form
from faas_agent.errors import BadRequest, FaasError

TYPE = "multipart/form-data; boundary=xx"
BODY = (
    b'--xx\r\nContent-Disposition: form-data; name="path"\r\n\r\n/a\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="file"; filename="na%20me"\r\n\r\n'
    b"some\r\n--x\r\nbytes\r\n--xx--\r\n"
)


@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_a_body_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    form = Form(TYPE)
    edges = [0, *sorted(cuts), len(BODY)]
    found = b"".join(form.feed(BODY[start:stop]) for start, stop in pairwise(edges))
    assert (found, form.fields, form.file_name, form.ended) == (b"some\r\n--x\r\nbytes", {"path": "/a"}, "na me", True)


@given(st.integers(0, len(BODY) - 5))
def test_a_body_without_its_end_has_not_ended(length: int) -> None:
    form = Form(TYPE)
    form.feed(BODY[:length])
    assert not form.ended


@given(st.binary(), st.sampled_from([b"", b"--xx\r\n", b"--xx\r\nContent-Disposition: form-data; name="]))
def test_no_bytes_break_it(rest: bytes, start: bytes) -> None:
    form = Form(TYPE)
    try:
        form.feed(start + rest)
    except FaasError:
        return
    assert isinstance(form.ended, bool)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=x", ";;=="]
)
def test_another_kind_of_body_is_refused(content_type: str) -> None:
    with pytest.raises(BadRequest, match="Content-Type"):
        Form(content_type)
