"""What an agent asks and tells (DESIGN 3): its boot, claims, heartbeats, reports and logs, and one open channel.

Not for users: a replica's token reaches this resource only, and only its own service's executions. Every group is one
transaction. The channel carries wake-ups and orders; losing it costs time, never work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field

from faas_agent.control import function_environment, revisions
from faas_agent.control.api.auth import Caller, PlatformDep, ReplicaDep, caller_of, issue
from faas_agent.control.api.bots import project_bot
from faas_agent.control.dispatch import leases, outcomes, rollout
from faas_agent.control.platform import Platform
from faas_agent.control.reconcile import starts
from faas_agent.errors import NotFound, Unauthorized
from faas_agent.model.executions.execution import to_wire
from faas_agent.model.executions.reasons import Reason
from faas_agent.ports.store import executions, logs, replicas
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PACKAGES, PROJECTS, SERVICES

router = APIRouter(prefix="/agent", tags=["agent"], include_in_schema=False)
Json = dict[str, Any]
CODEBASE_SECONDS = 3600


@router.get("/boot")
def boot(platform: PlatformDep, caller: ReplicaDep) -> Json:
    """Everything a replica needs to start: specs, the bot's token, the function's environment and the limits."""
    settings = platform.settings
    with platform.store.read() as session:
        service = session.documents(SERVICES).get(caller.service_id or "")
        replica = replicas.get(session, caller.replica_id or "")
        if service is None or replica is None:
            raise NotFound("the service or the replica is gone: end")
        return {
            "service": service,
            "package": revisions.of_service(session, service),
            "project": session.documents(PROJECTS).get(service["projectId"]),
            "version": replica["service_version"],
            "gateUrl": platform.gate_url,
            "botToken": _bot_token(platform, caller),
            "codebaseToken": _codebase_token(session, platform, service),
            "environment": function_environment.environment_of(session, service),
            "sdkVersion": (service.get("versions") or {}).get("dtlpy") or settings.sdk_version,
            "heartbeatSeconds": settings.heartbeat_seconds,
            "leaseSeconds": settings.lease_seconds,
            "outputLimit": settings.output_limit_bytes,
            "codebaseLimit": settings.codebase_limit_bytes,
        }


@router.get("/bot-token")
def bot_token(platform: PlatformDep, caller: ReplicaDep) -> dict[str, str]:
    """A fresh token of the service's bot, for user code."""
    return {"jwt": _bot_token(platform, caller)}


def _codebase_token(session: Session, platform: Platform, service: Json) -> str:
    """For the agent alone: a global package of another project is read as a bot of that project."""
    package = session.documents(PACKAGES).get(service["packageId"]) or service
    own = package["projectId"] == service["projectId"]
    bot = service["botUserName"] if own else project_bot(session, package["projectId"])
    return issue(platform, bot, "bot", CODEBASE_SECONDS)


def _bot_token(platform: Platform, caller: Caller) -> str:
    return issue(platform, caller.email, "bot", platform.settings.token_seconds)


class ReplicaReport(BaseModel):
    """How a start goes."""

    state: Literal["starting", "ready", "failed", "draining"]
    phases: dict[str, float] = Field(default_factory=dict)
    reason: Reason | None = None
    message: str = ""


@router.post("/state")
def report_state(platform: PlatformDep, caller: ReplicaDep, body: ReplicaReport) -> Json:
    """The replica's own state; a failed start is counted and told to those who wait."""
    replica_id, service_id = caller.replica_id or "", caller.service_id or ""
    with platform.store.write() as session:
        replica = replicas.get(session, replica_id)
        if replica is None:
            raise NotFound("this replica is not known: end")
        state = "draining" if replica["state"] == "draining" and body.state == "ready" else body.state
        replicas.change(
            session, replica_id, state=state, phases=body.phases, reason=body.reason, message=body.message,
            seen_at=platform.clock(),
        )  # fmt: skip
        if body.state == "ready":
            starts.ready(session, service_id)
        if body.state == "failed":
            reason = body.reason or Reason.INIT_FAILED
            starts.failed(session, platform, service_id, replica["service_version"], reason, body.message)
        if body.state in ("ready", "draining"):
            rollout.wake_waiting(session, platform, service_id)
        session.after_commit(platform.signals.reconcile.set)
    return {}


class Claims(BaseModel):
    """Executions somebody was woken for."""

    ids: list[str] = Field(max_length=1000)


@router.post("/claims")
def claim(platform: PlatformDep, caller: ReplicaDep, body: Claims) -> list[Json]:
    """Those that still wait, now this replica's."""
    rows = leases.claim(platform, caller.service_id or "", caller.replica_id or "", body.ids)
    return [{"attempt": row["attempts"], **to_wire(row, [])} for row in rows]


class Heartbeat(BaseModel):
    """What the replica runs: execution -> attempt."""

    running: dict[str, int] = Field(default_factory=dict)


@router.post("/heartbeat")
def heartbeat(platform: PlatformDep, caller: ReplicaDep, body: Heartbeat) -> Json:
    """Leases renewed. ``lost``: no longer this replica's. ``terminate``: somebody asked for their end."""
    replica_id = caller.replica_id or ""
    lost = leases.renew(platform, replica_id, body.running)
    with platform.store.guarded() as session:
        known = replicas.change(session, replica_id, seen_at=platform.clock())
        held = executions.running_on(session, replica_id)
    return {
        "known": known,
        "lost": sorted(lost),
        "terminate": [row["id"] for row in held if row["to_terminate"]],
        "forgotten": {row["id"]: row["attempts"] for row in held if row["id"] not in body.running},
    }


class Report(BaseModel):
    """Progress or the end of one attempt."""

    kind: Literal["progress", "ended"]
    execution: str
    attempt: int
    outcome: Literal["success", "error", "stopped", "lost"] = "success"
    reason: Reason | None = None
    message: str = ""
    traceback: str = ""
    output: Any = None
    percent: float | None = None
    seconds: float = 0.0
    charged: bool = True


@router.post("/reports")
def report(platform: PlatformDep, caller: ReplicaDep, body: list[Report]) -> Json:
    """A group of reports in the order they were made. ``stale`` names those that came too late and changed nothing."""
    stale = []
    with platform.store.guarded() as session:
        executions.hold(session, {one.execution for one in body})
        on_reset = leases.on_reset_of(session, caller.service_id or "")
        for one in body:
            row = executions.get(session, one.execution)
            if row is None or row["replica_id"] != caller.replica_id or row["service_id"] != caller.service_id:
                stale.append(one.execution)
            elif one.kind == "progress":
                outcomes.show_progress(session, platform, row, one.attempt, one.percent, one.message, one.output)
            elif not outcomes.settle(session, platform, on_reset, _outcome(one)):
                stale.append(one.execution)
    return {"stale": stale}


def _outcome(report: Report) -> outcomes.Outcome:
    return outcomes.Outcome(
        report.execution,
        report.attempt,
        report.outcome,
        report.reason,
        report.message,
        report.traceback,
        report.output,
        report.seconds,
        report.charged,
    )


class Line(BaseModel):
    """One line of a log."""

    at: float
    level: str = "INFO"
    message: str
    execution_id: str | None = None
    function_name: str | None = None
    system: bool = False


@router.post("/logs")
def append_logs(platform: PlatformDep, caller: ReplicaDep, body: list[Line]) -> Json:
    """A group of lines."""
    with platform.store.guarded() as session:
        logs.append(session, caller.service_id or "", caller.replica_id or "", [line.model_dump() for line in body])
    return {}


@router.websocket("/channel")
async def channel(socket: WebSocket) -> None:
    """Wake-ups and orders out; slots and acknowledgements in. Its end is noticed at once."""
    platform: Platform = socket.app.state.platform
    try:
        token = socket.headers.get("authorization", "").removeprefix("Bearer ")
        caller = await asyncio.to_thread(caller_of, platform, token, "replica")
    except Unauthorized:
        await socket.close(4401)
        return
    await socket.accept()
    outgoing: asyncio.Queue[Json] = asyncio.Queue()
    put, loop = outgoing.put_nowait, asyncio.get_running_loop()

    def send(message: Json) -> None:
        loop.call_soon_threadsafe(put, message)

    def wake(ids: Sequence[str]) -> None:
        send({"type": "wake", "ids": list(ids)})

    consumer = platform.broker.consume(caller.service_id or "", caller.replica_id or "", wake, send)
    sender = asyncio.create_task(_send_all(socket, outgoing))
    try:
        while True:
            message = await socket.receive_json()
            if message.get("type") == "slots":
                consumer.prefetch(int(message["free"]))
            elif message.get("type") == "ack":
                consumer.ack([str(one) for one in message["ids"]])
            elif message.get("type") == "back":
                consumer.give_back([str(one) for one in message["ids"]])
    except (WebSocketDisconnect, RuntimeError, ValueError, KeyError):
        pass  # a channel that breaks or talks nonsense is over; the agent opens another
    finally:
        sender.cancel()
        consumer.close()


async def _send_all(socket: WebSocket, outgoing: asyncio.Queue[Json]) -> None:
    while True:
        await socket.send_json(await outgoing.get())
