"""Executions: create, look, progress, terminate, rerun (ENDPOINTS 16)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.batches import create_batch, rerun_batch
from faas_agent.control.api.services import fetch_service
from faas_agent.control.dispatch import outcomes
from faas_agent.control.dispatch.create import create, prepare, revision_of
from faas_agent.control.dispatch.rerun import start_again
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Conflict, NotFound
from faas_agent.model.executions.execution import Row, entry, to_wire
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import TERMINAL, State, parse_state
from faas_agent.model.specs.filters import parse_query
from faas_agent.ports.store import executions
from faas_agent.ports.store.documents import Page
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EXECUTIONS

router = APIRouter(prefix="/executions", tags=["executions"])
Json = dict[str, Any]
PAGE_SIZE = 100


@router.post("/rerun")
def rerun_many(platform: PlatformDep, caller: CallerDep, body: Json) -> Json:
    """Start again every ended execution that a filter finds."""
    return rerun_batch(platform, caller, body)


@router.post("/resource/query")
def query_resource(platform: PlatformDep, caller: CallerDep, body: Json) -> Json:
    """The executions that are about one entity."""
    resource_id = str(body.get("resourceId") or "")
    asked = parse_query({**body, "filter": {"resources.id": resource_id}}, PAGE_SIZE)
    with platform.store.read() as session:
        rows, total = executions.query(session, asked, access.visible_projects(session, caller))
    items = [
        {
            "resourceId": resource_id,
            "resourceType": body.get("resourceType"),
            "executionId": row["id"],
            "serviceId": row["service_id"],
            "serviceName": row["doc"]["serviceName"],
            "functionName": row["function_name"],
            "status": row["state"],
            "progress": row["latest"].get("percentComplete"),
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "creator": row["creator"],
            "projectId": row["project_id"],
        }
        for row in rows
    ]
    return Page(items, total, asked.page, asked.page_size).to_wire()


@router.post("/{service_id}", status_code=201)
def create_execution(platform: PlatformDep, caller: CallerDep, service_id: str, body: Json) -> Json:
    """One call of a function, or with ``batch`` one for each item of a query (then a command)."""
    if body.get("batch") is not None:
        return create_batch(platform, caller, service_id, body)
    with platform.store.read() as session:
        service = fetch_service(session, caller, service_id)
        access.require(session, caller, service["projectId"])
        package = revision_of(session, service)
    row = prepare(platform, service, package, str(body.get("functionName") or "run"), body.get("input"), caller.email)
    if body.get("syncReplyTo"):
        row["doc"]["syncReplyTo"] = body["syncReplyTo"]
    with platform.store.write() as session:
        create(session, platform, service, [row])
    return to_wire(row | {"reason": None, "seconds": None, "replica_id": None}, [row["latest"]])


@router.get("/{execution_id}")
def get_execution(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Json:
    """One execution with its whole status log."""
    with platform.store.read() as session:
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.patch("/{execution_id}")
def update_execution(platform: PlatformDep, caller: CallerDep, execution_id: str, body: Json) -> Json:
    """Of the whole entity that the SDK sends, only ``toTerminate`` and a waiting execution's ``input`` can change."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id, "engineer")
        if body.get("toTerminate") is True and not row["to_terminate"]:
            _terminate(session, platform, row)
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/progress")
def post_progress(platform: PlatformDep, caller: CallerDep, execution_id: str, body: Json) -> Json:
    """A line in the status log of a running execution, or its end."""
    try:
        state = parse_state(str(body.get("status") or "in-progress"))
    except ValueError:
        raise BadRequest(f"status: {body.get('status')!r} is not a status of an execution") from None
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id)
        if row["state"] in TERMINAL:
            raise Conflict(f"the execution has ended ({row['state']}): rerun it to start it again")
        if state in TERMINAL:
            _end(session, platform, row, state, body)
        else:
            text = str(body["message"]) if body.get("message") else None
            outcomes.show_progress(session, platform, row, row["attempts"], _percent(body), text, body.get("output"))
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/terminate")
def terminate(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Json:
    """Ask for its end. One that waits ends at once; a running one by the ladder of its agent."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id)
        if row["state"] in TERMINAL:
            raise BadRequest(f"the execution has ended already ({row['state']})")
        _terminate(session, platform, row)
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/rerun")
def rerun(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Json:
    """Start an ended execution again, under the same id, on the service's package of now."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id)
        if row["state"] not in TERMINAL:
            raise BadRequest(f"the execution has not ended ({row['state']}): only an ended one can be rerun")
        return _wire(session, start_again(session, platform, row))


@router.post("/{execution_id}/attempts")
def attempts(platform: PlatformDep, caller: CallerDep, execution_id: str) -> int:
    """How often it has started."""
    with platform.store.read() as session:
        return int(fetch_execution(session, caller, execution_id)["charged"])


def fetch_execution(session: Session, caller: Caller, execution_id: str, role: str = "annotator") -> Row:
    """An execution the caller may see."""
    row = executions.get(session, access.object_id(execution_id, "an execution"))
    if row is None:
        raise NotFound(f"the execution {execution_id} does not exist")
    access.require(session, caller, row["project_id"], role)
    return row


def list_page(session: Session, body: Json, project_ids: list[str]) -> Json:
    """The answer to a query for executions."""
    asked = parse_query(body, PAGE_SIZE)
    rows, total = executions.query(session, asked, project_ids)
    log = executions.history(session, [row["id"] for row in rows])
    items = [to_wire(row, log[row["id"]]) for row in rows]
    return Page(items, total, asked.page, asked.page_size).to_wire()


def _wire(session: Session, row: Row) -> Json:
    return to_wire(row, executions.history(session, [row["id"]])[row["id"]])


def _percent(body: Json) -> float | None:
    percent = body.get("percentComplete")
    if percent is None:
        return None
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        raise BadRequest(f"percentComplete: a number is needed, not {percent!r}")
    return float(percent)


def _terminate(session: Session, platform: Platform, row: Row) -> None:
    marked = executions.ask_to_terminate(session, row["id"], platform.now())
    message = "Execution received termination signal before it started"
    latest = entry(platform.now(), State.FAILED, message=message, reason=Reason.TERMINATED)
    ended = executions.end_waiting(
        session, EXECUTIONS.c.id == row["id"], State.FAILED, latest=latest, reason=Reason.TERMINATED.value,
        updated_at=latest["timestamp"],
    )  # fmt: skip
    executions.note(session, [(one["id"], one["attempts"], latest) for one in ended])
    if not ended and marked is not None and marked["replica_id"]:
        order = {"type": "stop", "execution": row["id"], "attempt": marked["attempts"]}
        replica_id = marked["replica_id"]
        session.after_commit(lambda: platform.broker.order(replica_id, order))


def _end(session: Session, platform: Platform, row: Row, state: State, body: Json) -> None:
    """A caller ends an execution by hand: what its agent says afterwards is stale."""
    text = str(body["message"]) if body.get("message") else None
    reason = None if state is State.SUCCESS else Reason.ERROR
    latest = entry(platform.now(), state, _percent(body), text, reason, output=body.get("output"))
    values: Json = {"latest": latest, "updated_at": latest["timestamp"], "reason": reason}
    if body.get("output") is not None:
        values["output"] = body["output"]
    if row["state"] == State.IN_PROGRESS:
        executions.settle(session, row["id"], row["attempts"], state, **values)
    else:
        executions.end_waiting(session, EXECUTIONS.c.id == row["id"], state, **values)
    executions.note(session, [(row["id"], row["attempts"], latest)])
