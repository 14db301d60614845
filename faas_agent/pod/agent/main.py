"""One replica's life: boot, serve, drain, end (DESIGN 5). Trusted; never imports user code.

Enters: the replica's id, the API's url and a token, as JSON on stdin. Leaves: an exit code. Ends when it is told to,
when its service is gone, or when the platform has been away for so long that its leases are worth nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import shutil
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faas_agent.errors import StartFailed
from faas_agent.pod.agent import work as works
from faas_agent.pod.agent.api import Api, Gone
from faas_agent.pod.agent.boot import Phases, prepare
from faas_agent.pod.agent.channel import Channel
from faas_agent.pod.agent.grouped import Grouped
from faas_agent.pod.agent.heartbeat import beat_forever
from faas_agent.pod.agent.token_proxy import TokenProxy
from faas_agent.pod.agent.work import Work
from faas_agent.pod.host.call import Events, LogLine
from faas_agent.pod.host.supervise import Supervisor

FLUSH_SECONDS = 10.0
LOG_ROOM = 64 * 1024**2
"""Characters of lines kept for a platform that is away or too slow; the oldest go first, and are counted."""
LOG_GROUP = 5000
LOG_LINGER_SECONDS = 0.05
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """What the cluster hands to an agent."""

    replica: str
    api: str
    token: str
    folder: Path

    @classmethod
    def read(cls, text: str) -> Config:
        raw = json.loads(text)
        return cls(raw["replica"], raw["api"], raw["token"], Path(raw["folder"]))


class Agent:
    """One replica. ``live`` returns the exit code."""

    def __init__(self, config: Config, cache: Path) -> None:
        self._config, self._cache = config, cache
        self._api = Api(config.api + "/api/v1", config.token)
        self._phases = Phases()
        self._logs = Grouped(self._send_logs, LOG_GROUP, LOG_ROOM, linger=LOG_LINGER_SECONDS)
        self._reports = Grouped(lambda text: self._api.send("POST", "reports", text), size=200, refused=self._refused)
        self._work: Work | None = None
        self._orders: asyncio.Queue[Json] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def live(self) -> int:
        """Boot, serve until told to end, drain."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._order, {"type": "drain"})
        self._spawn(self._logs.run())
        self._spawn(self._reports.run())
        try:
            with TokenProxy() as proxy:
                return await self._serve(proxy)
        except Gone:
            return 0
        finally:
            await self._reports.flush(FLUSH_SECONDS)
            await self._logs.flush(FLUSH_SECONDS)
            for task in self._tasks:
                task.cancel()
            shutil.rmtree(self._config.folder / "code", ignore_errors=True)

    async def _serve(self, proxy: TokenProxy) -> int:
        booting = asyncio.create_task(self._api.insist("GET", "boot"))
        if await self._ordered_before(booting):
            return 0
        boot: Json = booting.result()
        proxy.token = boot["botToken"]
        self._service = boot["service"]
        starting = asyncio.create_task(self._start(boot, proxy))
        if await self._ordered_before(starting):
            return 0
        if (supervisor := await starting) is None:
            return 1
        try:
            return await self._live_with(supervisor, boot, proxy)
        finally:
            await supervisor.close()

    async def _live_with(self, supervisor: Supervisor, boot: Json, proxy: TokenProxy) -> int:
        work = Work(self._api, supervisor, self._reports, self._logs, float(self._service["executionTimeout"]))
        channel = Channel(self._api.channel_url, self._config.token, lambda message: self._hear(work, message))
        self._work, work.channel = work, channel
        await self._state("ready")
        channel.slots(self._service["runtime"]["concurrency"])
        self._spawn(work.claim_forever())
        self._spawn(channel.run())
        self._spawn(beat_forever(self._api, work, supervisor, proxy, boot, self._order))
        await self._drain(work, supervisor)
        return 0

    async def _drain(self, work: Work, supervisor: Supervisor) -> None:
        """Waits for the order to end, then for the work. A further order may shorten that, never lengthen it."""
        until = math.inf
        while True:
            order = await self._orders.get()
            work.drain(requeue=work.requeue or order["type"] == "shutdown")
            self._spawn(self._tell_draining())
            until = min(until, time.monotonic() + float(order.get("seconds", self._service["drainTime"])))
            if not await self._ordered_before(asyncio.create_task(supervisor.drain(until - time.monotonic()))):
                break
        await work.idle()

    async def _ordered_before(self, task: asyncio.Task[Any]) -> bool:
        """True when an order, which is left where it is, came before the task was over; then the task is cancelled."""
        ordered = asyncio.create_task(self._orders.get())
        waited: set[asyncio.Task[Any]] = {task, ordered}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if ordered.done():
            self._orders.put_nowait(ordered.result())
        for late in waited:
            late.cancel()
        await asyncio.wait(waited)
        return task.cancelled()

    async def _start(self, boot: Json, proxy: TokenProxy) -> Supervisor | None:
        """The supervisor with its first runner; None when the start failed and was reported."""
        began = time.monotonic()
        try:
            spec = await prepare(self._api, boot, self._config.folder, self._cache, self._phases, self._say, proxy.port)
            supervisor = Supervisor(spec, self._events())
            await supervisor.start()
        except StartFailed as error:
            self._say(f"The replica cannot start ({error.reason}): {error.message}", "ERROR")
            for line in error.traceback.splitlines():
                self._say(line, "ERROR")
            await self._logs.flush(FLUSH_SECONDS)
            await self._state("failed", reason=error.reason, message=error.message)
            return None
        self._phases.seconds["start"] = round(time.monotonic() - began, 4)
        return supervisor

    def _events(self) -> Events:
        return Events(
            progress=lambda key, said: self._reports.put(works.progress_report(key, said)),
            logs=lambda lines: self._logs.extend(map(works.log_line, lines)),
            phase=lambda name, seconds: self._phases.seconds.update({name: round(seconds, 4)}),
            replaced=lambda why: self._say(f"The runner is replaced: {why}", "WARNING"),
        )

    def _hear(self, work: Work, message: Json) -> None:
        if message["type"] == "wake":
            work.wake(message["ids"])
        else:
            self._order(message, work)

    def _order(self, order: Json, work: Work | None = None) -> None:
        """``stop`` ends one execution; ``drain`` and ``shutdown`` end this replica, the latter giving work back."""
        if order["type"] == "stop" and work is not None:
            work.stop(order["execution"], order["attempt"])
        elif order["type"] in ("drain", "shutdown"):
            self._orders.put_nowait(order)

    async def _tell_draining(self) -> None:
        with contextlib.suppress(Gone):
            await self._state("draining")

    async def _state(self, state: str, **more: Any) -> None:
        await self._api.insist("POST", "state", {"state": state, "phases": self._phases.seconds, **more})

    async def _send_logs(self, text: str) -> None:
        await self._api.send("POST", "logs", text)
        if self._logs.dropped and not self._logs.waiting:
            dropped, self._logs.dropped = self._logs.dropped, 0
            self._say(f"{dropped} lines of this log are missing: they came faster than they could be stored", "WARNING")

    def _refused(self, report: Json, why: str) -> None:
        self._say(f"The platform refused a report: {why}", "ERROR")
        if self._work is not None:
            self._work.refused(report, why)

    def _say(self, text: str, level: str = "INFO") -> None:
        self._logs.put(works.log_line(LogLine(time.time(), level, text)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))


def main(arguments: list[str]) -> int:
    """``python -m faas_agent.pod.agent --cache FOLDER``, with the configuration on stdin."""
    if len(arguments) != 2 or arguments[0] != "--cache":
        sys.stderr.write("usage: faas agent --cache FOLDER, with a replica's configuration on stdin\n")
        return 2
    try:
        config = Config.read(sys.stdin.read())
    except (ValueError, KeyError):
        sys.stderr.write("agent: no configuration on stdin: a cluster starts agents, nobody else\n")
        return 2

    async def live() -> int:
        return await Agent(config, Path(arguments[1])).live()

    return asyncio.run(live())
