"""Rows to put into a store."""

from __future__ import annotations

from typing import Any

from faas_agent.model.executions.execution import Entry, Row, entry, new_row
from faas_agent.model.executions.state import State
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session

AT = "2026-01-02T03:04:05.000Z"
PACKAGE = {"id": "package", "name": "package"}


def service(service_id: str = "service", project_id: str = "project", **more: Any) -> dict[str, Any]:
    known = {"id": service_id, "projectId": project_id, "packageId": "package", "name": service_id, "maxAttempts": 3}
    return known | {"version": "1.0.0", "moduleName": "m", "packageRevision": "1.0.0", "active": True} | more


def execution(number: int, of: dict[str, Any] | None = None, at: str = AT, **more: Any) -> Row:
    row = new_row(f"e{number:04d}", of or service(), PACKAGE, "run", {"n": number}, "me", at)
    return row | more


def said(state: State, at: str = AT) -> Entry:
    return entry(at, state)


def claim(
    session: Session, ids: list[str], replica: str = "r1", lease: float = 100.0, of: str = "service"
) -> list[Row]:
    return executions.claim(session, of, ids, replica, lease, said(State.IN_PROGRESS))
