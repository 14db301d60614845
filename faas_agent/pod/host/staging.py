"""Where a codebase is put together before anybody may see it, and how large it may become.

``staged(target)`` gives a fresh folder beside the target. It becomes the target in one rename when the block ends
well, and vanishes when it does not: there is never half a codebase. Used by ``archive`` and ``git``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a codebase may cost. The defaults suit code with a model file in it, not a data set."""

    entries: int = 50_000
    """Files and folders."""
    total_bytes: int = 2 * 1024**3
    """Unpacked, all files together."""
    ratio: int = 200
    """Bytes out for each byte in, of one file of a zip. Text reaches 20, a file of zeros 1000."""
    ratio_from_bytes: int = 16 * 1024**2
    """Files up to this size may have any ratio: a small file of zeros harms nobody."""
    seconds: float = 600.0
    """For git, from the first byte to the last."""


LIMITS = Limits()


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A new folder that becomes ``target``. Raises FileExistsError when the target is there already."""
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
