"""An execution: the row that is kept and the entity that the wire shows (ENDPOINTS 16). Pure.

``attempts`` in a row numbers every start and fences reports; the wire's ``attempts`` is ``charged``: the starts that
count against ``maxAttempts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import State

TRIGGER_CREATOR = "piper@dataloop.ai"
"""Who made an execution that a trigger made; the SDK's callers look for this text."""

Row = dict[str, Any]
Entry = dict[str, Any]


def entry(
    at: str,
    status: State,
    percent: float | None = None,
    message: str | None = None,
    reason: Reason | None = None,
    traceback: str | None = None,
    output: object = None,
) -> Entry:
    """One line of an execution's status log."""
    found: Entry = {"timestamp": at, "status": status.value, "percentComplete": percent or 0}
    extra = {"message": message, "reason": reason and reason.value, "output": output}
    if status is not State.SUCCESS and reason is not None:
        extra |= {"error": message, "traceback": traceback or None}
    return found | {key: value for key, value in extra.items() if value is not None}


def new_row(
    execution_id: str,
    service: Mapping[str, Any],
    package: Mapping[str, Any],
    function_name: str,
    input_: Mapping[str, Any],
    creator: str,
    at: str,
    *,
    trigger_id: str | None = None,
    resources: Sequence[Mapping[str, str]] = (),
    event: Mapping[str, Any] | None = None,
) -> Row:
    """A waiting execution of that service's function."""
    created = entry(at, State.CREATED)
    return {
        "id": execution_id,
        "project_id": service["projectId"],
        "service_id": service["id"],
        "package_id": service["packageId"],
        "function_name": function_name,
        "trigger_id": trigger_id,
        "creator": creator,
        "created_at": at,
        "updated_at": at,
        "state": State.CREATED.value,
        "attempts": 0,
        "charged": 0,
        "max_attempts": service["maxAttempts"],
        "to_terminate": False,
        "latest": created,
        "output": None,
        "doc": {
            "input": dict(input_),
            "serviceName": service["name"],
            "serviceVersion": service["version"],
            "packageName": package["name"],
            "moduleName": service["moduleName"],
            "packageRevision": service["packageRevision"],
            "resources": [dict(resource) for resource in resources],
            "event": dict(event) if event else None,
        },
    }


def to_wire(row: Mapping[str, Any], log: Sequence[Entry]) -> dict[str, Any]:
    """The entity as the SDK reads it."""
    doc = row["doc"]
    return {
        "id": row["id"],
        "projectId": row["project_id"],
        "serviceId": row["service_id"],
        "serviceName": doc["serviceName"],
        "functionName": row["function_name"],
        "input": doc["input"],
        "output": row["output"],
        "creator": row["creator"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "attempts": row["charged"],
        "maxAttempts": row["max_attempts"],
        "toTerminate": row["to_terminate"],
        "triggerId": row["trigger_id"],
        "serviceVersion": doc["serviceVersion"],
        "packageId": row["package_id"],
        "packageName": doc["packageName"],
        "packageRevision": doc["packageRevision"],
        "latestStatus": row["latest"],
        "status": list(log),
        "statusLog": list(log),
        "reason": row["reason"],
        "duration": row["seconds"] or 0,
        "resources": doc["resources"],
        "event": doc["event"],
        "feedbackQueue": None,
        "syncReplyTo": doc.get("syncReplyTo"),
        "pipeline": None,
        "model": None,
        "driverId": None,
        "replicaId": row["replica_id"],
    }
