"""``POST /query/faas``: lists of packages, services, triggers and executions, by ``resource`` (ENDPOINTS 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api import access, executions
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.service_entities import to_wire
from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import Query, parse_query
from faas_agent.model.specs.values import show
from faas_agent.ports.store import replicas
from faas_agent.ports.store.documents import DocumentTable
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PACKAGES, SERVICES, TRIGGERS

router = APIRouter(tags=["query"])
Page = dict[str, Any]
PAGE_SIZE = 1000
TABLES: dict[str, DocumentTable] = {"packages": PACKAGES, "services": SERVICES, "triggers": TRIGGERS}


@router.post("/query/faas")
def query_faas(platform: PlatformDep, caller: CallerDep, body: Json) -> Page:
    """One page of what the caller may see. 400 for a resource that is not of this kind."""
    resource = body.get("resource")
    if not isinstance(resource, str) or resource not in {*TABLES, "executions"}:
        raise BadRequest(f"resource: one of {', '.join(TABLES)} or executions, not {show(resource)}")
    asked = parse_query(body, executions.PAGE_SIZE if resource == "executions" else PAGE_SIZE)
    with platform.store.read() as session:
        projects = access.visible_projects(session, caller, asked.context.projects)
        if resource == "executions":
            return executions.list_page(session, asked, projects)
        return _documents(session, resource, asked, projects)


def _documents(session: Session, resource: str, asked: Query, projects: Sequence[str]) -> Page:
    found = session.documents(TABLES[resource]).query(asked, {"project_id": projects}, default_sort=("-createdAt",))
    page: Page = found.to_wire()
    if resource == "services":
        failing = replicas.statuses(session)
        page["items"] = [to_wire(service, failing.get(service["id"])) for service in found.items]
    return page
