"""Wake-ups into calls: claim in groups, run, report, acknowledge (DESIGN 3.4).

Enters: ids somebody should claim. Leaves: one ended report for each attempt that was claimed. A wake-up whose claim
fails is acknowledged and forgotten; one whose claim succeeds is acknowledged when its execution ends, which is what
keeps a busy replica from hoarding.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.agent.api import Api, Away, Gone, Refused
from faas_agent.pod.agent.channel import Channel
from faas_agent.pod.agent.grouped import Grouped
from faas_agent.pod.host.call import Call, Ending, Key, LogLine, Outcome
from faas_agent.pod.host.supervise import Supervisor

Json = dict[str, Any]
CLAIM_PAUSE_SECONDS = 0.5
START_TEXT, DONE_TEXT = "[Start] Executing function.", "[Done] Executing function."
"""Who follows a log with the SDK sees it end at the second of these (ENDPOINTS 15)."""


class Work:
    """What this replica runs. ``requeue``: cut work is given back uncharged, because the platform itself stops."""

    def __init__(self, api: Api, supervisor: Supervisor, reports: Grouped, logs: Grouped, timeout: float) -> None:
        self._api, self._supervisor, self._reports, self._timeout = api, supervisor, reports, timeout
        self._logs = logs
        self.channel: Channel | None = None
        self.running: dict[str, Key] = {}
        self.draining = False
        self.requeue = False
        self._suspects: set[Key] = set()
        self._woken: list[str] = []
        self._come = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, ids: Sequence[str]) -> None:
        """Somebody should claim these."""
        self._woken.extend(ids)
        self._come.set()

    def drain(self, *, requeue: bool = False) -> None:
        """Claim nothing more."""
        self.draining, self.requeue = True, requeue
        if self.channel is not None:
            self.channel.slots(0)
        self._come.set()

    def stop(self, execution: str, attempt: int) -> None:
        """Somebody asked for the end of that attempt."""
        self._supervisor.stop(execution, attempt, Reason.TERMINATED)

    def disown(self, forgotten: Mapping[str, int]) -> None:
        """The platform thinks these are ours. One that is not, twice in a row: the answer to its claim was lost."""
        missing = {Key(one, attempt) for one, attempt in forgotten.items() if one not in self.running}
        for key in missing & self._suspects:
            self._report(key, Outcome(ending=Ending.LOST, reason=Reason.REPLICA_LOST, charged=False))
        self._suspects = missing - self._suspects

    async def claim_forever(self) -> None:
        """Claims whatever was woken while the claim before was on its way, in one group."""
        while True:
            await self._come.wait()
            self._come.clear()
            ids, self._woken = self._woken, []
            if ids and self.draining:
                self._give_back(ids)
            elif ids:
                async with self._claiming:
                    await self._claim(ids)

    async def idle(self) -> None:
        """Until nothing runs, and no claim is on its way."""
        async with self._claiming:
            while self._tasks:
                await asyncio.wait(self._tasks)

    async def _claim(self, ids: list[str]) -> None:
        try:
            claimed: list[Json] = await self._api.call("POST", "claims", {"ids": ids})
        except (Away, Refused):
            await asyncio.sleep(CLAIM_PAUSE_SECONDS)
            self.wake(ids)
            return
        except Gone:
            self.drain()
            return
        won = {execution["id"] for execution in claimed}
        self._ack([one for one in ids if one not in won])
        for execution in claimed:
            task = asyncio.create_task(self._run(execution))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, execution: Json) -> None:
        key = Key(execution["id"], execution["attempt"])
        if (older := self.running.get(key.execution)) is not None:  # its lease had ended, and now it is ours again
            self._supervisor.stop(*older, Reason.REPLICA_LOST)
        self.running[key.execution] = key
        try:
            self._report(key, await self._call(execution, key))
        finally:
            if self.running.get(key.execution) == key:
                del self.running[key.execution]
            self._ack([key.execution])

    async def _call(self, execution: Json, key: Key) -> Outcome:
        if self.draining:
            return Outcome(ending=Ending.LOST, reason=Reason.DRAINED, charged=False)
        call = Call(
            execution=key.execution,
            attempt=key.attempt,
            function=execution["functionName"],
            input=execution["input"],
            timeout=self._timeout,
            info=execution,
        )
        self._say(call, f"{START_TEXT} {call.function}, attempt {call.attempt}")
        outcome = await self._answer(call)
        self._say(call, f"{DONE_TEXT} {call.function}: {outcome.reason or outcome.ending} in {outcome.seconds:.3f} s")
        return outcome

    async def _answer(self, call: Call) -> Outcome:
        try:
            return await self._supervisor.run(call)
        except StartFailed as error:
            return Outcome(
                ending=Ending.ERROR, reason=Reason(error.reason), message=error.message, traceback=error.traceback
            )

    def _say(self, call: Call, text: str) -> None:
        """A line of that execution, in order with its own: they come before the answer."""
        self._logs.put(log_line(LogLine(time.time(), "INFO", text, call.execution, call.attempt, call.function)))

    def _report(self, key: Key, outcome: Outcome) -> None:
        cut = outcome.reason is Reason.DRAINED and self.requeue
        self._reports.put(
            {
                "kind": "ended",
                "execution": key.execution,
                "attempt": key.attempt,
                "outcome": outcome.ending.value,
                "reason": outcome.reason,
                "message": outcome.message,
                "traceback": outcome.traceback,
                "output": outcome.output,
                "seconds": outcome.seconds,
                "charged": outcome.charged and not cut,
            }
        )

    def refused(self, report: Json, why: str) -> None:
        """The platform will not take a report. An outcome that cannot be stored is an outcome too."""
        if report["kind"] == "ended" and report["outcome"] != Ending.ERROR:
            key = Key(report["execution"], report["attempt"])
            message = f"The function ended, but what it returned could not be stored: {why}"
            self._report(key, Outcome(ending=Ending.ERROR, reason=Reason.OUTPUT_NOT_JSON, message=message))

    def _ack(self, ids: list[str]) -> None:
        if ids and self.channel is not None:
            self.channel.ack(ids)

    def _give_back(self, ids: list[str]) -> None:
        if self.channel is not None:
            self.channel.give_back(ids)


def progress_report(key: Key, said: Any) -> Json:
    """What ``progress.update`` said, for the platform."""
    return {
        "kind": "progress",
        "execution": key.execution,
        "attempt": key.attempt,
        "percent": said.get("percent"),
        "message": said.get("message") or "",
        "output": said.get("output"),
    }


def log_line(line: LogLine) -> Json:
    """A line as the platform keeps it."""
    return {
        "at": line.at,
        "level": line.level,
        "message": line.message,
        "execution_id": line.execution,
        "function_name": line.function,
    }
