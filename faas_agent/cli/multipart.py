"""A file as a multipart body, read as it is sent: a large item never sits in memory.

Enters: fields and an open file's path. Leaves: chunks of bytes and the content type. Called by ``upload``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from urllib3.fields import RequestField

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class FileForm:
    """Fields and one file; may be read more than once, for a second try."""

    fields: Mapping[str, str]
    file: Path
    file_name: str
    boundary: str

    @classmethod
    def of(cls, fields: Mapping[str, str], file: Path, file_name: str) -> FileForm:
        """A form with a boundary that does not occur in the file, for all practical purposes."""
        return cls(fields, file, file_name, secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """What the receiver needs to take it apart."""
        return f"multipart/form-data; boundary={self.boundary}"

    def chunks(self) -> Iterator[bytes]:
        """The body from its beginning. Raises OSError when the file cannot be read."""
        for name, value in self.fields.items():
            yield self._head(RequestField(name, value)) + value.encode() + b"\r\n"
        yield self._head(RequestField("file", b"", filename=self.file_name), "application/octet-stream")
        with self.file.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
        yield f"\r\n--{self.boundary}--\r\n".encode()

    def _head(self, field: RequestField, content_type: str | None = None) -> bytes:
        field.make_multipart(content_type=content_type)
        return f"--{self.boundary}\r\n{field.render_headers()}".encode()
