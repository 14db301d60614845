"""A trigger: what happens, under which filter, and what is called (ENDPOINTS 17). Pure.

Enters: the JSON of a trigger. Leaves: the same with defaults. Raises BadRequest naming the field. Whether the function
exists is for the API to say; whether it can be called with what the event has is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import parse_filter
from faas_agent.model.specs.inputs import check_input
from faas_agent.model.specs.schedule import DEFAULTS, check_schedule
from faas_agent.model.specs.values import show

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
ENTITY_OF = {"ItemStatus": "Item"}
"""Whose id an event carries, where that is not the resource itself."""


def check_trigger(body: Mapping[str, Any]) -> dict[str, Any]:
    """``type``, ``active`` and ``spec`` of a trigger, complete."""
    kind, spec = body.get("type") or "Event", body.get("spec")
    if not isinstance(spec, Mapping):
        raise BadRequest("spec: an object is needed")
    if kind not in ("Event", "Cron"):
        raise BadRequest(f"type: 'Event' or 'Cron', not {show(kind)}")
    _check_operation(spec.get("operation"))
    if not isinstance(spec.get("input") or {}, Mapping):
        raise BadRequest("spec.input: an object by parameter name is needed")
    return {"type": kind, "active": _active(body), "spec": _cron(spec) if kind == "Cron" else _event(spec)}


def check_call(spec: Mapping[str, Any], function: Mapping[str, Any]) -> None:
    """Whether the function takes what ``spec.input`` gives it. Raises BadRequest.

    What it does not give may come with a later revision of the package; an event without it says so in the log.
    """
    lenient = {**function, "input": [{**one, "mandatory": False} for one in function.get("input") or []]}
    try:
        check_input(lenient, spec.get("input"))
    except BadRequest as error:
        raise BadRequest(f"spec.{error.message}") from None


def input_for(function: Mapping[str, Any], resource: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """What the function gets of the entity that fired: in its input of that type, else in the one of that name."""
    kind = ENTITY_OF.get(resource, resource)
    inputs = function.get("input") or []
    fitting = [one["name"] for one in inputs if one["type"] == kind]
    named = [one["name"] for one in inputs if one["name"] == kind.lower()]
    chosen = next((name for name in named if name in fitting), None) or next(iter(fitting + named), None)
    return {} if chosen is None else {chosen: reference(kind, entity)}


def reference(resource: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of the wire: ids, not the entity."""
    own = {f"{resource.lower()}_id": entity["id"]}
    related = {"item_id": entity.get("itemId"), "dataset_id": entity.get("datasetId")}
    return own | {key: value for key, value in related.items() if value is not None and key not in own}


def _check_operation(operation: object) -> None:
    if not isinstance(operation, Mapping) or operation.get("type") != "function":
        raise BadRequest("spec.operation: an object of type 'function' is needed, with serviceId and functionName")
    for name in ("serviceId", "functionName"):
        if not isinstance(operation.get(name) or "", str):
            raise BadRequest(f"spec.operation.{name}: a text is needed, not {show(operation[name])}")


def _event(spec: Mapping[str, Any]) -> dict[str, Any]:
    if spec.get("cron") is not None:
        raise BadRequest("spec.cron: an event trigger has no cron; use type 'Cron', or leave it out")
    resource, actions = spec.get("resource") or "Item", spec.get("actions") or ["Created"]
    if not isinstance(resource, str) or resource not in ACTIONS:
        raise BadRequest(f"spec.resource: {show(resource)} is not one of {', '.join(ACTIONS)}")
    actions = [actions] if isinstance(actions, str) else actions
    if not isinstance(actions, list):
        raise BadRequest(f"spec.actions: a list of actions is needed, not {show(actions)}")
    for action in actions:
        if action not in ACTIONS[resource]:
            raise BadRequest(
                f"Received an unsupported action type as input, type: {action} for resource type: {resource}"
            )
    mode = spec.get("executionMode") or "Once"
    if mode not in MODES:
        raise BadRequest(f"spec.executionMode: 'Once' or 'Always', not {show(mode)}")
    parse_filter(spec.get("filter"))
    filled = {"filter": spec.get("filter") or {}, "resource": resource, "actions": actions, "executionMode": mode}
    return {name: spec[name] for name in ("input", "operation") if name in spec} | filled


def _cron(spec: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("filter", "resource", "actions", "executionMode"):
        if spec.get(name):
            raise BadRequest(f"spec.{name}: a cron trigger has none; use type 'Event', or leave it out")
    return check_schedule(
        {name: spec[name] for name in ("id", "cron", "input", "operation", *DEFAULTS) if name in spec}
    )


def _active(body: Mapping[str, Any]) -> bool:
    active = body.get("active")
    if not isinstance(active, bool | None):
        raise BadRequest(f"active: true or false, not {show(active)}")
    return active is not False
