"""Executions: create, look, progress, terminate, rerun (ENDPOINTS 16)."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from faas_agent.control import revisions
from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.batches import create_batch, rerun_batch
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.service_entities import fetch_service
from faas_agent.control.dispatch import by_hand
from faas_agent.control.dispatch.create import create, prepare, refuse_full
from faas_agent.control.dispatch.idempotency import claim
from faas_agent.control.dispatch.rerun import start_again
from faas_agent.errors import BadRequest, Conflict, NotFound, TooLarge
from faas_agent.model.executions.execution import Row, to_wire
from faas_agent.model.executions.state import TERMINAL, State, parse_state
from faas_agent.model.specs.filters import Query
from faas_agent.model.specs.values import show
from faas_agent.ports.store import executions
from faas_agent.ports.store.documents import Page
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import COMMANDS

router = APIRouter(prefix="/executions", tags=["executions"])
Execution = dict[str, Any]
PAGE_SIZE = 100
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]
MADE_BEFORE: dict[int | str, dict[str, Any]] = {200: {"description": "Made before, under the same Idempotency-Key"}}


@router.post("/rerun")
def rerun_many(platform: PlatformDep, caller: CallerDep, body: Json) -> Execution:
    """Start again every ended execution that a filter finds."""
    return rerun_batch(platform, caller, body)


@router.post("/{service_id}", status_code=201, responses=MADE_BEFORE)
def create_execution(
    platform: PlatformDep, caller: CallerDep, response: Response, service_id: str, body: Json, key: Key = None
) -> Execution:
    """One call of a function, or with ``batch`` one for each item of a query (then a command).

    The same request under the same ``Idempotency-Key`` is answered with what it made the first time.
    """
    name, new_id = function_name(body), platform.new_id()
    with platform.store.guarded() as session:
        service = fetch_service(session, caller, service_id)
        if key and (made := claim(session, platform, service["projectId"], key, [service_id, body], new_id)) != new_id:
            response.status_code = 200
            return _made_before(session, caller, made, batch=body.get("batch") is not None)
        if body.get("batch") is not None:
            return create_batch(session, platform, caller, service, name, body["batch"], new_id)
        _check_project(body, service)
        package = revisions.of_service(session, service)
        row = prepare(platform, service, package, name, body.get("input"), caller.email, execution_id=new_id)
        row["doc"]["syncReplyTo"] = body.get("syncReplyTo")
        refuse_full(session, service, 1)
        create(session, platform, [row])
    return to_wire(row | {"reason": None, "seconds": None, "replica_id": None}, [row["latest"]])


@router.get("/{execution_id}")
def get_execution(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Execution:
    """One execution with its whole status log."""
    with platform.store.read() as session:
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.patch("/{execution_id}")
def update_execution(platform: PlatformDep, caller: CallerDep, execution_id: str, body: Json) -> Execution:
    """Of the whole entity that the SDK sends only ``toTerminate`` can change; the rest is what happened."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id, "engineer")
        if body.get("toTerminate") is True and row["state"] not in TERMINAL and not row["to_terminate"]:
            by_hand.terminate(session, platform, row)
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/progress")
def post_progress(platform: PlatformDep, caller: CallerDep, execution_id: str, body: Json) -> Execution:
    """A line in the status log of an execution, or its end."""
    state, percent, message = _state(body), _percent(body), body.get("message")
    if not isinstance(message, str | None):
        raise BadRequest(f"message: a text is needed, not {show(message)}")
    output, limit = body.get("output"), platform.settings.output_limit_bytes
    if len(json.dumps(output)) > limit:
        raise TooLarge(f"output: larger than the {limit} bytes that an execution can keep; save it as an item")
    within = caller.kind == "bot"
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id, "engineer")
        if row["state"] in TERMINAL:
            raise Conflict(f"the execution has ended ({row['state']}): rerun it to start it again")
        by_hand.report(session, platform, row, state, percent, message, output, from_within=within)
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/terminate")
def terminate(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Execution:
    """Ask for its end. One that waits ends at once; a running one by the ladder of its agent."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id, "engineer")
        if row["state"] in TERMINAL:
            raise BadRequest(f"the execution has ended already ({row['state']})")
        by_hand.terminate(session, platform, row)
        return _wire(session, fetch_execution(session, caller, execution_id))


@router.post("/{execution_id}/rerun")
def rerun(platform: PlatformDep, caller: CallerDep, execution_id: str) -> Execution:
    """Start an ended execution again, under the same id, on the service's package of now."""
    with platform.store.write() as session:
        row = fetch_execution(session, caller, execution_id, "engineer")
        if row["state"] not in TERMINAL:
            raise BadRequest(f"the execution has not ended ({row['state']}): only an ended one can be rerun")
        return _wire(session, start_again(session, platform, row))


@router.post("/{execution_id}/attempts")
def count_attempt(platform: PlatformDep, caller: CallerDep, execution_id: str) -> int:
    """One attempt more, done and allowed; answers how many were done."""
    with platform.store.write() as session:
        fetch_execution(session, caller, execution_id, "engineer")
        return executions.count_attempt(session, execution_id)


def fetch_execution(session: Session, caller: Caller, execution_id: str, role: str = "annotator") -> Row:
    """An execution the caller may see."""
    row = executions.get(session, access.object_id(execution_id, "an execution"))
    if row is None:
        raise NotFound(f"the execution {execution_id} does not exist")
    access.require(session, caller, row["project_id"], role)
    return row


def list_page(session: Session, asked: Query, project_ids: list[str]) -> Execution:
    """The answer to a query for executions."""
    rows, total = executions.query(session, asked, project_ids)
    log = executions.history(session, [row["id"] for row in rows])
    return Page([to_wire(row, log[row["id"]]) for row in rows], total, asked.page, asked.page_size).to_wire()


def function_name(body: Execution) -> str:
    """What is to be called; ``run`` where nobody says."""
    name = body.get("functionName") or "run"
    if not isinstance(name, str):
        raise BadRequest(f"functionName: a text is needed, not {show(name)}")
    return name


def _made_before(session: Session, caller: Caller, made: str, *, batch: bool) -> Execution:
    if batch:
        return access.fetch(session, caller, COMMANDS, made, "command")
    return _wire(session, fetch_execution(session, caller, made))


def _check_project(body: Execution, service: Execution) -> None:
    """The SDK sends the project of the input. The service's bot reaches no other project than its own."""
    wanted = body.get("projectId")
    if wanted not in (None, service["projectId"]):
        raise BadRequest(
            f"projectId: the service {service['name']!r} works in the project {service['projectId']}, not in "
            f"{show(wanted)}: deploy it there, or give it an input of its own project"
        )


def _wire(session: Session, row: Row) -> Execution:
    return to_wire(row, executions.history(session, [row["id"]])[row["id"]])


def _state(body: Execution) -> State:
    try:
        return parse_state(str(body.get("status") or "in-progress"))
    except ValueError:
        raise BadRequest(f"status: {show(body.get('status'))} is not a status of an execution") from None


def _percent(body: Execution) -> float | None:
    percent = body.get("percentComplete")
    if percent is None:
        return None
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise BadRequest(f"percentComplete: a number from 0 to 100 is needed, not {show(percent)}")
    return float(percent)
