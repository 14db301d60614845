"""``POST /query/faas``: lists of packages, services, triggers and executions, by ``resource`` (ENDPOINTS 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api import access, executions
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.services import to_wire
from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import parse_query
from faas_agent.ports.store import replicas
from faas_agent.ports.store.documents import DocumentTable
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PACKAGES, SERVICES, TRIGGERS

router = APIRouter(tags=["query"])
Json = dict[str, Any]
TABLES: dict[str, DocumentTable] = {"packages": PACKAGES, "services": SERVICES, "triggers": TRIGGERS}


@router.post("/query/faas")
def query_faas(platform: PlatformDep, caller: CallerDep, body: Json) -> Json:
    """One page of what the caller may see. 400 for a resource that is not of this kind."""
    resource = body.get("resource")
    with platform.store.read() as session:
        projects = access.visible_projects(session, caller)
        if resource == "executions":
            return executions.list_page(session, body, projects)
        if resource not in TABLES:
            raise BadRequest(f"resource: one of {', '.join(TABLES)} or executions, not {resource!r}")
        return _documents(session, resource, body, projects)


def _documents(session: Session, resource: str, body: Json, projects: Sequence[str]) -> Json:
    found = session.documents(TABLES[resource]).query(
        parse_query(body), {"project_id": projects}, default_sort=("-createdAt",)
    )
    page: Json = found.to_wire()
    if resource == "services":
        failing = replicas.statuses(session)
        page["items"] = [to_wire(service, failing.get(service["id"])) for service in found.items]
    return page
