"""The row of an execution and the entity that the SDK reads (ENDPOINTS 16)."""

from __future__ import annotations

from typing import Any

from faas_agent.model.executions.execution import entry, new_row, to_wire
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import State

AT = "2026-01-31T12:00:00.000Z"
SERVICE: dict[str, Any] = {
    "id": "s" * 24,
    "projectId": "project",
    "packageId": "package",
    "name": "service",
    "version": "1.0.4",
    "packageRevision": "1.0.2",
    "moduleName": "default_module",
    "maxAttempts": 3,
}
FIELDS = {
    "id", "projectId", "serviceId", "functionName", "input", "output", "creator", "createdAt", "updatedAt", "attempts",
    "maxAttempts", "toTerminate", "triggerId", "serviceVersion", "packageId", "packageName", "packageRevision",
    "latestStatus", "status", "statusLog", "duration", "feedbackQueue", "syncReplyTo", "pipeline", "model", "driverId",
    "resources",
}  # fmt: skip


def row(**more: Any) -> dict[str, Any]:
    """A new one, with the columns that the store fills in."""
    made = new_row("e" * 24, SERVICE, {"name": "package"}, "run", {"a": 1}, "me@example.com", AT, **more)
    return made | {"reason": None, "seconds": None, "replica_id": None}


def test_a_new_execution_waits_and_has_every_field_of_the_wire() -> None:
    made = row()
    wire = to_wire(made, [made["latest"]])
    assert set(wire) >= FIELDS
    assert wire["latestStatus"] == {"timestamp": AT, "status": "created", "percentComplete": 0}
    assert (wire["attempts"], wire["maxAttempts"], wire["toTerminate"]) == (0, 3, False)
    assert (wire["serviceVersion"], wire["packageRevision"]) == ("1.0.4", "1.0.2")
    assert wire["status"] == wire["statusLog"] == [made["latest"]]


def test_the_attempts_of_the_wire_are_those_that_count() -> None:
    assert to_wire(row() | {"attempts": 5, "charged": 2}, [])["attempts"] == 2


def test_the_logs_of_the_wire_are_the_callers_own() -> None:
    log = [entry(AT, State.CREATED)]
    wire = to_wire(row(), log)
    wire["status"].clear()
    assert len(wire["statusLog"]) == len(log) == 1


def test_an_entry_of_a_failure_says_why_and_where() -> None:
    failed = entry(AT, State.FAILED, 40, "too hot", Reason.ERROR, "Traceback ...")
    assert failed == {
        "timestamp": AT,
        "status": "failed",
        "percentComplete": 40,
        "message": "too hot",
        "reason": "error",
        "error": "too hot",
        "traceback": "Traceback ...",
    }


def test_an_entry_holds_no_empty_words() -> None:
    assert entry(AT, State.SUCCESS, 100, output=0) == {
        "timestamp": AT,
        "status": "success",
        "percentComplete": 100,
        "output": 0,
    }
