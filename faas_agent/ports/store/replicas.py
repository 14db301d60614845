"""Replicas as their agents report them, and what the controller remembers of a service's starts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import REPLICAS, SERVICE_STATUS

Row = dict[str, Any]


def add(session: Session, replica_id: str, service_id: str, version: str, now: float) -> None:
    """A replica that is about to be started."""
    session.connection.execute(
        insert(REPLICAS).values(
            id=replica_id,
            service_id=service_id,
            service_version=version,
            state="starting",
            phases={},
            created_at=now,
            seen_at=now,
        )
    )


def get(session: Session, replica_id: str) -> Row | None:
    """One replica, or None."""
    row = session.connection.execute(select(REPLICAS).where(REPLICAS.c.id == replica_id)).mappings().first()
    return dict(row) if row else None


def change(session: Session, replica_id: str, **values: Any) -> bool:
    """Change what is known of a replica; False when it is gone."""
    where = REPLICAS.c.id == replica_id
    return bool(session.connection.execute(update(REPLICAS).where(where).values(**values)).rowcount)


def remove(session: Session, replica_id: str) -> None:
    """A replica that has ended."""
    session.connection.execute(delete(REPLICAS).where(REPLICAS.c.id == replica_id))


def all_of(session: Session, service_id: str | None = None) -> list[Row]:
    """Every replica, or those of a service, oldest first."""
    query = select(REPLICAS).order_by(REPLICAS.c.created_at, REPLICAS.c.id)
    if service_id is not None:
        query = query.where(REPLICAS.c.service_id == service_id)
    return [dict(row) for row in session.connection.execute(query).mappings()]


def status(session: Session, service_id: str) -> Row | None:
    """What is remembered of a service's failed starts; None when nothing is."""
    query = select(SERVICE_STATUS).where(SERVICE_STATUS.c.service_id == service_id)
    row = session.connection.execute(query).mappings().first()
    return dict(row) if row else None


def statuses(session: Session) -> dict[str, Row]:
    """The same for every service that has something remembered."""
    return {row["service_id"]: dict(row) for row in session.connection.execute(select(SERVICE_STATUS)).mappings()}


def set_status(session: Session, service_id: str, **values: Any) -> None:
    """Remember this of a service instead of what was."""
    forget_status(session, service_id)
    session.connection.execute(insert(SERVICE_STATUS).values(service_id=service_id, **values))


def forget_status(session: Session, service_id: str) -> None:
    """The service starts with a clean slate."""
    session.connection.execute(delete(SERVICE_STATUS).where(SERVICE_STATUS.c.service_id == service_id))
