"""``POST /services/logs`` (ENDPOINTS 15): lines by page, with a checkpoint that carries the whole question.

The SDK never shows lines that arrive with ``stop: true``, and asks again at once after each page. So lines come with
``stop: false``, the end with an empty page, and a follower is held for a while when there is nothing new.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.service_entities import fetch_service
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.executions.state import TERMINAL
from faas_agent.model.specs.values import json_value, show
from faas_agent.model.times import from_wire, to_wire
from faas_agent.ports.store import executions, logs

router = APIRouter(tags=["logs"])
PAGE = 1000
HOLD_SECONDS, LOOK_SECONDS = 5.0, 0.2
LATE_SECONDS = 2.0
"""The last lines of an execution may arrive this long after its end: its agent sends lines and reports apart."""
EAST_SECONDS, WEST_SECONDS = 14 * 3600, 12 * 3600
"""A time without a zone is the caller's own. These make it the earliest, or the latest, that it can mean."""

Level = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda text: text.upper() if isinstance(text, str) else text),
]


class Wanted(BaseModel):
    """Which lines, and how many more of them. It travels in the checkpoint, whose content is the caller's to damage."""

    after: int = 0
    left: int | None = Field(default=None, ge=0)
    start: float | None = None
    end: float | None = None
    text: str | None = None
    executions: list[str] = Field(default_factory=list, max_length=1000)
    function: str | None = None
    replica: str | None = None
    level: Level | None = None
    system: bool = False


class Question(BaseModel):
    """What the SDK sends; everything but the service and ``follow`` is read from the checkpoint in later pages."""

    serviceId: str = ""  # noqa: N815 - names of the wire, here and below
    follow: bool = False
    system: bool = False
    logLevel: Level | None = None  # noqa: N815
    start: str | None = None
    end: str | None = None
    size: int | None = Field(default=None, ge=1)
    text: str | None = None
    executionId: list[str] | str | None = None  # noqa: N815
    functionName: str | None = None  # noqa: N815
    replicaId: str | None = None  # noqa: N815
    checkpoint: Any = None


@router.post("/services/logs")
async def read_logs(platform: PlatformDep, caller: CallerDep, body: Question) -> dict[str, Any]:
    """The next lines. ``stop`` with no lines: that was all."""
    json_value("the body", body.model_dump())
    wanted = _wanted(body)
    await run_in_threadpool(_check, platform, caller, body.serviceId)
    waited = 0.0
    while True:
        lines, over = await run_in_threadpool(_look, platform, body.serviceId, wanted)
        if lines or over or not body.follow or waited >= HOLD_SECONDS:
            break
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    stop = not lines and (over or not body.follow)
    return {"logs": [_line(line) for line in lines], "checkpoint": _checkpoint(wanted, lines), "stop": stop}


def _check(platform: Platform, caller: Caller, service_id: str) -> None:
    with platform.store.read() as session:
        fetch_service(session, caller, service_id)


def _wanted(body: Question) -> Wanted:
    """The question of this page: the checkpoint's, or a new one."""
    if body.checkpoint is not None:
        try:
            return Wanted.model_validate(body.checkpoint)
        except ValidationError:
            raise BadRequest("checkpoint: not one of this platform; leave it out to read from the start") from None
    named = [body.executionId] if isinstance(body.executionId, str) else body.executionId or []
    return Wanted(
        left=body.size,
        start=_time(body.start, "start", -EAST_SECONDS),
        end=_time(body.end, "end", WEST_SECONDS),
        text=body.text,
        executions=named,
        function=body.functionName,
        replica=body.replicaId,
        level=body.logLevel,
        system=body.system,
    )


def _look(platform: Platform, service_id: str, wanted: Wanted) -> tuple[list[dict[str, Any]], bool]:
    """Lines, and whether there can be no more of them."""
    query = logs.LogQuery(
        service_id,
        after=wanted.after,
        start=wanted.start,
        end=wanted.end,
        text=wanted.text,
        execution_ids=tuple(wanted.executions),
        function_name=wanted.function,
        replica_id=wanted.replica,
        level=wanted.level,
        system=wanted.system,
        size=PAGE if wanted.left is None else min(wanted.left, PAGE),
    )
    if not query.size:
        return [], True
    with platform.store.read() as session:
        rows = [executions.get(session, execution_id) for execution_id in wanted.executions]
        lines = logs.page(session, query)
    quiet_since = to_wire(platform.clock() - LATE_SECONDS)
    over = [row is None or (row["state"] in TERMINAL and row["updated_at"] < quiet_since) for row in rows]
    return lines, bool(over) and all(over)


def _checkpoint(wanted: Wanted, lines: list[dict[str, Any]]) -> dict[str, Any]:
    after = lines[-1]["id"] if lines else wanted.after
    left = None if wanted.left is None else wanted.left - len(lines)
    return wanted.model_copy(update={"after": after, "left": left}).model_dump()


def _time(text: str | None, name: str, widen: float) -> float | None:
    if text is None:
        return None
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
        return from_wire(text) + (0 if zoned else widen)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name}: {show(text)} is not an ISO-8601 time, such as 2026-01-31T12:00:00Z") from None


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": to_wire(line["at"]),
        "message": line["message"],
        "level": line["level"],
        "executionId": line["execution_id"],
        "functionName": line["function_name"],
        "replicaId": line["replica_id"],
        "system": line["system"],
    }
