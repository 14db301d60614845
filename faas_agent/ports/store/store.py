"""The store: one database, two ways in. ``read()`` sees a snapshot, ``write()`` is one transaction.

Called by the control plane only. Everything that is true is in here; nothing else remembers. What has to happen after
a commit (a wake-up, a look at new events) is registered with ``Session.after_commit`` and is a hint, never the truth.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select

from faas_agent.errors import UsageError
from faas_agent.ports.store import tables
from faas_agent.ports.store.session import Session


class Store:
    """SQLite in a file. Readers never wait; writers of this process take turns, those of others wait in SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A snapshot; what is written in it is lost."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield Session(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self._writer, self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            session = Session(connection)
            yield session
            connection.commit()
        for hook in session.hooks:
            hook()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def open_sqlite(path: Path) -> Store:
    """Open or create the database file. Raises UsageError for one that a later release has written."""
    engine = create_engine(f"sqlite:///{path}", pool_size=20, max_overflow=30)
    event.listen(engine, "connect", _prepare)
    with engine.begin() as connection:
        tables.METADATA.create_all(connection)
        _check_version(connection)
    return Store(engine)


def _prepare(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # transactions are begun above, in words: BEGIN IMMEDIATE is the point
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _check_version(connection: Connection) -> None:
    found = connection.scalar(select(tables.META.c.value).where(tables.META.c.key == "schema"))
    if found is None:
        connection.execute(insert(tables.META).values(key="schema", value=str(tables.SCHEMA_VERSION)))
    elif int(found) > tables.SCHEMA_VERSION:
        raise UsageError(
            f"the database has schema {found}, this release knows {tables.SCHEMA_VERSION}: use a newer one"
        )
