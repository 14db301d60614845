"""Lines of functions and replicas, in the order they arrived; read by page with an id as the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import LOGS

_LAST = 2**63 - 1
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines. Times in seconds; ``after`` is the id of the last line that was seen."""

    service_id: str
    after: int = 0
    start: float | None = None
    end: float | None = None
    text: str | None = None
    execution_ids: tuple[str, ...] = ()
    function_name: str | None = None
    replica_id: str | None = None
    level: str | None = None
    system: bool = False
    size: int = 1000


def append(session: Session, service_id: str, replica_id: str, lines: Sequence[dict[str, Any]]) -> None:
    """Lines of one replica: ``at``, ``message``, ``level``, and of an execution ``execution_id``, ``function_name``."""
    if lines:
        session.take_turn(f"logs of {service_id}")  # whoever follows by id must find no smaller one later
        rows = [{"service_id": service_id, "replica_id": replica_id, **line} for line in lines]
        session.connection.execute(insert(LOGS), rows)


def page(session: Session, query: LogQuery) -> list[dict[str, Any]]:
    """The next lines that match, oldest first."""
    c = LOGS.c
    where = [c.service_id == query.service_id, c.id > min(query.after, _LAST)]
    where += [c.at >= query.start] if query.start is not None else []
    where += [c.at <= query.end] if query.end is not None else []
    where += [c.message.icontains(query.text, autoescape=True)] if query.text else []
    where += [c.execution_id.in_(query.execution_ids)] if query.execution_ids else []
    where += [c.function_name == query.function_name] if query.function_name else []
    where += [c.replica_id == query.replica_id] if query.replica_id else []
    where += [c.level.in_(LEVELS[LEVELS.index(query.level) :])] if query.level in LEVELS else []
    where += [] if query.system else [~c.system]
    rows = session.connection.execute(select(LOGS).where(*where).order_by(c.id).limit(query.size)).mappings()
    return [dict(row) for row in rows]


def delete_of_service(session: Session, service_id: str) -> None:
    """All of a service's lines."""
    session.connection.execute(delete(LOGS).where(LOGS.c.service_id == service_id))
