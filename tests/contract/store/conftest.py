"""Databases for the store's contract: SQLite, and PostgreSQL wherever its server is installed.

``FAAS_TEST_POSTGRES`` names a server to use instead of one of our own. In CI its absence is a failure, not a skip.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from store_server import Server, find_binaries

from faas_agent.ports.store.store import Store, open_store

DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A cluster of this session's own, which a test may stop and start."""
    binaries = find_binaries()
    if binaries is None:
        why = "PostgreSQL is not installed: apt-get install postgresql, or set FAAS_TEST_POSTGRES"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    server = Server(binaries)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A database in which every test makes a schema of its own."""
    given = os.environ.get("FAAS_TEST_POSTGRES")
    return given or request.getfixturevalue("server").url


@pytest.fixture
def new_schema(postgres_url: str) -> Iterator[Callable[[], str]]:
    """URLs of places in PostgreSQL that are empty."""
    with _schemas(postgres_url) as make:
        yield make


@pytest.fixture(scope="module")
def module_schema(postgres_url: str) -> Iterator[str]:
    """One such place for a whole module."""
    with _schemas(postgres_url) as make:
        yield make()


@pytest.fixture
def schema_of_server(server: Server) -> Iterator[str]:
    """One on the server that a test may stop."""
    with _schemas(server.url) as make:
        yield make()


@contextmanager
def _schemas(postgres_url: str) -> Iterator[Callable[[], str]]:
    made: list[str] = []
    engine = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {made[-1]}"))
        url = make_url(postgres_url).update_query_dict({"options": f"-csearch_path={made[-1]}"})
        return url.render_as_string(hide_password=False)

    yield make
    engine.dispose()  # a test may have restarted the server
    with engine.connect() as connection:
        for schema in made:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a store may be opened; nothing is there yet."""
    if request.param == "sqlite":
        return tmp_path / "faas.db"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


@pytest.fixture
def store(place: str | Path) -> Iterator[Store]:
    """An empty store."""
    store = open_store(place)
    yield store
    store.close()


@pytest.fixture(scope="module", params=DATABASES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database of this module's own, without our tables."""
    if request.param == "sqlite":
        engine = create_engine("sqlite://")
        yield engine
        engine.dispose()
        return
    schema = f"test_{uuid.uuid4().hex}"
    url = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args={"options": f"-csearch_path={schema}"})
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield engine
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction that leaves nothing behind."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()
