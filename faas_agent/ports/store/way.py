"""How one kind of database is spoken to: what ``sqlite.py`` and ``postgres.py`` make, and ``store.py`` works with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Way:
    """The words that begin each kind of transaction are sent as they are: the driver begins none of its own."""

    engine: Engine
    read: str
    write: str
    guarded: str
    turn: AbstractContextManager[object]
    """Entered by who writes, before it takes a connection."""
    failures: Callable[[], AbstractContextManager[None]]
    """Turns what the driver raises in the block into an error of ours."""
