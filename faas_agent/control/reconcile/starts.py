"""How a service's starts went: failures are counted, told to whoever waits, and not repeated in a silent loop.

A failure of the code (an import error, a wrong class) holds that version until the service changes. One that may pass
(an index that did not answer) is tried again, with growing pauses. Either way every waiting execution hears the reason.
"""

from __future__ import annotations

from typing import Any

import structlog

from faas_agent.control.dispatch import rollout
from faas_agent.control.platform import Platform
from faas_agent.model.executions.execution import entry
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import State
from faas_agent.ports.store import executions, replicas
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EXECUTIONS

LOG = structlog.get_logger("reconcile")
MAY_PASS = frozenset({Reason.INSTALL_FAILED, Reason.NO_CODEBASE, Reason.START_TIMEOUT, Reason.REPLICA_LOST})
TRIES = 2
"""Starts of the kind that may pass before those who wait are told."""
FOR_GOOD = 1e15
"""Seconds: until the service changes."""


def failed(session: Session, platform: Platform, service_id: str, version: str, reason: Reason, message: str) -> None:
    """A replica of that version could not start."""
    before = replicas.status(session, service_id)
    failures = (before["failures"] if before and before["version"] == version else 0) + 1
    passing = reason in MAY_PASS
    pause = min(2.0**failures, 300.0) if passing else FOR_GOOD
    LOG.warning("start failed", service=service_id, version=version, reason=reason, failures=failures, text=message)
    replicas.set_status(
        session,
        service_id,
        version=version,
        failures=failures,
        reason=reason.value,
        message=message,
        not_before=platform.clock() + pause,
    )
    rollout.wake_waiting(session, platform, service_id)
    session.after_commit(platform.signals.reconcile.set)


def ready(session: Session, service_id: str) -> None:
    """A replica of the service serves: whatever failed before is over."""
    replicas.forget_status(session, service_id)


def is_held(status: dict[str, Any] | None, version: str, now: float) -> bool:
    """Whether that version must not be started now."""
    return status is not None and status["version"] == version and now < float(status["not_before"])


def tells_waiting(status: dict[str, Any] | None, version: str) -> bool:
    """Whether those who wait for that version should hear why it does not start."""
    if status is None or status["version"] != version:
        return False
    return bool(status["not_before"] >= FOR_GOOD or status["failures"] >= TRIES)


def end_waiting(session: Session, platform: Platform, service_id: str, status: dict[str, Any]) -> int:
    """Fail what waits for a service that cannot start, with the reason and what to do. Returns how many."""
    reason = Reason(status["reason"])
    message = f"The service cannot start ({reason}): {status['message']} Fix it and update or restart the service."
    latest = entry(platform.now(), State.FAILED, message=message, reason=reason)
    rows = executions.end_waiting(
        session,
        EXECUTIONS.c.service_id == service_id,
        State.FAILED,
        latest=latest,
        reason=reason.value,
        updated_at=latest["timestamp"],
    )
    executions.note(session, [(row["id"], row["attempts"], latest) for row in rows])
    return len(rows)
