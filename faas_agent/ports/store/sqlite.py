"""SQLite in a file: the embedded default.

Readers never wait; writers of this process take turns, those of others wait in SQLite.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from faas_agent.ports.store.way import Way

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON", "cache_size=-65536")


def way(path: Path) -> Way:
    """Nothing is opened yet."""
    engine = create_engine(f"sqlite:///{path}", pool_size=20, max_overflow=30)
    event.listen(engine, "connect", _prepare)
    return Way(engine, "BEGIN", "BEGIN IMMEDIATE", "BEGIN IMMEDIATE", threading.Lock(), nullcontext)


def _prepare(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # transactions are begun in words: BEGIN IMMEDIATE is the point
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
