"""Many executions at once: one for each item of a query, or every ended one that a filter finds (ENDPOINTS 16, 19).

The work is done in the request, in one transaction; the command that answers is over when it is made.
"""

from __future__ import annotations

from typing import Any

from faas_agent.control import revisions
from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller
from faas_agent.control.api.commands import create_command
from faas_agent.control.dispatch.create import create, prepare, refuse_full, refuse_paused
from faas_agent.control.dispatch.rerun import start_again
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.executions.state import TERMINAL
from faas_agent.model.specs.filters import Query, parse_query
from faas_agent.model.specs.package import find_function, find_module
from faas_agent.model.specs.trigger import input_for
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS, ITEMS

Command = dict[str, Any]
LARGEST = 10_000


def create_batch(
    session: Session,
    platform: Platform,
    caller: Caller,
    service: Command,
    function_name: str,
    batch: object,
    new_id: str,
) -> Command:
    """One execution for each item that ``batch.query`` finds, with ``batch.args`` beside the item."""
    if not isinstance(batch, dict) or not isinstance(batch.get("args") or {}, dict):
        raise BadRequest("batch: an object with query and args is needed")
    args, asked = batch.get("args") or {}, parse_query(batch.get("query") or {})
    refuse_paused(service)
    package = revisions.of_service(session, service)
    function = find_function(find_module(package, service["moduleName"]), function_name)
    inputs = [args | input_for(function, "Item", item) for item in _items(session, service, asked)]
    rows = [prepare(platform, service, package, function_name, given, caller.email) for given in inputs]
    refuse_full(session, service, len(rows))
    if rows:
        create(session, platform, rows)
    made = [row["id"] for row in rows]
    spec = {"inputs": inputs, "serviceId": service["id"], "functionName": function_name, "executions": made}
    project_id = service["projectId"]
    return create_command(session, platform, caller, "CreateExecutionsBatch", project_id, spec, command_id=new_id)


def rerun_batch(platform: Platform, caller: Caller, body: Command) -> Command:
    """Start again what ``query`` (the inner filter alone) finds among the ended executions of the caller's projects."""
    if not isinstance(body.get("query"), dict):
        raise BadRequest("query: the filter of the executions to start again is needed")
    asked = parse_query({"filter": body["query"], "pageSize": LARGEST}, LARGEST)
    with platform.store.write() as session:
        projects = access.visible_projects(session, caller)
        rows, total = executions.query(session, asked, projects)
        _refuse_too_many(total)
        for project_id in {row["project_id"] for row in rows}:
            access.require(session, caller, project_id, "engineer")
        ended = [row for row in rows if row["state"] in TERMINAL]
        for row in ended:
            start_again(session, platform, row)
        project_id = rows[0]["project_id"] if rows else next(iter(projects), "")
        spec = {"inputs": [{"executionId": row["id"]} for row in ended]}
        return create_command(session, platform, caller, "RerunExecutionsBatch", project_id, spec)


def _items(session: Session, service: Command, asked: Query) -> list[Command]:
    """The items of the service's project that the query finds, in the datasets it names; never those of Binaries."""
    datasets = session.documents(DATASETS).find(project_id=service["projectId"], system=False)
    within = {dataset["id"] for dataset in datasets}
    if asked.context.datasets is not None:
        within &= set(asked.context.datasets)
    found = []
    for item in session.documents(ITEMS).iterate(asked, {"dataset_id": within}):
        found.append(item)
        _refuse_too_many(len(found))
    return found


def _refuse_too_many(number: int) -> None:
    if number > LARGEST:
        raise BadRequest(f"the query finds more than the {LARGEST} that can be started at once: narrow the filter")
