"""One multipart upload, taken apart as it arrives: small fields are kept, the file's bytes are handed on.

Fed by the upload routes with chunks of the body. Holds at most what one chunk brought, never the file. It says whether
the closing boundary came, without which an upload was cut off and is nothing.
"""

from __future__ import annotations

from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from faas_agent.errors import BadRequest, TooLarge

MAX_FIELDS_BYTES = 2 * 1024**2
"""All fields but the file: a path, a description, metadata."""
MAX_PARTS = 50


class Form:
    """The parts of one body. ``fields`` is whole once ``ended`` is true."""

    def __init__(self, content_type: str) -> None:
        """Raises BadRequest unless it is a multipart form with a boundary."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise BadRequest("Content-Type must be multipart/form-data with a boundary to upload a file")
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.ended = False
        self._parts = self._small = 0
        self._header = self._value = b""
        self._name: str | None = None
        self._is_file = False
        self._text, self._bytes = bytearray(), bytearray()
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._add_data,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise BadRequest("Content-Type has a boundary that is too long") from None

    @classmethod
    def of(cls, fields: dict[str, str]) -> Form:
        """A form that came in another encoding, and has no file."""
        form = cls('multipart/form-data; boundary="none"')
        form.fields, form.ended = fields, True
        return form

    def feed(self, chunk: bytes) -> bytes:
        """Returns the bytes of the file that this chunk brought. Raises BadRequest, TooLarge."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest(f"the multipart body cannot be read: {error}") from None
        found = bytes(self._bytes)
        self._bytes.clear()
        return found

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadRequest(f"the form has more than {MAX_PARTS} parts")
        self._name, self._is_file = None, False

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = options.get(b"name", b"").decode(errors="replace")
            if self._name == "file":
                self._open_file(options.get(b"filename", b""))
        self._header = self._value = b""

    def _open_file(self, name: bytes) -> None:
        if self.file_name is not None:
            raise BadRequest("file: one upload has one file, this form has several")
        self._is_file = True
        self.file_name = unquote(name.decode(errors="replace"))

    def _open(self) -> None:
        if self._name is None:
            raise BadRequest("a part of the form has no name: each needs 'Content-Disposition: form-data; name=...'")
        if self._name in self.fields:
            raise BadRequest(f"{self._name[:60]} is in the form twice")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._bytes += data[start:end]
            return
        self._small += end - start
        if self._small > MAX_FIELDS_BYTES:
            raise TooLarge(f"the fields beside the file are larger than {MAX_FIELDS_BYTES} bytes")
        self._text += data[start:end]

    def _close(self) -> None:
        if self._is_file or self._name is None:
            return
        try:
            self.fields[self._name] = self._text.decode()
        except UnicodeDecodeError:
            raise BadRequest(f"{self._name[:60]} is not UTF-8") from None
        self._text.clear()

    def _end(self) -> None:
        self.ended = True
