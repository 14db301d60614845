"""What every resource does with a service: find it for a caller, show it, order its replicas, take it away.

Called by the API's resources inside a transaction of theirs. The controller makes true what is written here.
"""

from __future__ import annotations

from typing import Any

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller
from faas_agent.control.platform import Platform
from faas_agent.ports.store import events, executions, logs, replicas
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICE_REVISIONS, SERVICES, TRIGGERS

Service = dict[str, Any]


def fetch_service(session: Session, caller: Caller, service_id: str, role: str = "annotator") -> Service:
    """A service of a project in which the caller has that role. Raises BadRequest, NotFound, Forbidden."""
    access.object_id(service_id, "a service")
    return access.fetch(session, caller, SERVICES, service_id, "the service", role)


def fetch_readable(session: Session, caller: Caller, service_id: str) -> Service:
    """The same for looking at the service alone: a global one is everybody's to see."""
    access.object_id(service_id, "a service")
    found = session.documents(SERVICES).get(service_id)
    if found is not None and found.get("global"):
        return found
    return fetch_service(session, caller, service_id)


def to_wire(service: Service, failing: Service | None) -> Service:
    """The entity; with why it does not start, if it does not."""
    return service if failing is None else {**service, "crashloop": crashloop(failing)}


def crashloop(failing: Service | None) -> Service | None:
    """What is remembered of failed starts, as the wire shows it."""
    return failing and {key: failing[key] for key in ("version", "failures", "reason", "message")}


def cut(session: Session, platform: Platform, service_id: str) -> None:
    """End the replicas of now without waiting for their work."""
    for row in replicas.all_of(session, service_id):
        order(session, platform, row["id"], {"type": "drain", "seconds": 0})


def order(session: Session, platform: Platform, replica_id: str, message: Service) -> None:
    """Tell a replica, once this is committed."""
    session.after_commit(lambda: platform.broker.order(replica_id, message))


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


def delete_services_of(session: Session, platform: Platform, project_id: str) -> None:
    """Everything of a project that runs, when the project goes."""
    for service in session.documents(SERVICES).find(project_id=project_id):
        cut(session, platform, service["id"])
        remove_service(session, platform, service["id"])
