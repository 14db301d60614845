"""Which cron triggers are due. Thousands that are not cost one look into an index.

Called by ``control/triggers/schedule`` in its transaction. That a time fires once is kept by ``events.first_firing``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import FIRINGS, SCHEDULES

C = SCHEDULES.c


@dataclass(frozen=True, slots=True)
class Due:
    """A trigger whose time has come. ``since``: its times up to then are dealt with."""

    trigger_id: str
    since: float


def put(session: Session, trigger_id: str, since: float, next_at: float | None) -> None:
    """Its times count after ``since``; look at it at ``next_at``."""
    values = {"since": since, "next_at": next_at}
    if not session.connection.execute(update(SCHEDULES).where(C.trigger_id == trigger_id).values(values)).rowcount:
        session.connection.execute(insert(SCHEDULES).values(trigger_id=trigger_id, **values))


def due(session: Session, now: float, limit: int) -> list[Due]:
    """The longest due first."""
    query = select(C.trigger_id, C.since).where(C.next_at <= now).order_by(C.next_at).limit(limit)
    return [Due(row.trigger_id, row.since) for row in session.connection.execute(query)]


def next_at(session: Session) -> float | None:
    """When the first one is due; None when none will be."""
    found: float | None = session.connection.scalar(select(func.min(C.next_at)))
    return found


def forget(session: Session, trigger_id: str) -> None:
    """A trigger that is not active, or gone."""
    session.connection.execute(delete(SCHEDULES).where(C.trigger_id == trigger_id))


def forget_fired(session: Session, trigger_id: str, before: str) -> None:
    """Firings of scheduled times that cannot come again, because the schedule only moves on."""
    earlier = (FIRINGS.c.trigger_id == trigger_id) & (FIRINGS.c.resource_id < before)
    session.connection.execute(delete(FIRINGS).where(earlier))
