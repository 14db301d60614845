"""Unpacks a codebase's zip. Enters: a file that anybody may have made. Leaves: a folder, or StartFailed(bad-codebase).

Every name is checked before the first byte is written, and every byte is counted as it is written: what the headers
say about sizes is never believed. Called by ``codebase``. It never follows or makes a link, never writes outside of
its own fresh folder, and never leaves half a codebase behind.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from errno import EINVAL
from pathlib import Path, PurePosixPath

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.staging import LIMITS, Limits, staged

_CHUNK = 256 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others cannot be unpacked in bounded memory: a few bytes of bzip2 or LZMA become gigabytes in one step."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError, RuntimeError)
"""What the standard library raises for bytes that are not a zip after all."""


def unpack(zip_path: Path, target_dir: Path, limits: Limits = LIMITS) -> None:
    """Unpacks the zip to ``target_dir``, which must not be there. Raises StartFailed(bad-codebase)."""
    with staged(target_dir) as folder:
        try:
            with (
                _BoundedReader(zip_path, max(limits.entries * 512, 4 * _CHUNK)) as file,
                zipfile.ZipFile(file) as archive,
            ):
                _unpack_all(archive, folder, limits)
        except _BROKEN as error:
            raise refused(f"is broken ({error})") from error
        except OSError as error:
            if error.errno != EINVAL:  # a disk that is full is not the zip's fault; an impossible offset is
                raise
            raise refused("is broken: it points outside of itself") from error


def refused(why: str) -> StartFailed:
    """The one way to say no to a zip."""
    return StartFailed(Reason.BAD_CODEBASE, f"the codebase's zip {why}; zip the folder of your code again and push it")


class _BoundedReader(io.FileIO):
    """A file that is never read in large pieces: the list of entries is read at once, whatever size it claims."""

    def __init__(self, path: Path, largest: int) -> None:
        super().__init__(path)
        self._largest = largest

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._largest:
            raise zipfile.BadZipFile("its list of entries is too long")
        return super().read(-1 if size is None else size)


def _unpack_all(archive: zipfile.ZipFile, folder: Path, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise refused(f"has {len(entries)} entries, more than the {limits.entries} allowed")
    paths = [_checked_path(entry) for entry in entries]
    _refuse_collisions(zip(paths, (entry.is_dir() for entry in entries), strict=True))
    left = limits.total_bytes
    for entry, path in zip(entries, paths, strict=True):
        place = folder / path
        if entry.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            left -= _unpack_one(archive, entry, place, left, limits)


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, left: int, limits: Limits) -> int:
    most = max(limits.ratio_from_bytes, entry.compress_size * limits.ratio)
    size = 0
    with archive.open(entry) as source, place.open("xb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise refused(f"unpacks to more than the {limits.total_bytes} bytes allowed")
            if size > most:
                raise refused(f"holds {entry.filename!r}, which grows to more than {limits.ratio} times its size")
            target.write(chunk)
    place.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)
    return size


def _checked_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The entry's place below the codebase, or a refusal."""
    name = entry.orig_filename  # ``filename`` is what zipfile made of it, cut at the first NUL
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.flag_bits & 0x1:
        raise refused(f"is encrypted ({name!r})")
    if entry.compress_type not in _METHODS:
        raise refused(f"holds {name!r}, packed by another method than deflate")
    if kind == stat.S_IFLNK:
        raise refused(f"holds a link ({name!r}), and links are not allowed")
    if kind not in {0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG}:
        raise refused(f"holds {name!r}, which is neither a file nor a folder")
    path = PurePosixPath(name)
    if not name.isprintable() or "\\" in name or re.match(r"[A-Za-z]:", name):
        raise refused(f"holds the name {name!r}, which not every system can have")
    if path.is_absolute() or ".." in path.parts:
        raise refused(f"holds {name!r}, which lies outside of the codebase")
    if not entry.is_dir() and not path.parts:
        raise refused("holds a file without a name")
    if len(path.parts) > 40 or any(len(part.encode()) > 255 for part in path.parts):
        raise refused(f"holds a name that is too long ({name[:60]!r}...)")
    return path


def _refuse_collisions(entries: Iterable[tuple[PurePosixPath, bool]]) -> None:
    """No file twice, none that is also a folder, and no two names that differ only in case or in how they are spelt."""
    seen: dict[str, tuple[PurePosixPath, bool]] = {}
    for path, is_dir in entries:
        for place in (path, *path.parents):
            folder = is_dir or place != path
            first, was_folder = seen.setdefault(_folded(place), (place, folder))
            twice = place is path and not is_dir and first is not path
            if first != place or was_folder != folder or twice:
                raise refused(f"holds both {str(first)!r} and {str(place)!r}, which would be the same file")


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
