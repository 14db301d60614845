"""Services: deploy, look, update, delete (ENDPOINTS 15). The API writes the wish; the controller makes it true."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from faas_agent.control import function_environment, revisions
from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.bots import chosen_bot
from faas_agent.control.api.packages import fetch_package
from faas_agent.control.api.service_entities import cut, fetch_readable, fetch_service, remove_service, to_wire
from faas_agent.control.platform import Platform
from faas_agent.control.triggers import schedule
from faas_agent.errors import BadRequest
from faas_agent.model.specs.names import check_name
from faas_agent.model.specs.package import find_module
from faas_agent.model.specs.service import READ_ONLY, updated, with_defaults
from faas_agent.model.specs.version import FIRST, next_version
from faas_agent.ports.store import replicas
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICE_REVISIONS, SERVICES

router = APIRouter(prefix="/services", tags=["services"])
Service = dict[str, Any]
Force = Annotated[bool, Query(description="cut running work instead of draining it")]


@router.post("", status_code=201)
def create_service(platform: PlatformDep, caller: CallerDep, body: Json) -> Service:
    """Deploy a module of a package revision."""
    project_id = access.uuid_id(str(body.get("projectId") or ""), "a project (projectId)")
    now, service_id = platform.now(), platform.new_id()
    settings = with_defaults({key: value for key, value in body.items() if key not in READ_ONLY})
    with platform.store.write() as session:
        project = access.fetch_project(session, caller, project_id, "engineer")
        service = settings | {
            "id": service_id,
            "name": check_name("service", body.get("name")),
            "projectId": project_id,
            "orgId": project["org"]["id"],
            "packageId": str(body.get("packageId") or ""),
            "version": FIRST,
            "botUserName": chosen_bot(session, project_id, body.get("botUserName")),
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "updatedBy": caller.email,
            "url": f"{platform.gate_url}/services/{service_id}",
        }
        _settle(session, caller, service, shared_before=False)
        try:
            session.documents(SERVICES).insert(service)
        except Taken:
            raise _taken(service["name"]) from None
        _keep(session, platform, service)
    return to_wire(service, None)


@router.get("/{service_id}")
def get_service(platform: PlatformDep, caller: CallerDep, service_id: str) -> Service:
    """One service, with what keeps it from starting, if anything does."""
    with platform.store.read() as session:
        service = fetch_readable(session, caller, service_id)
        return to_wire(service, replicas.status(session, service_id))


@router.patch("/{service_id}")
def update_service(
    platform: PlatformDep, caller: CallerDep, service_id: str, body: Json, force: Force = False
) -> Service:
    """A new version of the service; its replicas are replaced, draining first unless forced."""
    with platform.store.write() as session:
        before = fetch_service(session, caller, service_id, "engineer")
        service = updated(before, body)
        check_name("service", service["name"])
        _settle(session, caller, service, shared_before=before["global"])
        service |= {
            "version": next_version(before["version"]),
            "updatedAt": platform.now(),
            "updatedBy": caller.email,
        }
        try:
            session.documents(SERVICES).put(service)
        except Taken:
            raise _taken(service["name"]) from None
        _keep(session, platform, service)
        if service["active"] and not before["active"]:
            schedule.resume(session, platform, service_id)
        if force:
            cut(session, platform, service_id)
    return to_wire(service, None)


@router.delete("/{service_id}")
def delete_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Service:
    """The service, its triggers, executions and logs; its replicas end."""
    with platform.store.write() as session:
        fetch_service(session, caller, service_id, "engineer")
        cut(session, platform, service_id)
        remove_service(session, platform, service_id)
    return {"id": service_id, "force": force}


@router.get("/{service_id}/revisions")
def list_revisions(platform: PlatformDep, caller: CallerDep, service_id: str) -> list[Service]:
    """Every version, newest first."""
    with platform.store.read() as session:
        fetch_service(session, caller, service_id)
        found = session.documents(SERVICE_REVISIONS).find(service_id=service_id)
    newest = sorted(found, key=lambda revision: int(revision["number"]), reverse=True)
    return [revision["service"] for revision in newest]


def _settle(session: Session, caller: Caller, service: Service, *, shared_before: bool) -> None:
    """What depends on other entities: the revision and module it runs, the secrets it names. Raises BadRequest."""
    package = fetch_package(session, caller, service["packageId"])
    if package["projectId"] != service["projectId"] and not package["global"]:
        raise BadRequest(
            f"packageId: the package {package['name']!r} belongs to another project: push it to this one first"
        )
    revision = revisions.wanted(session, package, service.get("packageRevision"))
    service["packageRevision"] = revision["version"]
    service["moduleName"] = find_module(revision, service["moduleName"])["name"]
    access.require_to_share(caller, service["global"] and not shared_before)
    function_environment.check_integrations(session, service)


def _keep(session: Session, platform: Platform, service: Service) -> None:
    """Write the revision down, forget what failed before, and let the controller look."""
    number = session.documents(SERVICE_REVISIONS).count(service_id=service["id"])
    revision = {"id": f"{service['id']}@{number}", "serviceId": service["id"], "number": number, "service": service}
    session.documents(SERVICE_REVISIONS).insert(revision)
    replicas.forget_status(session, service["id"])
    session.after_commit(platform.signals.reconcile.set)


def _taken(name: str) -> BadRequest:
    return BadRequest(f"the project has a service {name!r} already: update it, or take another name")
