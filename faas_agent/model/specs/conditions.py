"""A filter as a tree of conditions: what ``parse_filter`` makes, what ``matches`` and the store's SQL read.

The rules of the wire (globs, folders, null, dates) are settled by the parser, so the two readers hold none of them:
a condition says only which values at a path count. Pure data; nothing here looks at an entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]
"""Steps into an entity. A step meets an object, or every object of an array."""


class Op(StrEnum):
    """How a condition judges the values at its path. ``eq`` and ``ne`` of the wire are lists of one here."""

    IN = "in"
    NIN = "nin"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EXISTS = "exists"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Glob:
    """A text with ``*`` for any run of characters, the slash included. Every other character means itself."""

    pieces: tuple[str, ...]
    """What stands between the stars; two at least."""

    @classmethod
    def of(cls, text: str) -> Glob:
        """``**`` says no more than ``*``."""
        first, *rest = text.split("*")
        last = rest.pop()
        return cls((first, *filter(None, rest), last))

    def fits(self, text: str) -> bool:
        """In one pass from left to right: no pattern can make it slow."""
        first, *middle, last = self.pieces
        if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True


@dataclass(frozen=True, slots=True)
class And:
    """All of them. Of none: everything."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition. ``value`` by ``op``:

    ``IN``, ``NIN``: a tuple of JSON values and globs. ``GT`` to ``LTE``: a number, a text or a boolean.
    ``EXISTS``: a boolean. ``MATCH``: a text to be contained, or a filter that one object there has to meet.
    """

    path: Path
    op: Op
    value: object


Filter: TypeAlias = And | Or | Compare
EVERYTHING = And(())
