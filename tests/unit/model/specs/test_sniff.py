from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.model.specs.sniff import HEAD, image_size, media_type

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 12, 34)
EXIF = b"\xff\xe1" + struct.pack(">H", 1000) + bytes(998)
FRAME = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 480, 640)
JPEG = b"\xff\xd8" + EXIF + b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0" + FRAME


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.jpg", b"", "image/jpeg"),
        ("A.PNG", b"no png", "image/png"),
        ("a.json", b"\0", "application/json"),
        ("code.zip", b"", "application/zip"),
        ("a.tar.gz", b"", "application/gzip"),
        ("a.webp", b"", "image/webp"),
        ("noname", PNG, "image/png"),
        ("noname", b"%PDF-1.7", "application/pdf"),
        ("noname", b"words", "text/plain"),
        ("noname", b"\0\1", "application/octet-stream"),
        ("noname", b"", "application/octet-stream"),
        ("noname", ("x" * (HEAD - 1) + "é").encode()[:HEAD], "text/plain"),
        ("noname", b"\xff\xfe words", "application/octet-stream"),
        ("data:x", b"words", "text/plain"),
    ],
)
def test_the_name_tells_and_else_the_bytes(name: str, head: bytes, expected: str) -> None:
    assert media_type(name, head) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (PNG, (640, 480)),
        (GIF, (12, 34)),
        (JPEG, (640, 480)),
        (JPEG[:-3], None),
        (b"\xff\xd8" + EXIF, None),
        (b"\xff\xd8\xff\xe1\0\0", None),
        (b"\xff\xd8garbage", None),
        (PNG[:20], None),
        (PNG[:16] + bytes(8), None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_an_image_tells_its_size_or_nothing(head: bytes, expected: tuple[int, int] | None) -> None:
    assert image_size(head) == expected


@given(st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe0", b"GIF8", PNG[:16]]), st.binary())
def test_no_bytes_break_it(start: bytes, rest: bytes) -> None:
    found = image_size(start + rest)
    assert found is None or all(side > 0 for side in found)
    assert "/" in media_type("x", start + rest)
