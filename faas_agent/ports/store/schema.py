"""Which revision the tables of a database are at, and the way to this release's (``migrations``).

Called once when a store is opened. One SELECT says that nothing is to be done, and Alembic is imported only when
something is. Whatever has to be done is done in one transaction that others wait for: it happens once, or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from faas_agent.errors import UsageError
from faas_agent.ports.store.postgres import first_line
from faas_agent.ports.store.tables import METADATA
from faas_agent.ports.store.way import Way

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The last of ``migrations/versions``; they are numbered, so a greater one is of a later release."""
_FIRST = "0001"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def bring_up_to_date(way: Way) -> None:
    """Create the tables, or change them to what this release knows. Raises UsageError for a later release's."""
    try:
        with way.engine.connect() as connection:
            connection.exec_driver_sql(way.read)
            if version(connection) == HEAD:
                return
        with way.turn, way.engine.connect() as connection:
            connection.exec_driver_sql(way.write)
            _change(connection)
            connection.commit()
    except DBAPIError as error:
        raise UsageError(f"the database cannot be used: {first_line(error)}") from error


def version(connection: Connection) -> str | None:
    """The revision the tables are at; None for none of ours."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(select(_VERSION.c.version_num))


def config(connection: Connection) -> Config:
    """Alembic's view of ``migrations``, for this connection and its transaction."""
    from alembic.config import Config  # noqa: PLC0415 - rarely needed, and a tenth of a second at every start

    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return made


def _change(connection: Connection) -> None:
    found = version(connection)
    if found is None and not inspect(connection).has_table("meta"):
        _create(connection)
        return
    if found is None:  # made before there were migrations: as the first one makes it
        _VERSION.create(connection)
        connection.execute(insert(_VERSION).values(version_num=_FIRST))
    elif found > HEAD:
        raise UsageError(f"the database has schema {found}, this release knows {HEAD}: use a newer one")
    if found != HEAD:
        from alembic import command  # noqa: PLC0415 - see above

        command.upgrade(config(connection), HEAD)


def _create(connection: Connection) -> None:
    """All at once what the migrations would do one by one. Fails on tables that are somebody else's."""
    METADATA.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(insert(_VERSION).values(version_num=HEAD))
