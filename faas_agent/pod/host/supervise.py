"""Calls in, outcomes out, whatever happens to runner processes in between.

Enters: one ``RunnerSpec`` and many calls. Leaves: exactly one ``Outcome`` for each. Keeps one runner for new calls,
replaces it when it dies or has to be given up, and lets a given-up one finish its other calls first. Knows no HTTP
and no platform: the agent uses it, and so does a local run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.call import Call, Events, Key, Outcome, RunnerSpec
from faas_agent.pod.host.process import Notices, RunnerProcess
from faas_agent.pod.host.running import Running

SIBLING_SECONDS = 30.0
"""How long a runner that was given up may finish its other calls."""
START_TRIES = 3
"""Failed starts of a fresh runner in a row before that is the service's state."""
BACK_OFF_SECONDS = 0.5
"""Before the second try, doubled before each further one; also between crashes with no answer between them."""
BACK_OFF_LIMIT_SECONDS = 10.0


class Supervisor:
    """``await start()``, then ``run`` calls, then ``await drain(seconds)``, ``await close()``."""

    def __init__(
        self, spec: RunnerSpec, events: Events | None = None, sibling_seconds: float = SIBLING_SECONDS
    ) -> None:
        self._spec = spec
        self._events = events or Events()
        self._sibling_seconds = sibling_seconds
        self._calls: dict[Key, Running] = {}
        self._waiting: deque[Running] = deque()
        self._runner: RunnerProcess | None = None
        self._processes: set[RunnerProcess] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: StartFailed | None = None
        self._crashes = 0
        self._closing = False

    async def start(self) -> None:
        """Returns when calls may come. Raises StartFailed."""
        self._install(await self._start_one())

    @property
    def free(self) -> int:
        """Slots for calls that would begin at once; none while a runner is being replaced."""
        return 0 if self._runner is None else max(0, self._spec.concurrency - len(self._calls))

    @property
    def failure(self) -> StartFailed | None:
        """Why no runner will come again, once that is so."""
        return self._failure

    async def run(self, call: Call) -> Outcome:
        """Waits for a slot, then for the end. Raises StartFailed when no runner can be started any more.

        Cancelling it terminates the call. ``ValueError`` for a call that is already here.
        """
        if call.key in self._calls:
            raise ValueError(f"execution {call.execution!r}, attempt {call.attempt}, is running already")
        running = Running(call, self._spec.as_process, self._over)
        self._calls[call.key] = running
        self._waiting.append(running)
        self._fill()
        try:
            return await asyncio.shield(running.future)
        except asyncio.CancelledError:
            running.stop(Reason.TERMINATED)
            raise

    def stop(self, execution: str, attempt: int, reason: Reason = Reason.TERMINATED) -> bool:
        """Begins the ladder. False when that attempt is not here: it has ended, or never came."""
        running = self._calls.get(Key(execution, attempt))
        if running is not None:
            running.stop(reason)
        return running is not None

    async def drain(self, seconds: float) -> None:
        """Returns when nothing runs: calls have that long to end by themselves. Give it no more calls from here on."""
        if self._calls and seconds > 0:
            await asyncio.wait([running.future for running in self._calls.values()], timeout=seconds)
        while self._calls:
            left = list(self._calls.values())
            for running in left:
                running.stop(Reason.DRAINED)
            await asyncio.wait([running.future for running in left])

    async def close(self) -> None:
        """Ends every process now; calls that still run are lost, uncharged. Nothing is left behind."""
        self._closing = True
        for running in list(self._waiting):
            running.stop(Reason.DRAINED)
        for task in self._tasks:
            task.cancel()
        ends = [self._end(process) for process in self._processes]
        await asyncio.gather(*ends, *self._tasks, return_exceptions=True)

    async def _end(self, process: RunnerProcess) -> None:
        if process is self._runner and not process.running:
            await process.end()
        else:
            await process.kill(Reason.DRAINED, "The replica was closed")

    def _sent(self) -> int:
        return len(self._calls) - len(self._waiting)

    def _fill(self) -> None:
        """Hands waiting calls to the runner as slots allow."""
        while self._waiting and self._failure is not None:
            self._waiting.popleft().fail(self._failure)
        while self._runner is not None and self._waiting and self._sent() < self._spec.concurrency:
            self._runner.send(self._waiting.popleft())

    def _over(self, running: Running) -> None:
        """A call has ended, in whatever way."""
        del self._calls[running.call.key]
        if running in self._waiting:
            self._waiting.remove(running)
        if isinstance(running.sender, RunnerProcess):
            running.sender.forget(running)
            if running.abandoned:
                self._give_up(running.sender, "a function did not end when it was told to", self._sibling_seconds)
        if not running.lost:
            self._crashes = 0
        self._fill()

    def _install(self, process: RunnerProcess) -> None:
        self._runner = process
        if process.ended:  # as soon as it was ready
            self._exited(process)

    def _give_up(self, process: RunnerProcess, why: str, seconds: float | None) -> None:
        """Takes no more calls, keeps what it has for that long; a fresh one is started now."""
        if process not in self._processes or process.given_up:
            return
        process.given_up = True
        self._spawn(self._retire(process, seconds))
        if process is self._runner:
            self._replace(why)

    def _exited(self, process: RunnerProcess) -> None:
        if process is self._runner:
            self._crashes += 1
            self._replace("the runner process ended")

    def _returned(self, running: Running) -> None:
        self._waiting.appendleft(running)
        if self._closing:
            running.stop(Reason.DRAINED)
        self._fill()

    def _replace(self, why: str) -> None:
        self._runner = None
        if not self._closing:
            self._events.replaced(why)
            self._spawn(self._start_again())

    async def _retire(self, process: RunnerProcess, seconds: float | None) -> None:
        left = [running.future for running in process.running.values()]
        if left:
            await asyncio.wait(left, timeout=seconds)
        if not process.running:
            await process.end()
        await process.kill(Reason.RUNNER_CRASH, "The runner was replaced because of another execution")

    async def _start_again(self) -> None:
        for failed in range(START_TRIES):
            await asyncio.sleep(self._back_off(failed + max(0, self._crashes - 1)))
            try:
                self._install(await self._start_one())
            except StartFailed as error:
                self._failure = error if failed == START_TRIES - 1 else None
            else:
                break
        self._fill()

    def _back_off(self, failed: int) -> float:
        return min(BACK_OFF_LIMIT_SECONDS, BACK_OFF_SECONDS * 2 ** (failed - 1)) if failed else 0.0

    async def _start_one(self) -> RunnerProcess:
        gone = self._processes.discard
        notices = Notices(exited=self._exited, returned=self._returned, gone=gone, reset=self._reset)
        process = RunnerProcess(self._spec, self._events, notices)
        self._processes.add(process)
        starting = asyncio.create_task(process.start())
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.gather(process.kill(), starting, return_exceptions=True)
            raise
        return process

    def _reset(self, process: RunnerProcess) -> None:
        self._give_up(process, "the service asked for a fresh process", None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
