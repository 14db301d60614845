"""Frames between host and runner: four bytes of length, then UTF-8 JSON (``wire.md``). Both sides use this file.

Enters: a frame or bytes. Leaves: bytes or frames. Knows no frame type and touches no socket.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, List

Frame = Dict[str, Any]

PROTOCOL = 1
FRAME_LIMIT = 256 * 1024 * 1024
"""Bytes. Far above any honest frame; a longer one means that the stream is not ours."""

_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size


class WireError(Exception):
    """The other side does not speak this protocol."""


def encode(frame: Frame) -> bytes:
    """Raises TypeError or ValueError for what JSON cannot say. A lone surrogate becomes ``?``, as UTF-8 has none."""
    body = json.dumps(frame, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
    return _LENGTH.pack(len(body)) + body


def length_of(header: bytes) -> int:
    """How many bytes follow a header."""
    (length,) = _LENGTH.unpack(header)
    if length > FRAME_LIMIT:
        raise WireError(f"a frame of {length} bytes is longer than the limit of {FRAME_LIMIT}")
    return int(length)


def decode(body: bytes) -> Frame:
    """The object in a body."""
    try:
        frame = json.loads(body)
    except ValueError as error:
        raise WireError(f"a frame is not JSON: {error}") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise WireError("a frame is not an object with a type")
    return frame


class Decoder:
    """Cuts a byte stream into frames, however the bytes were grouped on the way."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> List[Frame]:
        """The frames that are complete now."""
        self._pending += data
        frames: List[Frame] = []
        while len(self._pending) >= HEADER_BYTES:
            end = HEADER_BYTES + length_of(bytes(self._pending[:HEADER_BYTES]))
            if len(self._pending) < end:
                break
            frames.append(decode(bytes(self._pending[HEADER_BYTES:end])))
            del self._pending[:end]
        return frames
