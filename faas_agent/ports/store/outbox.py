"""The outbox: wake-ups that are owed. Written with the execution, deleted when the broker has them (DESIGN 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import OUTBOX


@dataclass(frozen=True, slots=True)
class Owed:
    """A group of wake-ups: the rows to delete and the ids by service."""

    rows: tuple[int, ...]
    by_service: dict[str, list[str]]


def owed(session: Session, limit: int = 1000, published: Collection[int] = ()) -> Owed:
    """The oldest wake-ups, but for the rows that are published already."""
    by_service = defaultdict[str, list[str]](list)
    query = select(OUTBOX).order_by(OUTBOX.c.id).limit(limit + len(published))
    rows = [row for row in session.connection.execute(query) if row.id not in published]
    for row in rows:
        by_service[row.service_id].append(row.execution_id)
    return Owed(tuple(row.id for row in rows), dict(by_service))


def paid(session: Session, rows: Collection[int]) -> None:
    """The broker has them."""
    session.connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(rows)))
