"""Many executions at once: one for each item of a query, or every ended one that a filter finds (ENDPOINTS 16, 19).

The work is done in the request, in one transaction; the command that answers is over when it is made.
"""

from __future__ import annotations

from typing import Any

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller
from faas_agent.control.api.commands import create_command
from faas_agent.control.api.services import fetch_service
from faas_agent.control.dispatch.create import create, prepare, revision_of
from faas_agent.control.dispatch.rerun import start_again
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.executions.state import TERMINAL
from faas_agent.model.specs.filters import parse_query
from faas_agent.model.specs.package import find_function, find_module
from faas_agent.model.specs.trigger import input_for
from faas_agent.ports.store import executions
from faas_agent.ports.store.tables import ITEMS

Json = dict[str, Any]
LARGEST = 10_000


def create_batch(platform: Platform, caller: Caller, service_id: str, body: Json) -> Json:
    """One execution for each item that ``batch.query`` finds, with ``batch.args`` beside the item."""
    batch = body["batch"]
    if not isinstance(batch, dict) or not isinstance(batch.get("args") or {}, dict):
        raise BadRequest("batch: an object with query and args is needed")
    asked = parse_query(batch.get("query") or {})
    with platform.store.write() as session:
        service = fetch_service(session, caller, service_id)
        access.require(session, caller, service["projectId"])
        package = revision_of(session, service)
        name = str(body.get("functionName") or "run")
        function = find_function(find_module(package, service["moduleName"]), name)
        scope = {"project_id": access.visible_projects(session, caller)}
        if asked.context.datasets is not None:
            scope["dataset_id"] = list(asked.context.datasets)
        found = list(session.documents(ITEMS).iterate(asked, scope))
        _refuse_too_many(len(found))
        args = batch.get("args") or {}
        inputs = [args | input_for(function, "Item", item) for item in found]
        rows = [prepare(platform, service, package, name, given, caller.email) for given in inputs]
        if rows:
            create(session, platform, service, rows)
        spec = {
            "inputs": inputs,
            "serviceId": service_id,
            "functionName": name,
            "executions": [row["id"] for row in rows],
        }
        return create_command(session, platform, caller, "CreateExecutionsBatch", service["projectId"], spec)


def rerun_batch(platform: Platform, caller: Caller, body: Json) -> Json:
    """Start again what ``query`` (the inner filter alone) finds among the ended executions the caller may see."""
    asked = parse_query({"filter": body.get("query"), "pageSize": LARGEST}, LARGEST)
    with platform.store.write() as session:
        projects = access.visible_projects(session, caller)
        rows, total = executions.query(session, asked, projects)
        _refuse_too_many(total)
        ended = [row for row in rows if row["state"] in TERMINAL]
        for row in ended:
            start_again(session, platform, row)
        project_id = rows[0]["project_id"] if rows else next(iter(projects), "")
        spec = {"inputs": [{"executionId": row["id"]} for row in ended]}
        return create_command(session, platform, caller, "RerunExecutionsBatch", project_id, spec)


def _refuse_too_many(number: int) -> None:
    if number > LARGEST:
        raise BadRequest(f"the query finds {number}, at most {LARGEST} can be started at once: narrow the filter")
