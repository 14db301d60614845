"""The sealed values of integrations, apart from everything that is ever sent. Called by ``control/secrets.py`` only."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SECRETS


def put(session: Session, integration_id: str, sealed: bytes) -> None:
    """In place of any before."""
    remove(session, integration_id)
    session.connection.execute(insert(SECRETS).values(integration_id=integration_id, sealed=sealed))


def get(session: Session, integration_id: str) -> bytes | None:
    """What is kept."""
    return session.connection.scalar(select(SECRETS.c.sealed).where(SECRETS.c.integration_id == integration_id))


def remove(session: Session, integration_id: str) -> None:
    """Nothing is kept any more."""
    session.connection.execute(delete(SECRETS).where(SECRETS.c.integration_id == integration_id))
