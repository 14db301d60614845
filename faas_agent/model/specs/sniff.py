"""What bytes are, from a name and the first of them: a media type, and for an image its width and height. Pure.

Called when an upload ends. It looks at no more than it is given and believes nothing: a header that does not add up
gives no size. The name wins over the bytes, as it does in a browser's download folder.
"""

from __future__ import annotations

import mimetypes
import struct

HEAD = 64 * 1024
"""Bytes worth keeping from the start of an upload."""
UNKNOWN = "application/octet-stream"
_NAMES = mimetypes.MimeTypes(filenames=())  # the machine's own table would make the answer depend on the machine
for _ending, _type in {
    ".gz": "application/gzip",
    ".ipynb": "application/x-ipynb+json",
    ".jsonl": "application/x-ndjson",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}.items():
    _NAMES.add_type(_type, _ending)

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (4, b"ftyp", "video/mp4"),
)


def media_type(name: str, head: bytes) -> str:
    """By the name's ending, then by the first bytes, else ``text/plain`` or ``application/octet-stream``."""
    guessed, packed = _NAMES.guess_type(name)
    if guessed and not packed:
        return guessed
    if packed:
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(packed, f"application/x-{packed}")
    for start, magic, found in _MAGIC:
        if head[start : start + len(magic)] == magic:
            return found
    return "text/plain" if _is_text(head) else UNKNOWN


def image_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG, where its header is within ``head``."""
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
            size = struct.unpack_from(">II", head, 16)
        elif head.startswith(b"GIF8"):
            size = struct.unpack_from("<HH", head, 6)
        elif head.startswith(b"\xff\xd8"):
            size = _jpeg(head)
        else:
            return None
    except struct.error:
        return None
    width, height = size
    return (width, height) if width > 0 and height > 0 else None


def _jpeg(head: bytes) -> tuple[int, int]:
    """Walks from segment to segment until the one that begins a frame. Raises struct.error at the end of ``head``."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", head, at)
        if marker >> 8 != 0xFF or length < 2:
            return 0, 0
        if 0xC0 <= marker & 0xFF <= 0xCF and marker & 0xFF not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + length


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) >= HEAD  # cut in the middle of a character
    return True
