"""PostgreSQL 14 or newer, through psycopg: for platforms of more than one process.

Enters: a URL. Leaves: the way to speak to it, with every failure in our words. A transaction is READ COMMITTED under a
lock that one ``write`` holds alone and any number of ``guarded`` share; a read is REPEATABLE READ. Nothing here ever
shows the password, nor any other part of a URL that may hold it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import structlog
from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from faas_agent.errors import BadRequest, Unavailable, UsageError
from faas_agent.ports.store.way import Way

LOG = structlog.get_logger("store")
OLDEST = 14
_LOCK = "(hashtextextended(current_schema() || ' writers', 0))"
_PATIENCE = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '5min'; SET TIME ZONE 'UTC'"
_DEFAULTS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "20000",  # ms without an answer until a connection is known to be dead
    "keepalives_idle": "30",
    "application_name": "faas",
}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def way(url: str) -> Way:
    """Raises UsageError for what is no such URL. Nothing is opened yet."""
    parsed = _parsed(url)
    defaults = {name: value for name, value in _DEFAULTS.items() if name not in parsed.query}
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",  # the driver begins nothing: a transaction is begun in the words below
        json_serializer=_dumps,
        pool_size=20,
        max_overflow=30,
        connect_args=defaults,
    )
    event.listen(engine, "connect", _prepare)
    return Way(
        engine,
        read="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        write=f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock{_LOCK}",
        guarded=f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock_shared{_LOCK}",
        turn=nullcontext(),
        failures=_failures,
    )


def _parsed(url: str) -> URL:
    shape = "postgresql://user:password@host:port/database, with % escapes for special characters in the password"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(f"--database-url cannot be read: it has the form {shape}") from None
    if parsed.drivername not in ("postgresql", "postgres"):
        raise UsageError(f"--database-url is of an unknown kind: it has the form {shape}")
    if "@" in (parsed.host or "") or not parsed.database:
        raise UsageError(f"--database-url has no database, or a password with an unescaped character: use {shape}")
    return parsed


def _prepare(raw: Any, _record: object) -> None:
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - only who uses PostgreSQL pays for its driver

    class Storable(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(_storable(obj))

    try:
        _refuse_unfit(raw.info.server_version // 10000, raw.info.parameter_status("server_encoding"))
    except UsageError:
        raw.close()
        raise
    raw.adapters.register_dumper(str, Storable)
    raw.execute(_PATIENCE)


def _refuse_unfit(major: int, encoding: str) -> None:
    if major < OLDEST:
        raise UsageError(f"the database is PostgreSQL {major}: {OLDEST} or newer is needed")
    if encoding != "UTF8":
        raise UsageError(f"the database has the encoding {encoding}: create it with ENCODING 'UTF8'")


@contextmanager
def _failures() -> Iterator[None]:
    """A server that is away, hangs up or lets us wait too long is Unavailable: what was sent may hold or not.

    A value that it cannot keep is the caller's fault.
    """
    try:
        yield
    except DataError as error:
        raise BadRequest(f"a value cannot be stored: {first_line(error)}") from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        LOG.warning("the database does not answer", why=first_line(error))
        raise Unavailable("the database does not answer right now: try again") from error


def first_line(error: Exception) -> str:
    """What the server or the driver said, without our statement and its values."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _dumps(value: object) -> str:
    """JSON that ``jsonb`` takes. What user code returns may hold anything that Python's JSON does."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_clean(value), ensure_ascii=False)
    if "\\u0000" in text or _UNSTORABLE.search(text):
        return json.dumps(_clean(value), ensure_ascii=False)
    return text


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _storable(value)
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [_clean(one) for one in value]
        case dict():
            return {_storable(str(key)): _clean(one) for key, one in value.items()}
    return value


def _storable(text: str) -> str:
    """NUL and halves of surrogate pairs have no place in PostgreSQL; documents with them are refused before."""
    return _UNSTORABLE.sub("\ufffd", text) if _UNSTORABLE.search(text) else text
