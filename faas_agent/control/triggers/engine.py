"""From events to executions: every event meets every trigger of its project, once.

Enters: event rows, written with the change they are about. Leaves: executions, and the event rows gone, in one
transaction, so that an event is neither lost nor fired twice. ``Once`` is kept by a unique row, not by memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from faas_agent.control import revisions
from faas_agent.control.dispatch.create import create, prepare
from faas_agent.control.platform import Platform
from faas_agent.errors import FaasError
from faas_agent.model.executions.execution import TRIGGER_CREATOR, Row
from faas_agent.model.specs.filters import And, Compare, Filter, Op, Or, matches, parse_filter
from faas_agent.model.specs.package import find_function, find_module
from faas_agent.model.specs.trigger import input_for
from faas_agent.ports.store import events, logs
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICES, TRIGGERS

LOG = structlog.get_logger("triggers")
GROUP = 50


def fire_pending(platform: Platform) -> int:
    """Deal with every event there is. Returns how many executions were created."""
    fired = 0
    while True:
        with platform.store.read() as session:
            if not events.pending(session, 1):
                return fired
        with platform.store.write() as session:
            group = events.pending(session, GROUP)
            fired += sum(_meet(session, platform, event) for event in group)
            events.done(session, group)


def _meet(session: Session, platform: Platform, event: Mapping[str, Any]) -> int:
    triggers = session.documents(TRIGGERS).find(project_id=event["project_id"], type="Event", active=True)
    return sum(_fire(session, platform, trigger, event) for trigger in triggers if applies(trigger["spec"], event))


def applies(spec: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event is one the trigger waits for. Hidden items only where the filter says so (ENDPOINTS 17)."""
    if spec["resource"] != event["resource"] or event["action"] not in spec["actions"]:
        return False
    wanted = parse_filter(spec["filter"])
    if event["body"].get("hidden") and not asks_for_hidden(wanted):
        return False
    return matches(wanted, event["body"])


def asks_for_hidden(wanted: Filter) -> bool:
    """Whether a condition of the filter is ``hidden: true``."""
    match wanted:
        case And(parts) | Or(parts):
            return any(asks_for_hidden(part) for part in parts)
        case Compare(path, op, value):
            return path == ("hidden",) and op is Op.IN and isinstance(value, tuple) and True in value


def _fire(session: Session, platform: Platform, trigger: Mapping[str, Any], event: Mapping[str, Any]) -> int:
    """One trigger on one event: 1 when it created an execution. A trigger that cannot fire stops no other."""
    service = session.documents(SERVICES).get(trigger["spec"]["operation"].get("serviceId") or "")
    if service is None or not service["active"]:
        return 0
    try:
        row = _execution(session, platform, service, trigger, event)
    except FaasError as error:
        LOG.warning("trigger did not fire", trigger=trigger["id"], resource=event["resource_id"], why=error.message)
        _tell(session, platform, service, trigger, event, error.message)
        return 0
    once = trigger["spec"]["executionMode"] == "Once"
    if once and not events.first_firing(session, trigger["id"], event["resource_id"], row["id"]):
        return 0
    create(session, platform, [row])
    return 1


def _execution(
    session: Session,
    platform: Platform,
    service: Mapping[str, Any],
    trigger: Mapping[str, Any],
    event: Mapping[str, Any],
) -> Row:
    """The row to create. Raises FaasError when the function cannot be called with what the event has."""
    spec = trigger["spec"]
    package = revisions.of_service(session, service)
    name = spec["operation"].get("functionName") or "run"
    function = find_function(find_module(package, service["moduleName"]), name)
    return prepare(
        platform,
        service,
        package,
        name,
        {**(spec.get("input") or {}), **input_for(function, event["resource"], event["body"])},
        TRIGGER_CREATOR,
        trigger_id=trigger["id"],
        resources=[{"id": event["resource_id"], "type": event["resource"]}],
        event=_context(event),
    )


def _tell(
    session: Session,
    platform: Platform,
    service: Mapping[str, Any],
    trigger: Mapping[str, Any],
    event: Mapping[str, Any],
    why: str,
) -> None:
    """Whoever looks for the missing execution looks into the service's log."""
    text = f"The trigger {trigger['name']!r} did not fire for {event['resource']} {event['resource_id']}: {why}"
    logs.append(session, service["id"], "", [{"at": platform.clock(), "level": "WARNING", "message": text}])


def _context(event: Mapping[str, Any]) -> dict[str, Any]:
    """What ``context.event`` shows of it in the function."""
    return {
        "resource": event["resource"],
        "action": event["action"],
        "resourceId": event["resource_id"],
        "projectId": event["project_id"],
        "datasetId": event["body"].get("datasetId"),
        "userId": event["body"].get("updatedBy") or event["body"].get("creator"),
    }
