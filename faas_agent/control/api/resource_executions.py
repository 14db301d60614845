"""``POST /executions/resource/query``: the executions that are about one entity (ENDPOINTS 16).

The SDK asks by ``item.resource_executions`` with a filter on fields of its own, which are mapped to an execution's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api import access
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.errors import BadRequest
from faas_agent.model.executions.execution import Row
from faas_agent.model.specs.filters import And, Compare, Filter, Op, Or, parse_query
from faas_agent.ports.store import executions
from faas_agent.ports.store.documents import Page

router = APIRouter(prefix="/executions", tags=["executions"])
PAGE_SIZE = 100
FIELDS: dict[str, tuple[str, ...]] = {
    "resourceId": ("resources", "id"),
    "resourceType": ("resources", "type"),
    "executionId": ("id",),
    "status": ("latestStatus", "status"),
}
"""Field of a resource's execution -> where an execution has it; the others are called alike."""


@router.post("/resource/query")
def query_resource(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A page of them, newest first. 400 without a ``resourceId``, in the filter or beside it."""
    asked = parse_query(body, PAGE_SIZE)
    wanted = asked.filter
    if isinstance(body.get("resourceId"), str):
        wanted = And((wanted, Compare(("resourceId",), Op.IN, (body["resourceId"],))))
    resource_id = _resource_id(wanted)
    if resource_id is None:
        raise BadRequest("resourceId: the id of the item, dataset or other entity is needed")
    with platform.store.read() as session:
        projects = access.visible_projects(session, caller)
        rows, total = executions.query(session, replace(asked, filter=_mapped(wanted), sort=()), projects)
    items = [_wire(resource_id, row) for row in rows]
    return Page(items, total, asked.page, asked.page_size).to_wire()


def _resource_id(wanted: Filter) -> str | None:
    match wanted:
        case And(parts) | Or(parts):
            return next(filter(None, map(_resource_id, parts)), None)
        case Compare(("resourceId",), Op.IN, (str(one), *_)):
            return one
    return None


def _mapped(wanted: Filter) -> Filter:
    match wanted:
        case And(parts):
            return And(tuple(map(_mapped, parts)))
        case Or(parts):
            return Or(tuple(map(_mapped, parts)))
        case Compare(path, op, value):
            return Compare(FIELDS.get(path[0], path[:1]) + path[1:], op, value)


def _wire(resource_id: str, row: Row) -> dict[str, Any]:
    kinds = [one["type"] for one in row["doc"]["resources"] if one["id"] == resource_id]
    return {
        "resourceId": resource_id,
        "resourceType": next(iter(kinds), None),
        "executionId": row["id"],
        "serviceId": row["service_id"],
        "serviceName": row["doc"]["serviceName"],
        "packageName": row["doc"]["packageName"],
        "moduleName": row["doc"].get("moduleName"),
        "functionName": row["function_name"],
        "status": row["state"],
        "timestamp": row["latest"]["timestamp"],
        "progress": row["latest"].get("percentComplete"),
        "message": row["latest"].get("message"),
        "error": row["latest"].get("error"),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "creator": row["creator"],
        "projectId": row["project_id"],
    }
