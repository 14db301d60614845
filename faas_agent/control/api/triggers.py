"""Triggers (ENDPOINTS 17): kept here, fired by ``control/triggers``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from faas_agent.control import revisions
from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.service_entities import fetch_service
from faas_agent.control.platform import Platform
from faas_agent.control.triggers import schedule
from faas_agent.errors import BadRequest
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs.names import LONGEST, check_name
from faas_agent.model.specs.package import find_function, find_module
from faas_agent.model.specs.schedule import local_time, parse_schedule, upcoming
from faas_agent.model.specs.trigger import check_call, check_trigger
from faas_agent.model.times import to_wire
from faas_agent.ports.store import events
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import TRIGGERS

router = APIRouter(prefix="/triggers", tags=["triggers"])
Trigger = dict[str, Any]
CLONED = "-clone"
Count = Annotated[int, Query(ge=1, le=100, description="how many times")]


@router.post("", status_code=201)
def create_trigger(platform: PlatformDep, caller: CallerDep, body: Json) -> Trigger:
    """A rule that creates executions. 400 for an action its resource does not have."""
    project_id = access.uuid_id(str(body.get("projectId") or ""), "a project (projectId)")
    now, trigger_id = platform.now(), new_uuid()
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "engineer")
        trigger = check_trigger(body) | {
            "id": trigger_id,
            "name": check_name("trigger", body.get("name")),
            "projectId": project_id,
            "scope": body.get("scope"),
            "global": False,
            "special": False,
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "updatedBy": caller.email,
            "url": f"{platform.gate_url}/triggers/{trigger_id}",
        }
        _add(session, platform, caller, trigger)
    return trigger


@router.get("/{trigger_id}")
def get_trigger(platform: PlatformDep, caller: CallerDep, trigger_id: str) -> Trigger:
    """One trigger."""
    with platform.store.read() as session:
        return _fetch(session, caller, trigger_id)


@router.patch("/{trigger_id}")
def update_trigger(platform: PlatformDep, caller: CallerDep, trigger_id: str, body: Json) -> Trigger:
    """The whole trigger as the SDK sends it, or a part; read-only fields are ignored."""
    changes = body.get("spec") or {}
    if not isinstance(changes, dict):
        raise BadRequest("spec: an object is needed")
    with platform.store.write() as session:
        before = _fetch(session, caller, trigger_id, "engineer")
        wanted = {"type": before["type"], "active": body.get("active", before["active"])}
        trigger = before | check_trigger(wanted | {"spec": before["spec"] | changes})
        trigger["name"] = check_name("trigger", body.get("name", before["name"]))
        trigger |= {"updatedAt": platform.now(), "updatedBy": caller.email}
        _check_target(session, caller, trigger)
        try:
            session.documents(TRIGGERS).put(trigger)
        except Taken:
            raise _taken(trigger["name"]) from None
        schedule.change(session, platform, before, trigger)
    return trigger


@router.get("/{trigger_id}/next")
def list_next(platform: PlatformDep, caller: CallerDep, trigger_id: str, n: Count = 5) -> dict[str, Any]:
    """The times at which a cron trigger comes next, as long as it is active and its service is not paused."""
    with platform.store.read() as session:
        trigger = _fetch(session, caller, trigger_id)
        if trigger["type"] != "Cron":
            raise BadRequest(f"the trigger {trigger['name']!r} waits for events: only a cron trigger has next times")
        service = fetch_service(session, caller, trigger["spec"]["operation"]["serviceId"])
    times = parse_schedule(trigger["spec"])
    found = upcoming(times, platform.clock(), n)
    return {
        "active": trigger["active"] and service["active"],
        "timezone": trigger["spec"]["timezone"],
        "next": [{"at": to_wire(time), "local": local_time(times, time)} for time in found],
    }


@router.delete("/{trigger_id}")
def delete_trigger(platform: PlatformDep, caller: CallerDep, trigger_id: str) -> dict[str, str]:
    """The trigger; executions it made stay."""
    with platform.store.write() as session:
        _fetch(session, caller, trigger_id, "engineer")
        events.forget_trigger(session, trigger_id)
        session.documents(TRIGGERS).delete(trigger_id)
    return {"id": trigger_id}


@router.post("/{trigger_id}/clone", status_code=201)
def clone_trigger(platform: PlatformDep, caller: CallerDep, trigger_id: str, body: Json) -> Trigger:
    """The same trigger again under another name; in another project its service would be a stranger's."""
    with platform.store.write() as session:
        source = _fetch(session, caller, trigger_id)
        project_id = access.uuid_id(str(body.get("projectId") or source["projectId"]), "a project (projectId)")
        access.fetch_project(session, caller, project_id, "engineer")
        now, new_id = platform.now(), new_uuid()
        name = check_name("trigger", body.get("name") or source["name"][: LONGEST - len(CLONED)] + CLONED)
        clone = source | {"id": new_id, "name": name, "projectId": project_id, "creator": caller.email}
        clone |= {"createdAt": now, "updatedAt": now, "updatedBy": caller.email}
        clone["url"] = f"{platform.gate_url}/triggers/{new_id}"
        _add(session, platform, caller, clone)
    return clone


def _fetch(session: Session, caller: Caller, trigger_id: str, role: str = "annotator") -> Trigger:
    access.uuid_id(trigger_id, "a trigger")
    return access.fetch(session, caller, TRIGGERS, trigger_id, "the trigger", role)


def _add(session: Session, platform: Platform, caller: Caller, trigger: Trigger) -> None:
    if trigger["type"] == "Cron":
        trigger["spec"]["id"] = trigger["id"]
    _check_target(session, caller, trigger)
    try:
        session.documents(TRIGGERS).insert(trigger)
    except Taken:
        raise _taken(trigger["name"]) from None
    schedule.begin(session, platform, trigger)


def _check_target(session: Session, caller: Caller, trigger: Trigger) -> None:
    """The function it calls exists, in the trigger's own project, and takes what it would be called with."""
    spec = trigger["spec"]
    service = fetch_service(session, caller, str(spec["operation"].get("serviceId") or ""))
    if service["projectId"] != trigger["projectId"]:
        raise BadRequest(
            f"spec.operation.serviceId: the service {service['name']!r} belongs to another project than the trigger"
        )
    module = find_module(revisions.of_service(session, service), service["moduleName"])
    check_call(spec, find_function(module, spec["operation"].get("functionName") or "run"))


def _taken(name: str) -> BadRequest:
    return BadRequest(f"the project has a trigger {name!r} already: take another name")
