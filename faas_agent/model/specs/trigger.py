"""A trigger: what happens, under which filter, and what is called (ENDPOINTS 17). Pure.

Enters: the JSON of a trigger. Leaves: the same with defaults. Raises BadRequest naming the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import parse_filter

_CHANGES = ("Created", "Updated", "Deleted")
ACTIONS: dict[str, tuple[str, ...]] = {
    "Dataset": (*_CHANGES, "Clone"),
    "Item": (*_CHANGES, "Clone"),
    "Annotation": _CHANGES,
    "ItemStatus": (*_CHANGES, "TaskAssigned", "statusChanged"),
    "Task": (*_CHANGES, "statusChanged", "itemAssigned"),
    "Assignment": (*_CHANGES, "statusChanged", "itemAssigned"),
    "Model": (*_CHANGES, "statusChanged"),
    "Execution": (*_CHANGES, "statusChanged"),
}
MODES = ("Once", "Always")
OPERATIONS = ("function", "webhook", "rabbitmq", "pipeline")


def check_trigger(body: Mapping[str, Any]) -> dict[str, Any]:
    """``type``, ``active`` and ``spec`` of a trigger, complete."""
    kind, spec = body.get("type") or "Event", body.get("spec")
    if not isinstance(spec, Mapping):
        raise BadRequest("spec: an object is needed")
    if kind not in ("Event", "Cron"):
        raise BadRequest(f"type: 'Event' or 'Cron', not {kind!r}")
    operation = spec.get("operation")
    if not isinstance(operation, Mapping) or operation.get("type") not in OPERATIONS:
        raise BadRequest(f"spec.operation.type: one of {', '.join(OPERATIONS)}")
    if not isinstance(spec.get("input") or {}, Mapping):
        raise BadRequest("spec.input: an object by parameter name is needed")
    if kind == "Cron":
        return {"type": kind, "active": _active(body), "spec": _cron(spec)}
    return {"type": kind, "active": _active(body), "spec": _event(spec)}


def input_for(function: Mapping[str, Any], resource: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """What the function gets of the entity that fired: under its input of that type, else under the resource's name."""
    for parameter in function.get("input") or []:
        if parameter["type"] == resource:
            return {parameter["name"]: reference(resource, entity)}
    return {}


def reference(resource: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of the wire: ids, not the entity."""
    own = {f"{resource.lower()}_id": entity["id"]}
    related = {"item_id": entity.get("itemId"), "dataset_id": entity.get("datasetId")}
    return own | {key: value for key, value in related.items() if value is not None and key not in own}


def _event(spec: Mapping[str, Any]) -> dict[str, Any]:
    if "cron" in spec:
        raise BadRequest("spec.cron: an event trigger has no cron; use type 'Cron', or leave it out")
    resource = spec.get("resource") or "Item"
    if resource not in ACTIONS:
        raise BadRequest(f"spec.resource: {resource!r} is not one of {', '.join(ACTIONS)}")
    actions = spec.get("actions") or ["Created"]
    for action in [actions] if isinstance(actions, str) else actions:
        if action not in ACTIONS[resource]:
            raise BadRequest(
                f"Received an unsupported action type as input, type: {action} for resource type: {resource}"
            )
    mode = spec.get("executionMode") or "Once"
    if mode not in MODES:
        raise BadRequest(f"spec.executionMode: 'Once' or 'Always', not {mode!r}")
    parse_filter(spec.get("filter"))
    return {
        **spec,
        "filter": spec.get("filter") or {},
        "resource": resource,
        "actions": [actions] if isinstance(actions, str) else list(actions),
        "executionMode": mode,
    }


def _cron(spec: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("filter", "resource", "actions", "executionMode"):
        if spec.get(name):
            raise BadRequest(f"spec.{name}: a cron trigger has none; use type 'Event', or leave it out")
    if not isinstance(spec.get("cron"), str) or not spec["cron"].strip():
        raise BadRequest("spec.cron: an expression of five fields is needed, such as '0 2 * * *'")
    return dict(spec)


def _active(body: Mapping[str, Any]) -> bool:
    active = body.get("active", True)
    if active is None:
        return True
    if not isinstance(active, bool):
        raise BadRequest(f"active: true or false, not {active!r}")
    return active
