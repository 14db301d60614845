"""New executions: checked against the function, written with their wake-ups in one transaction.

Called by the API and by the trigger engine. A wake-up follows the commit; if we die in between, the outbox has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faas_agent.control.dispatch.outcomes import signal_work
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, NotFound, TooManyRequests
from faas_agent.model.executions.execution import Row, new_row
from faas_agent.model.specs.inputs import check_input
from faas_agent.model.specs.package import ENTITY_TYPES, find_function, find_module
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PACKAGE_REVISIONS

Json = dict[str, Any]


def revision_of(session: Session, service: Mapping[str, Any]) -> Json:
    """The package revision that a service runs. Raises NotFound when it is gone."""
    revisions = session.documents(PACKAGE_REVISIONS)
    found = revisions.first(package_id=service["packageId"], version=service["packageRevision"])
    if found is None:
        raise NotFound(
            f"the package {service['packageId']} has no revision {service['packageRevision']}: deploy another"
        )
    return {**found, "id": found["packageId"]}


def prepare(
    platform: Platform,
    service: Mapping[str, Any],
    package: Mapping[str, Any],
    function_name: str,
    given: object,
    creator: str,
    **more: Any,
) -> Row:
    """The row of an execution. Raises NotFound for an unknown function, BadRequest for a wrong input."""
    if not service["active"]:
        raise BadRequest(f"the service {service['name']!r} is paused: resume it first")
    module = find_module(package, service["moduleName"])
    input_ = check_input(find_function(module, function_name), given)
    resources = more.pop("resources", None) or resources_of(find_function(module, function_name), input_)
    return new_row(
        platform.new_id(), service, package, function_name, input_, creator, platform.now(), resources=resources, **more
    )


def create(session: Session, platform: Platform, service: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write them and owe their wake-ups. Raises TooManyRequests when the service's queue is full."""
    limit = service.get("queueLengthLimit")
    if limit is not None and executions.count_waiting(session, service["id"]) + len(rows) > limit:
        raise TooManyRequests(f"the queue of the service {service['name']!r} is full ({limit}): try again later")
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
