"""One replica's life: boot, serve, drain, end (DESIGN 5). Trusted; never imports user code.

Enters: the replica's id, the API's url and a token, as JSON on stdin. Leaves: an exit code. Ends when it is told to,
when its service is gone, or when the platform has been away for so long that its leases are worth nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
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
from faas_agent.pod.agent.api import Api, Away, Gone
from faas_agent.pod.agent.boot import Phases, prepare
from faas_agent.pod.agent.channel import Channel
from faas_agent.pod.agent.grouped import Grouped
from faas_agent.pod.agent.heartbeat import beat_forever
from faas_agent.pod.agent.token_proxy import TokenProxy
from faas_agent.pod.agent.work import Work
from faas_agent.pod.host.call import Events, LogLine
from faas_agent.pod.host.supervise import Supervisor

FLUSH_SECONDS = 10.0
LOG_ROOM = 20_000
"""Lines kept for a platform that is away; older ones are dropped and counted."""
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
        self._logs = Grouped(lambda lines: self._api.call("POST", "logs", lines), room=LOG_ROOM)
        self._reports = Grouped(lambda reports: self._api.call("POST", "reports", reports), size=200)
        self._end: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
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
        boot = await self._boot()
        proxy.token = boot["botToken"]
        self._service = boot["service"]
        supervisor = await self._start(boot, proxy)
        if supervisor is None:
            return 1
        work = Work(self._api, supervisor, self._reports, float(self._service["executionTimeout"]))
        channel = Channel(self._api.channel_url, self._config.token, lambda message: self._hear(work, message))
        work.channel = channel
        channel.slots(self._service["runtime"]["concurrency"])
        await self._state("ready")
        self._spawn(work.claim_forever())
        self._spawn(channel.run())
        self._spawn(beat_forever(self._api, work, supervisor, proxy, boot, self._order))
        order = await self._end
        await self._drain(work, supervisor, order)
        return 0

    async def _boot(self) -> Json:
        while True:
            try:
                found: Json = await self._api.call("GET", "boot")
            except Away:
                await asyncio.sleep(0.5)
            else:
                return found

    async def _start(self, boot: Json, proxy: TokenProxy) -> Supervisor | None:
        """The supervisor with its first runner; None when the start failed and was reported."""
        began = time.monotonic()
        try:
            spec = await prepare(
                self._api, boot, self._config.folder, self._cache, self._phases, self._say, proxy.address
            )
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
        elif order["type"] in ("drain", "shutdown") and not self._end.done():
            self._end.set_result(order)

    async def _drain(self, work: Work, supervisor: Supervisor, order: Json) -> None:
        work.drain(requeue=order["type"] == "shutdown")
        with contextlib.suppress(Away, Gone):
            await self._state("draining")
        seconds = order.get("seconds", self._service["drainTime"])
        await supervisor.drain(float(seconds))
        await work.idle()
        await supervisor.close()

    async def _state(self, state: str, **more: Any) -> None:
        body = {"state": state, "phases": self._phases.seconds, **more}
        while True:
            try:
                await self._api.call("POST", "state", body)
            except Away:
                await asyncio.sleep(0.5)
            else:
                return

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
