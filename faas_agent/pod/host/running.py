"""One call on its way through a supervisor: waiting, with a runner, ended. It ends exactly once.

Enters: what the runner says about it, and orders to stop. Leaves: its ``Outcome``. Bears its own time limit and its own
ladder, so an order can never reach another call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host import limits
from faas_agent.pod.host.call import Call, Ending, Outcome
from faas_agent.pod.runner.wire import Frame


class Sender(Protocol):
    """The runner that has the call."""

    def send_stop(self, running: Running, reason: Reason, message: str) -> None: ...

    def send_interrupt(self, running: Running) -> None: ...


class Running:
    """Implements ``limits.Stoppable``."""

    def __init__(self, call: Call, as_process: bool, over: Callable[[Running], None]) -> None:
        self.call = call
        self.future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.sender: Sender | None = None
        self.started_at: float | None = None
        self.abandoned = False
        self.lost = False
        self.reason: Reason | None = None
        self._given_back = False
        self._as_process = as_process
        self._over = over
        self._limit: asyncio.TimerHandle | None = None
        self._ladder: asyncio.Task[None] | None = None

    def frame(self) -> Frame:
        """The ``call`` frame. Its deadline is the platform's, seen by the function in its context."""
        deadline = None if self.call.timeout is None else time.time() + self.call.timeout
        ids = {"type": "call", "execution": self.call.execution, "attempt": self.call.attempt}
        what = {"function": self.call.function, "input": dict(self.call.input), "info": dict(self.call.info)}
        return {**ids, **what, "deadline": deadline}

    def sent(self, sender: Sender) -> None:
        """A runner has it; its time runs."""
        self.sender = sender
        if self.call.timeout is not None:
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(self.call.timeout, self.stop, Reason.TIMEOUT)

    def give_back(self) -> bool:
        """Whether another runner may take it, because this one never began it. Once: it may be what runners die of."""
        if self.started_at is not None or self.reason is not None or self._given_back:
            return False
        if self._limit is not None:
            self._limit.cancel()
        self.sender, self._given_back = None, True
        return True

    def stop(self, reason: Reason) -> None:
        """Begins the ladder, once; a call that no runner has yet ends here, uncharged."""
        if self.sender is None:
            self.finish(self._stopped(reason, charged=False))
        elif self.reason is None and not self.future.done():
            self.reason = reason
            self._ladder = asyncio.get_running_loop().create_task(limits.climb(self, reason))

    def ask(self, reason: Reason) -> None:
        if self.sender is not None:
            self.sender.send_stop(self, reason, limits.message_of(reason, self._as_process))

    def interrupt(self) -> None:
        if self.sender is not None:
            self.sender.send_interrupt(self)

    def abandon(self, reason: Reason) -> None:
        self.abandoned = True
        self.finish(self._stopped(reason))

    async def ended(self, seconds: float) -> bool:
        return await limits.within(self.future, seconds)

    def answer(self, done: Mapping[str, Any]) -> None:
        """A ``done`` frame."""
        ending = Ending(done.get("outcome", "error"))
        outcome = Outcome(
            ending=ending,
            output=done.get("output"),
            reason=None if ending is Ending.SUCCESS else Reason(done.get("reason", "error")),
            message=str(done.get("message", "")),
            traceback=str(done.get("traceback", "")),
            seconds=float(done.get("seconds", 0.0)),
            started_at=self.started_at,
        )
        self.finish(outcome)

    def lose(self, reason: Reason, message: str, charged: bool) -> None:
        """Its process ended without an answer. After an order to stop that is what stopped it."""
        if self.reason is not None:
            self.finish(self._stopped(self.reason))
            return
        self.lost = True
        counts = charged and self.started_at is not None
        self.finish(self._ended(Ending.LOST, reason, message, counts))

    def finish(self, outcome: Outcome) -> None:
        """The first end stands."""
        if not self.future.done():
            if self._limit is not None:
                self._limit.cancel()
            self.future.set_result(outcome)
            self._over(self)

    def fail(self, error: Exception) -> None:
        """No runner will ever take it."""
        if not self.future.done():
            self.future.set_exception(error)
            self._over(self)

    def _stopped(self, reason: Reason, charged: bool = True) -> Outcome:
        return self._ended(Ending.STOPPED, reason, limits.message_of(reason, self._as_process), charged)

    def _ended(self, ending: Ending, reason: Reason, message: str, charged: bool) -> Outcome:
        seconds = 0.0 if self.started_at is None else max(0.0, time.time() - self.started_at)
        return Outcome(
            ending=ending,
            reason=reason,
            message=message,
            charged=charged,
            seconds=seconds,
            started_at=self.started_at,
        )
