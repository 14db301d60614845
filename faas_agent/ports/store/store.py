"""The store: one database, three ways in. ``read()`` sees a snapshot, ``write()`` is alone, ``guarded()`` one of many.

Called by the control plane only. Everything that is true is in here; nothing else remembers. What has to happen after
a commit (a wake-up, a look at new events) is registered with ``Session.after_commit`` and is a hint, never the truth.
Which database it is, only ``sqlite.py``, ``postgres.py`` and the few queries that have to be worded twice know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from faas_agent.ports.store import postgres, schema, sqlite
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.way import Way


class Store:
    """Readers never wait. Who may write beside whom, each way in says."""

    def __init__(self, way: Way) -> None:
        self._way = way

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A snapshot; nothing can be written in it that lasts."""
        with self._way.failures(), self._begin(self._way.read) as connection:
            yield Session(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction beside no other that writes, in any process: what it has read still holds when it commits.

        Committed when the block ends, rolled back when it raises.
        """
        yield from self._transaction(self._way.write)

    @contextmanager
    def guarded(self) -> Iterator[Session]:
        """A transaction beside others of its kind, and beside no ``write``: for the flow of work.

        The documents it reads stay as they are. Rows of the flow (executions, replicas, outbox, logs) may be changed
        by others at any time, unless this transaction holds them; so each change of one is a statement with a guard.
        """
        yield from self._transaction(self._way.guarded)

    def close(self) -> None:
        """Let go of every connection."""
        self._way.engine.dispose()

    def _transaction(self, words: str) -> Iterator[Session]:
        with self._way.failures(), self._way.turn, self._begin(words) as connection:
            session = Session(connection)
            yield session
            connection.commit()
        for hook in session.hooks:
            hook()

    def _begin(self, words: str) -> Connection:
        """A connection on which these words worked. One that broke while it lay in the pool is replaced, unnoticed."""
        connection = self._way.engine.connect()
        try:
            connection.exec_driver_sql(words)
        except DBAPIError as error:
            connection.close()
            if not error.connection_invalidated:
                raise
            connection = self._way.engine.connect()
            connection.exec_driver_sql(words)
        return connection


def open_store(where: str | Path) -> Store:
    """Open or create it, and bring its tables to this release. ``where``: the file of SQLite, or PostgreSQL's URL.

    Raises UsageError for what cannot be reached or used, and for a database that a later release has written.
    """
    way = sqlite.way(where) if isinstance(where, Path) else postgres.way(where)
    store = Store(way)
    try:
        schema.bring_up_to_date(way)
    except BaseException:
        store.close()
        raise
    return store
