"""A service's replicas as its owners steer them: pause, resume, restart, status, notify (ENDPOINTS 15)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.service_entities import crashloop, cut, fetch_service, order, to_wire
from faas_agent.control.platform import Platform
from faas_agent.control.triggers import schedule
from faas_agent.errors import NotFound
from faas_agent.model.specs.values import show
from faas_agent.ports.store import executions, logs, replicas
from faas_agent.ports.store.tables import SERVICES

router = APIRouter(prefix="/services/{service_id}", tags=["services"])
Service = dict[str, Any]
Force = Annotated[bool, Query(description="cut running work instead of draining it")]


@router.post("/stop")
def pause_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Service:
    """No more replicas and no more triggered work until it is resumed."""
    return _set_active(platform, caller, service_id, active=False, force=force)


@router.post("/resume")
def resume_service(platform: PlatformDep, caller: CallerDep, service_id: str, force: Force = False) -> Service:
    """Replicas again; a version that had failed to start is tried anew."""
    return _set_active(platform, caller, service_id, active=True, force=force)


@router.get("/status")
def get_status(platform: PlatformDep, caller: CallerDep, service_id: str) -> Service:
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
        "crashloop": crashloop(failing),
    }


@router.post("/restart")
def restart_service(
    platform: PlatformDep,
    caller: CallerDep,
    service_id: str,
    body: Annotated[Service | None, Body()] = None,
    replica_name: Annotated[str | None, Query(alias="replicaName")] = None,
) -> Service:
    """Replace every replica, or the named one."""
    wanted = (body or {}).get("replicaName") or replica_name
    with platform.store.write() as session:
        service = fetch_service(session, caller, service_id, "engineer")
        found = [row["id"] for row in replicas.all_of(session, service_id)]
        if wanted is not None and wanted not in found:
            raise NotFound(f"the service {service['name']!r} has no replica {show(wanted)}")
        replicas.forget_status(session, service_id)
        for replica_id in found if wanted is None else [wanted]:
            replicas.change(session, replica_id, state="draining")
            order(session, platform, replica_id, {"type": "drain", "seconds": service["drainTime"]})
        session.after_commit(platform.signals.reconcile.set)
    return {"id": service_id}


@router.post("/notify")
def notify(platform: PlatformDep, caller: CallerDep, service_id: str, body: Json) -> Service:
    """A message of whoever looks after the service: it goes to its log."""
    with platform.store.write() as session:
        fetch_service(session, caller, service_id, "engineer")
        line = {"at": platform.clock(), "level": "WARNING", "message": str(body.get("message") or "")}
        logs.append(session, service_id, "", [line])
    return {}


def _replica(row: Service) -> Service:
    return {
        "replicaId": row["id"],
        "name": row["id"],
        "status": row["state"],
        "version": row["service_version"],
        "reason": row["reason"],
        "message": row["message"],
        "phases": row["phases"],
    }


def _set_active(platform: Platform, caller: Caller, service_id: str, *, active: bool, force: bool) -> Service:
    with platform.store.write() as session:
        service = fetch_service(session, caller, service_id, "engineer")
        service |= {"active": active, "updatedAt": platform.now(), "updatedBy": caller.email}
        session.documents(SERVICES).put(service)
        replicas.forget_status(session, service_id)
        session.after_commit(platform.signals.reconcile.set)
        if active:
            schedule.resume(session, platform, service_id)
        if force and not active:
            cut(session, platform, service_id)
    return to_wire(service, None)
