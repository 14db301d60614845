"""The bytes of one upload on their way to be an item's: collected, counted, written, kept. Or gone without a trace.

Used by the routes that take bytes. Touches the disk in ``write``, ``keep`` and ``drop`` only, so that a coroutine knows
what to give to a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from faas_agent.control.platform import Platform
from faas_agent.errors import TooLarge
from faas_agent.model.specs.sniff import HEAD

IN_MEMORY = 1024**2
"""Bytes that are collected before they are written."""


@dataclass(slots=True)
class Incoming:
    """A blob that is not one yet. ``head``: its first bytes, for those who want to know what it is."""

    platform: Platform
    size: int = 0
    head: bytes = b""
    _waiting: bytearray = field(default_factory=bytearray)
    _file: IO[bytes] | None = None
    _unsettled: str | None = None

    def take(self, chunk: bytes) -> bool:
        """Some more bytes. Returns whether it is time to ``write``. Raises TooLarge."""
        self.size += len(chunk)
        if self.size > self.platform.settings.upload_limit_bytes:
            raise TooLarge(f"file is larger than {self.platform.settings.upload_limit_bytes} bytes, the largest item")
        if len(self.head) < HEAD:
            self.head += chunk[: HEAD - len(self.head)]
        self._waiting += chunk
        return len(self._waiting) >= IN_MEMORY

    def write(self) -> IO[bytes]:
        """Put what waits on the disk."""
        if self._file is None:
            self._file = self.platform.blobs.create()
        self._file.write(self._waiting)
        self._waiting.clear()
        return self._file

    def keep(self) -> str:
        """Make it a blob, and return its key. It stays only if ``settle`` is called too."""
        file, self._unsettled = self.write(), self.platform.new_id()
        self.platform.blobs.keep(self._unsettled, file)
        self._file = None
        return self._unsettled

    def settle(self) -> None:
        """The transaction that names the blob is committed."""
        self._unsettled = None

    def drop(self) -> None:
        """Forget what is not settled; nothing after ``settle``."""
        if self._file is not None:
            self.platform.blobs.drop(self._file)
        elif self._unsettled is not None:
            self.platform.blobs.delete(self._unsettled)
