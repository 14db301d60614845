"""Bytes in a folder. A blob is written beside its place and renamed, so that a half-written one is never seen.

Enters: a key made by the platform (never by a caller) and chunks. Leaves: a path-like handle to read from.
Called by the API. Keys are spread over 256 folders, because one folder with a million files is slow everywhere.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from faas_agent.ports.blobs.protocol import Blobs

CHUNK = 1 << 20


class FolderBlobs:
    """One file a blob below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        for left in self._incoming.iterdir():  # cut off by the end of an earlier process
            left.unlink()

    def create(self) -> IO[bytes]:
        """A file to write into; give it to ``keep`` or close and ``drop`` it."""
        return tempfile.NamedTemporaryFile(dir=self._incoming, delete=False)

    def keep(self, key: str, incoming: IO[bytes]) -> None:
        """Make what was written the blob of that key, at once and for good."""
        incoming.flush()
        os.fsync(incoming.fileno())
        incoming.close()
        target = self._path(key)
        target.parent.mkdir(exist_ok=True)
        Path(incoming.name).replace(target)

    def drop(self, incoming: IO[bytes]) -> None:
        """Forget what was written."""
        incoming.close()
        Path(incoming.name).unlink(missing_ok=True)

    def size(self, key: str) -> int | None:
        """Bytes of a blob, None when there is none."""
        path = self._path(key)
        return path.stat().st_size if path.exists() else None

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to, not including, ``stop``, in chunks."""
        with self._path(key).open("rb") as file:
            file.seek(start)
            left = (stop if stop is not None else 1 << 62) - start
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def delete(self, key: str) -> None:
        """Remove a blob; one that is gone is no error."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        spread = hashlib.sha256(key.encode()).hexdigest()[:2]
        return self._root / spread / key


def _is_a_blob_store(folder: FolderBlobs) -> Blobs:
    return folder  # the type checker's proof that the folder keeps the port's contract
