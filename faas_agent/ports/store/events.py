"""What happened and has not been dealt with, and which trigger fired on which resource, or for which time, already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EVENTS, FIRINGS, SCHEDULES


def pending(session: Session, limit: int) -> list[dict[str, Any]]:
    """The oldest events."""
    query = select(EVENTS).order_by(EVENTS.c.id).limit(limit)
    return [dict(row) for row in session.connection.execute(query).mappings()]


def done(session: Session, group: Sequence[dict[str, Any]]) -> None:
    """These have met every trigger."""
    session.connection.execute(delete(EVENTS).where(EVENTS.c.id.in_([event["id"] for event in group])))


def delete_of_project(session: Session, project_id: str) -> None:
    """A project that goes: nobody is left to be told."""
    session.connection.execute(delete(EVENTS).where(EVENTS.c.project_id == project_id))


def first_firing(session: Session, trigger_id: str, resource_id: str, execution_id: str) -> bool:
    """True once for each (trigger, resource), where the scheduled time of a cron trigger is its resource."""
    dialect = sqlite if session.one_writer else postgresql
    row = dialect.insert(FIRINGS).values(trigger_id=trigger_id, resource_id=resource_id, execution_id=execution_id)
    # the row itself is the answer: drivers differ in what they count for one that was not written
    written = row.on_conflict_do_nothing().returning(FIRINGS.c.execution_id)
    return session.connection.scalar(written) is not None


def forget_trigger(session: Session, trigger_id: str) -> None:
    """A trigger that is deleted."""
    session.connection.execute(delete(FIRINGS).where(FIRINGS.c.trigger_id == trigger_id))
    session.connection.execute(delete(SCHEDULES).where(SCHEDULES.c.trigger_id == trigger_id))
