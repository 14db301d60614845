"""Frames survive the stream, however it is cut; what is not a frame is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.pod.runner.wire import Decoder, WireError, decode, encode, length_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
UTF8 = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.fixed_dictionaries({"type": UTF8, "value": UTF8 | st.integers()}), max_size=4), st.integers(1, 50))
def test_frames_come_out_as_they_went_in_whatever_the_cuts(frames: list[dict[str, object]], step: int) -> None:
    stream = b"".join(encode(frame) for frame in frames)
    decoder = Decoder()
    out = [frame for at in range(0, len(stream), step) for frame in decoder.feed(stream[at : at + step])]
    assert out == frames


@given(JSON)
def test_any_json_can_be_sent(value: object) -> None:
    assert decode(encode({"type": "x", "value": value})[4:])["type"] == "x"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"type": 1}', b"\xff", b"{"])
def test_what_is_not_a_frame_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        decode(body)


def test_a_length_beyond_the_limit_is_not_waited_for() -> None:
    with pytest.raises(WireError, match="longer than the limit"):
        length_of(b"\xff\xff\xff\xff")


def test_not_a_number_is_not_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"type": "x", "value": float("nan")})
