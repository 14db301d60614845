"""The outbox: wake-ups that are owed. Written with the execution, deleted when the broker has them (DESIGN 3)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import delete, select

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import OUTBOX


@dataclass(frozen=True, slots=True)
class Owed:
    """A group of wake-ups: the rows to delete and the ids by service."""

    rows: tuple[int, ...]
    by_service: dict[str, list[str]]


def owed(session: Session, limit: int = 1000) -> Owed:
    """The oldest wake-ups that have not been published."""
    by_service = defaultdict[str, list[str]](list)
    rows = session.connection.execute(select(OUTBOX).order_by(OUTBOX.c.id).limit(limit)).all()
    for row in rows:
        by_service[row.service_id].append(row.execution_id)
    return Owed(tuple(row.id for row in rows), dict(by_service))


def paid(session: Session, group: Owed) -> None:
    """The broker has them."""
    session.connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(group.rows)))
