"""A small JSON object on disk that several programs share: the SDK's cookie, the checkouts of a folder.

Enters: a path and a change. Leaves: the file replaced as a whole, readable by its owner only, or untouched.
Called by ``cookie`` and ``state``. Holds the same lock file as the SDK, so that neither loses the other's change.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faas_agent.errors import UsageError

Json = dict[str, Any]


def read(path: Path) -> Json:
    """The object in the file; an absent or empty file is an empty object. Raises UsageError for anything else."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    try:
        value = json.loads(text or "{}")
    except ValueError:
        raise UsageError(f"{path} is not JSON: mend it or delete it") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path} does not hold a JSON object: mend it or delete it")
    return value


def update(path: Path, change: Callable[[Json], None]) -> None:
    """Read, change and replace the file under its lock. Raises UsageError when the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(path.name + ".lock")):
            value = read(path)
            change(value)
            _replace(path, json.dumps(value, indent=2))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _replace(path: Path, text: str) -> None:
    # mkstemp makes the file 0600 before anything is in it
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    while True:
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(path, file.fileno()):
                yield
                return


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one at the path: a lock file may be removed while somebody waits for it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
