"""From whatever tables there are to those of this release: the same result by every way, or a refusal in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from store_server import Server

from faas_agent.errors import UsageError
from faas_agent.ports.store import postgres, schema, sqlite, tables
from faas_agent.ports.store.store import open_store
from faas_agent.ports.store.way import Way

Place = str | Path
Shape = dict[str, tuple[Any, ...]]


@pytest.fixture
def way(place: Place) -> Any:
    way = _way(place)
    yield way
    way.engine.dispose()


def _way(place: Place) -> Way:
    return sqlite.way(place) if isinstance(place, Path) else postgres.way(place)


def _migrate(way: Way, step: Callable[..., None], revision: str) -> None:
    with way.engine.connect() as connection:
        connection.exec_driver_sql(way.write)
        step(schema.config(connection), revision)
        connection.commit()


def _shape(connection: Connection) -> Shape:
    """Every table: columns, primary key, indexes and constraints."""
    seen = inspect(connection)
    return {
        name: (
            [(one["name"], repr(one["type"]), one["nullable"], one["default"]) for one in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"] or "", i["column_names"], bool(i["unique"])) for i in seen.get_indexes(name)),
            sorted(tuple(one["column_names"]) for one in seen.get_unique_constraints(name)),
        )
        for name in sorted(seen.get_table_names())
    }


def _made_at_once(place: Place) -> Shape:
    open_store(place).close()
    way = _way(place)
    with way.engine.connect() as connection:
        shape = _shape(connection)
    way.engine.dispose()
    return shape


@pytest.fixture
def at_once(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Shape:
    """What a new database of the same kind looks like."""
    other = tmp_path / "new.db" if isinstance(place, Path) else request.getfixturevalue("new_schema")()
    return _made_at_once(other)


def test_the_migrations_make_what_a_new_database_is_made_of(way: Way, at_once: Shape) -> None:
    _migrate(way, command.upgrade, "head")
    with way.engine.connect() as connection:
        assert _shape(connection) == at_once
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []


def test_every_migration_can_be_taken_back_and_made_again(way: Way, at_once: Shape) -> None:
    _migrate(way, command.upgrade, "head")
    _migrate(way, command.downgrade, "base")
    with way.engine.connect() as connection:
        assert set(_shape(connection)) == {"alembic_version"}
    _migrate(way, command.upgrade, "head")
    with way.engine.connect() as connection:
        assert _shape(connection) == at_once


def test_the_number_in_the_code_is_that_of_the_last_migration(way: Way) -> None:
    with way.engine.connect() as connection:
        assert ScriptDirectory.from_config(schema.config(connection)).get_heads() == [schema.HEAD]


@pytest.mark.parametrize("whole", [False, True], ids=["of the first release", "with the tables added since"])
def test_a_database_from_before_migrations_is_adopted_with_all_in_it(
    place: Place, way: Way, at_once: Shape, whole: bool
) -> None:
    _migrate(way, command.upgrade, "0001")
    with way.engine.connect() as connection:
        connection.exec_driver_sql(way.write)
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("INSERT INTO meta VALUES ('schema', '1')"))
        connection.execute(text("INSERT INTO orgs (id, name, doc) VALUES ('o', 'ours', '{\"id\": \"o\"}')"))
        if whole:
            connection.execute(
                text(
                    "CREATE TABLE schedules (trigger_id TEXT NOT NULL PRIMARY KEY, since FLOAT NOT NULL, next_at FLOAT)"
                )
            )
            connection.execute(text("CREATE INDEX ix_schedules_next_at ON schedules (next_at)"))
        connection.commit()
    store = open_store(place)
    with store.read() as session:
        assert session.documents(tables.ORGS).get("o") == {"id": "o"}
        found = _shape(session.connection)
    store.close()
    assert {name: found[name] for name in found if name != "schedules"} == {
        name: at_once[name] for name in at_once if name != "schedules"
    }
    assert "schedules" in found


def test_a_database_of_a_later_release_is_refused_in_words_and_left_alone(place: Place, way: Way) -> None:
    open_store(place).close()
    with way.engine.connect() as connection:
        connection.exec_driver_sql(way.write)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(UsageError, match=r"schema 9999, this release knows \d{4}: use a newer one"):
        open_store(place)
    with way.engine.connect() as connection:
        assert schema.version(connection) == "9999"


def test_tables_of_somebody_else_are_refused_and_nothing_is_added(place: Place, way: Way) -> None:
    with way.engine.connect() as connection:
        connection.exec_driver_sql(way.write)
        connection.execute(text("CREATE TABLE users (name TEXT)"))
        connection.commit()
    with pytest.raises(UsageError, match="users"):
        open_store(place)
    with way.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["users"]


def test_of_servers_that_start_at_once_one_creates_the_tables(place: Place) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(open_store, [place] * 6))
    with stores[0].read() as session:
        assert schema.version(session.connection) == schema.HEAD
    for store in stores:
        store.close()


def test_of_servers_that_start_at_once_one_migrates(place: Place, way: Way) -> None:
    _migrate(way, command.upgrade, "0001")
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(open_store, [place] * 4))
    with stores[0].read() as session:
        assert schema.version(session.connection) == schema.HEAD
    for store in stores:
        store.close()


def test_a_start_without_a_migration_does_not_import_alembic(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from faas_agent.ports.store.store import open_store\n"
        "for _ in range(2): open_store(Path(sys.argv[1])).close()\n"
        "print(sorted({'alembic', 'psycopg', 'mako'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "faas.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h:no-port/d",
        "postgresql://u:hun@ter2@h/d",
        "postgresql://u:hunter2@h",
        "hunter2",
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgresql://u@127.0.0.1:1/d?password=hunter2",
        "postgresql://u@127.0.0.1:1/d?nonsense=hunter2",
    ],
)
def test_a_url_that_does_not_work_is_refused_without_showing_what_is_secret_in_it(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_store(url)
    assert "database" in refused.value.message
    assert not any(secret in refused.value.message for secret in ("hunter2", "ter2", "hun@"))


def test_a_database_that_cannot_hold_every_text_is_refused(server: Server) -> None:
    admin = create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        with pytest.raises(UsageError, match="encoding LATIN1: create it with ENCODING 'UTF8'"):
            open_store(server.url.replace("/postgres?", "/narrow?"))
        connection.execute(text("DROP DATABASE narrow"))
    admin.dispose()


def test_nothing_but_ours_is_counted_as_a_table(place: Place) -> None:
    assert set(_made_at_once(place)) == {*tables.METADATA.tables, "alembic_version"}
