"""Services: deploy, update, pause, status (ENDPOINTS 15). The API writes the wish; the controller makes it true."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from sqlalchemy import select

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bots import project_bot
from faas_agent.control.api.packages import fetch_package
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs.names import check_name
from faas_agent.model.specs.package import find_module, next_version
from faas_agent.model.specs.service import updated, with_defaults
from faas_agent.ports.store import events, executions, logs, replicas
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ORGS, PACKAGE_REVISIONS, SERVICE_REVISIONS, SERVICES, TRIGGERS

router = APIRouter(prefix="/services", tags=["services"])
Json = dict[str, Any]
Force = Annotated[bool, Query(description="cut running work instead of draining it")]


@router.post("", status_code=201)
def create_service(platform: PlatformDep, caller: CallerDep, body: Json) -> Json:
    """Deploy a module of a package revision."""
    project_id = access.uuid_id(str(body.get("projectId") or ""), "a project (projectId)")
    now, service_id = platform.now(), platform.new_id()
    with platform.store.write() as session:
        access.require(session, caller, project_id, "engineer")
        package = fetch_package(session, caller, str(body.get("packageId") or ""))
        settings = with_defaults({key: value for key, value in body.items() if key not in ("id", "name")})
        revision = _revision(session, package, settings.get("packageRevision"))
        service = settings | {
            "id": service_id,
            "name": check_name("service", body.get("name")),
            "projectId": project_id,
            "orgId": _org_id(session),
            "packageId": package["id"],
            "packageRevision": revision["version"],
            "moduleName": find_module(revision, settings["moduleName"])["name"],
            "version": "1.0.0",
            "botUserName": project_bot(session, project_id),
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "updatedBy": caller.email,
            "url": f"{platform.gate_url}/services/{service_id}",
        }
        try:
            session.documents(SERVICES).insert(service)
        except Taken:
            raise BadRequest(
                f"the project has a service {service['name']!r} already: update it, or take another name"
            ) from None
        _keep(session, platform, service)
    return to_wire(service, None)


@router.get("/{service_id}")
def get_service(platform: PlatformDep, caller: CallerDep, service_id: str) -> Json:
    """One service, with what keeps it from starting, if anything does."""
    with platform.store.read() as session:
        service = fetch_service(session, caller, service_id)
        return to_wire(service, replicas.status(session, service_id))


@router.patch("/{service_id}")
def update_service(platform: PlatformDep, caller: CallerDep, service_id: str, body: Json, force: Force = False) -> Json:
    """A new version of the service; its replicas are replaced, draining first unless forced."""
    with platform.store.write() as session:
        before = fetch_service(session, caller, service_id, "engineer")
        service = updated(before, body)
        check_name("service", service["name"])
        package = fetch_package(session, caller, service["packageId"])
        revision = _revision(session, package, service["packageRevision"])
        service["packageRevision"] = revision["version"]
        service["moduleName"] = find_module(revision, service["moduleName"])["name"]
        _bump(platform, caller, service)
        _put(session, service)
        _keep(session, platform, service)
        if force:
            _cut(session, platform, service_id)
    return to_wire(service, None)


@router.delete("/{service_id}")
def delete_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Json:
    """The service, its triggers, executions and logs; its replicas end."""
    with platform.store.write() as session:
        fetch_service(session, caller, service_id, "engineer")
        _cut(session, platform, service_id)
        remove_service(session, platform, service_id)
    return {"id": service_id, "force": force}


@router.post("/{service_id}/stop")
def pause_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Json:
    """No more replicas and no more triggered work until it is resumed."""
    return _set_active(platform, caller, service_id, active=False, force=force)


@router.post("/{service_id}/resume")
def resume_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Json:
    """Replicas again; a version that had failed to start is tried anew."""
    return _set_active(platform, caller, service_id, active=True, force=force)


@router.get("/{service_id}/status")
def get_status(platform: PlatformDep, caller: CallerDep, service_id: str) -> Json:
    """How much waits and what each replica does."""
    with platform.store.read() as session:
        service = fetch_service(session, caller, service_id)
        found = replicas.all_of(session, service_id)
        failing = replicas.status(session, service_id)
        waiting = executions.count_waiting(session, service_id)
    return {
        "numMessagesInQueue": waiting,
        "runtimeStatus": [_replica(replica) for replica in found],
        "active": service["active"],
        "crashloop": _crashloop(failing),
    }


@router.get("/{service_id}/revisions")
def list_revisions(platform: PlatformDep, caller: CallerDep, service_id: str) -> list[Json]:
    """Every version, newest first."""
    with platform.store.read() as session:
        fetch_service(session, caller, service_id)
        found = session.documents(SERVICE_REVISIONS).find(service_id=service_id)
    newest = sorted(found, key=lambda revision: int(revision["number"]), reverse=True)
    return [revision["service"] for revision in newest]


@router.post("/{service_id}/restart")
def restart_service(
    platform: PlatformDep,
    caller: CallerDep,
    service_id: str,
    body: Annotated[Json | None, Body()] = None,
    replica_name: Annotated[str | None, Query(alias="replicaName")] = None,
) -> Json:
    """Replace every replica, or the named one."""
    wanted = (body or {}).get("replicaName") or replica_name
    with platform.store.write() as session:
        service = fetch_service(session, caller, service_id, "engineer")
        found = [row["id"] for row in replicas.all_of(session, service_id)]
        if wanted is not None and wanted not in found:
            raise NotFound(f"the service {service['name']!r} has no replica {str(wanted)[:60]!r}")
        replicas.forget_status(session, service_id)
        for replica_id in found if wanted is None else [wanted]:
            replicas.change(session, replica_id, state="draining")
            _order(session, platform, replica_id, {"type": "drain", "seconds": service["drainTime"]})
        session.after_commit(platform.signals.reconcile.set)
    return {"id": service_id}


@router.post("/{service_id}/notify")
def notify(platform: PlatformDep, caller: CallerDep, service_id: str, body: Json) -> Json:
    """A message of the service's bot: it goes to the service's log."""
    with platform.store.write() as session:
        fetch_service(session, caller, service_id)
        line = {"at": platform.clock(), "level": "WARNING", "message": str(body.get("message") or ""), "system": True}
        logs.append(session, service_id, "", [line])
    return {}


def fetch_service(session: Session, caller: Caller, service_id: str, role: str = "annotator") -> Json:
    """A service the caller may see; a global one is everybody's to read and call."""
    access.object_id(service_id, "a service")
    found = session.documents(SERVICES).get(service_id)
    if found is not None and found.get("global") and role == "annotator":
        return found
    return access.fetch(session, caller, SERVICES, service_id, "the service", role)


def delete_services_of(session: Session, platform: Platform, project_id: str) -> None:
    """Everything of a project that runs, when the project goes."""
    for service in session.documents(SERVICES).find(project_id=project_id):
        _cut(session, platform, service["id"])
        remove_service(session, platform, service["id"])


def remove_service(session: Session, platform: Platform, service_id: str) -> None:
    """The service and all that hangs on it; the controller ends its replicas."""
    for trigger in session.documents(TRIGGERS).find(service_id=service_id):
        events.forget_trigger(session, trigger["id"])
    session.documents(TRIGGERS).delete_many(TRIGGERS.table.c.service_id == service_id)
    executions.delete_of_service(session, service_id)
    logs.delete_of_service(session, service_id)
    replicas.forget_status(session, service_id)
    session.documents(SERVICE_REVISIONS).delete_many(SERVICE_REVISIONS.table.c.service_id == service_id)
    session.documents(SERVICES).delete(service_id)
    session.after_commit(lambda: platform.broker.remove(service_id))
    session.after_commit(platform.signals.reconcile.set)


def to_wire(service: Json, failing: Json | None) -> Json:
    """The entity, with why it does not start."""
    return {**service, "crashloop": _crashloop(failing)}


def _crashloop(failing: Json | None) -> Json | None:
    if failing is None:
        return None
    return {key: failing[key] for key in ("version", "failures", "reason", "message")}


def _replica(row: Json) -> Json:
    return {
        "replicaId": row["id"],
        "name": row["id"],
        "status": row["state"],
        "version": row["service_version"],
        "reason": row["reason"],
        "message": row["message"],
        "phases": row["phases"],
    }


def _revision(session: Session, package: Json, wanted: object) -> Json:
    """The package's revision of that version; the latest for nothing or ``latest``."""
    if wanted in (None, "", "latest"):
        return package
    revisions = session.documents(PACKAGE_REVISIONS)
    found = revisions.first(package_id=package["id"], version=str(wanted))
    if found is None:
        raise BadRequest(f"packageRevision: the package {package['name']!r} has no revision {str(wanted)[:60]!r}")
    return found


def _bump(platform: Platform, caller: Caller, service: Json) -> None:
    version = next_version(service["version"], None)
    service |= {"version": version, "updatedAt": platform.now(), "updatedBy": caller.email}


def _put(session: Session, service: Json) -> None:
    try:
        session.documents(SERVICES).put(service)
    except Taken:
        raise BadRequest(f"the project has a service {service['name']!r} already: take another name") from None


def _keep(session: Session, platform: Platform, service: Json) -> None:
    """Write the revision down, forget what failed before, and let the controller look."""
    number = session.documents(SERVICE_REVISIONS).count(service_id=service["id"])
    revision = {"id": f"{service['id']}@{number}", "serviceId": service["id"], "number": number, "service": service}
    session.documents(SERVICE_REVISIONS).insert(revision)
    replicas.forget_status(session, service["id"])
    session.after_commit(platform.signals.reconcile.set)


def _set_active(platform: Platform, caller: Caller, service_id: str, *, active: bool, force: bool) -> Json:
    with platform.store.write() as session:
        service = fetch_service(session, caller, service_id, "engineer")
        service |= {"active": active, "updatedAt": platform.now(), "updatedBy": caller.email}
        session.documents(SERVICES).put(service)
        replicas.forget_status(session, service_id)
        session.after_commit(platform.signals.reconcile.set)
        if force and not active:
            _cut(session, platform, service_id)
    return to_wire(service, None)


def _cut(session: Session, platform: Platform, service_id: str) -> None:
    """End the replicas of now without waiting for their work."""
    for row in replicas.all_of(session, service_id):
        _order(session, platform, row["id"], {"type": "drain", "seconds": 0})


def _order(session: Session, platform: Platform, replica_id: str, order: Json) -> None:
    session.after_commit(lambda: platform.broker.order(replica_id, order))


def _org_id(session: Session) -> str:
    return str(session.connection.scalar(select(ORGS.table.c.id)))
