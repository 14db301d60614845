"""Where an item is in its dataset: one absolute path, and what follows from it. Pure.

Called by whatever takes a path from a caller (uploads, renames, clones, moves). What comes out is safe to join below a
folder of the caller's own machine, where the SDK writes downloads to: no ``..``, no backslash, no control characters.
"""

from __future__ import annotations

from dataclasses import dataclass

from faas_agent.errors import BadRequest
from faas_agent.model.specs.values import show

LONGEST_PATH, LONGEST_NAME, DEEPEST = 4096, 255, 64
"""Bytes of a path and of one name in it, as file systems have them; names in a path."""


@dataclass(frozen=True, slots=True)
class Place:
    """``/a/b.jpg`` is ``b.jpg`` in ``/a``; what begins with a dot is hidden, and all that is in it."""

    filename: str
    dir: str
    name: str
    hidden: bool


ROOT = Place("/", "/", "/", hidden=False)


def place(path: object, field: str = "path") -> Place:
    """A path as sent; empty names in it are left out. Raises BadRequest naming ``field``."""
    if not isinstance(path, str) or not path.strip():
        raise BadRequest(f"{field} is needed: the absolute path of the item in its dataset, such as /folder/name.jpg")
    if len(path.encode(errors="replace")) > LONGEST_PATH:
        raise BadRequest(f"{field} is longer than {LONGEST_PATH} bytes")
    names = [_name(name, field) for name in path.split("/") if name]
    if len(names) > DEEPEST:
        raise BadRequest(f"{field} leads through more than {DEEPEST} folders: put the item less deep")
    return at(names)


def at(names: list[str]) -> Place:
    """The place that these checked names lead to."""
    if not names:
        return ROOT
    above = "/".join(names[:-1])
    return Place("/" + "/".join(names), "/" + above, names[-1], any(name.startswith(".") for name in names))


def parents(place: Place) -> list[Place]:
    """The folders above, outermost first, without the root, which is always there."""
    names = place.filename.strip("/").split("/")
    return [at(names[:depth]) for depth in range(1, len(names))]


def below(folder: str, rest: str) -> Place:
    """``rest``, an absolute path, seen from ``folder``. Raises BadRequest when the two together are too long."""
    return place(f"{folder}/{rest}", "the new path")


def _name(name: str, field: str) -> str:
    if name in (".", ".."):
        raise BadRequest(f"{field} must not lead through {name!r}: write the path without it")
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise BadRequest(f"{field} has a name longer than {LONGEST_NAME} bytes: {show(name)}")
    bad = next((one for one in name if one == "\\" or one < " " or one == "\x7f" or "\ud800" <= one <= "\udfff"), None)
    if bad is not None:
        raise BadRequest(f"{field} holds {bad!r}: names take no backslash and no control characters")
    return name
