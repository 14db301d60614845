"""New executions: checked against the function, written with their wake-ups in one transaction.

Called by the API and by the trigger engine. A wake-up follows the commit; if we die in between, the outbox has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faas_agent.control.dispatch.outcomes import signal_work
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, TooManyRequests
from faas_agent.model.executions.execution import Row, new_row
from faas_agent.model.specs.inputs import check_input
from faas_agent.model.specs.package import ENTITY_TYPES, find_function, find_module
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session


def prepare(
    platform: Platform,
    service: Mapping[str, Any],
    package: Mapping[str, Any],
    function_name: str,
    given: object,
    creator: str,
    *,
    execution_id: str | None = None,
    **more: Any,
) -> Row:
    """The row of an execution. Raises BadRequest for a paused service, an unknown function and a wrong input."""
    refuse_paused(service)
    function = find_function(find_module(package, service["moduleName"]), function_name)
    input_ = check_input(function, given)
    resources = more.pop("resources", None) or resources_of(function, input_)
    new_id = execution_id or platform.new_id()
    return new_row(
        new_id, service, package, function_name, input_, creator, platform.now(), resources=resources, **more
    )


def refuse_paused(service: Mapping[str, Any]) -> None:
    """Raises BadRequest when the service takes no work."""
    if not service["active"]:
        raise BadRequest(f"the service {service['name']!r} is paused: resume it first")


def refuse_full(session: Session, service: Mapping[str, Any], more: int) -> None:
    """Raises TooManyRequests when so many more would not fit into the service's queue.

    For callers who can try again; what a trigger makes is never refused, because its event would be lost.
    """
    limit = service.get("queueLengthLimit")
    if limit is None:
        return
    session.take_turn(f"queue of {service['id']}")  # or two callers would both find room for one
    if executions.count_waiting(session, service["id"]) + more > limit:
        raise TooManyRequests(f"the queue of the service {service['name']!r} is full ({limit}): try again later")


def create(session: Session, platform: Platform, rows: Sequence[Row]) -> None:
    """Write them and owe their wake-ups."""
    executions.create(session, rows)
    signal_work(session, platform)


def resources_of(function: Mapping[str, Any], input_: Mapping[str, Any]) -> list[dict[str, str]]:
    """The entities an execution is about, for ``resources.id`` filters."""
    found = []
    for parameter in function.get("input") or []:
        kind = parameter["type"].removesuffix("[]")
        value = input_.get(parameter["name"])
        for one in value if isinstance(value, list) else [value]:
            entity_id = one.get(f"{kind.lower()}_id", one.get("id")) if isinstance(one, Mapping) else one
            if kind in ENTITY_TYPES and isinstance(entity_id, str):
                found.append({"id": entity_id, "type": kind})
    return found
