"""``POST /services/logs`` (ENDPOINTS 15): lines by page, with a checkpoint that carries the whole question.

The SDK never shows lines that arrive with ``stop: true``, and asks again at once after each page. So lines come with
``stop: false``, the end with an empty page, and a follower is held for a while when there is nothing new.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.services import fetch_service
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.executions.state import TERMINAL
from faas_agent.model.times import from_wire, to_wire
from faas_agent.ports.store import executions, logs

router = APIRouter(tags=["logs"])
Json = dict[str, Any]
PAGE = 1000
HOLD_SECONDS, LOOK_SECONDS = 5.0, 0.2
FARTHEST_ZONE_SECONDS = 14 * 3600
"""A time without a zone is the caller's own; this is the earliest it can mean."""


class Question(BaseModel):
    """What the SDK sends; everything but the ids is repeated from the checkpoint in later pages."""

    serviceId: str = ""  # noqa: N815 - names of the wire, here and below
    follow: bool = False
    system: bool = False
    logLevel: str | None = None  # noqa: N815
    start: str | None = None
    end: str | None = None
    size: int | None = Field(default=None, ge=1)
    text: str | None = None
    executionId: list[str] | str | None = None  # noqa: N815
    functionName: str | None = None  # noqa: N815
    replicaId: str | None = None  # noqa: N815
    checkpoint: Any = None


@router.post("/services/logs")
async def read_logs(platform: PlatformDep, caller: CallerDep, body: Question) -> Json:
    """The next lines. ``stop`` with no lines: that was all."""
    query, left = await run_in_threadpool(_understand, platform, caller, body)
    waited = 0.0
    while True:
        lines, ended = await run_in_threadpool(_look, platform, query)
        if lines or not body.follow or ended or waited >= HOLD_SECONDS or left == 0:
            break
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    stop = not lines and (not body.follow or ended or left == 0)
    return {"logs": [_line(line) for line in lines], "checkpoint": _checkpoint(query, lines, left), "stop": stop}


def _understand(platform: Platform, caller: Caller, body: Question) -> tuple[logs.LogQuery, int | None]:
    """The query, and how many lines the caller still wants (None: all)."""
    with platform.store.read() as session:
        fetch_service(session, caller, body.serviceId)
    if isinstance(body.checkpoint, dict) and "after" in body.checkpoint:
        return _resumed(body.serviceId, body.checkpoint)
    wanted = [body.executionId] if isinstance(body.executionId, str) else body.executionId or []
    query = logs.LogQuery(
        body.serviceId,
        start=_time(body.start, "start"),
        end=_time(body.end, "end"),
        text=body.text,
        execution_ids=tuple(wanted),
        function_name=body.functionName,
        replica_id=body.replicaId,
        level=body.logLevel.upper() if body.logLevel else None,
        system=body.system,
        size=min(body.size or PAGE, PAGE),
    )
    return query, body.size


def _resumed(service_id: str, checkpoint: Json) -> tuple[logs.LogQuery, int | None]:
    left = checkpoint.pop("left", None)
    try:
        checkpoint["execution_ids"] = tuple(checkpoint.get("execution_ids", ()))
        query = logs.LogQuery(service_id, **checkpoint)
        return query, None if left is None else int(left)
    except (TypeError, ValueError):
        raise BadRequest("checkpoint: not one of this platform; leave it out to read from the start") from None


def _look(platform: Platform, query: logs.LogQuery) -> tuple[list[Json], bool]:
    """Lines, and whether there can be no more of them."""
    with platform.store.read() as session:
        if query.size <= 0:
            return [], True
        lines = logs.page(session, query)
        rows = [executions.get(session, execution_id) for execution_id in query.execution_ids]
    ended = bool(rows) and all(row is None or row["state"] in TERMINAL for row in rows)
    return lines, ended


def _checkpoint(query: logs.LogQuery, lines: list[Json], left: int | None) -> Json:
    found = {name: getattr(query, name) for name in logs.LogQuery.__slots__ if name != "service_id"}
    if lines:
        found["after"] = lines[-1]["id"]
    if left is not None:
        found["left"] = max(0, left - len(lines))
        found["size"] = min(found["left"], PAGE)
    return found


def _time(text: str | None, name: str) -> float | None:
    if text is None:
        return None
    try:
        zoned = text.endswith("Z") or "+" in text[10:] or "-" in text[10:]
        return from_wire(text) - (0 if zoned or name == "end" else FARTHEST_ZONE_SECONDS)
    except ValueError:
        raise BadRequest(f"{name}: {text[:40]!r} is not an ISO-8601 time, such as 2026-01-31T12:00:00Z") from None


def _line(line: Json) -> Json:
    return {
        "timestamp": to_wire(line["at"]),
        "message": line["message"],
        "level": line["level"],
        "executionId": line["execution_id"],
        "functionName": line["function_name"],
        "replicaId": line["replica_id"],
        "system": line["system"],
    }
