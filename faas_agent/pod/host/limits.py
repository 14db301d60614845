"""The ladder that ends a call (DESIGN 4): ask, then interrupt, then go on without it.

Enters: a running call and why it has to end. Leaves: its end, within ``GRACE`` + ``PATIENCE`` seconds, whatever user
code does. The same ladder for timeout, terminate and drain; it knows neither processes nor sockets.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from faas_agent.model.executions.reasons import Reason

GRACE_SECONDS = 1.0
"""Between the kill event and the interrupt: time for a checkpoint and a clean-up."""
PATIENCE_SECONDS = 0.5
"""Between the interrupt and giving the runner up: it takes effect between two instructions or never."""

MESSAGES = {
    Reason.TIMEOUT: "Execution stopped due to runner timeout",
    Reason.TERMINATED: "Execution received termination signal",
    Reason.DRAINED: "Execution stopped because its replica had to end",
    Reason.REPLICA_LOST: "Execution stopped because another replica has it",
}
"""What callers look for in the message (ENDPOINTS 16)."""


def message_of(reason: Reason, as_process: bool) -> str:
    """What ``kill_event()`` raises and the execution's status says."""
    if as_process and reason is Reason.TERMINATED:
        return MESSAGES[reason] + ", its process was killed"
    return MESSAGES[reason]


class Stoppable(Protocol):
    """A call as the ladder sees it."""

    def ask(self, reason: Reason) -> None:
        """Sets its kill event."""

    def interrupt(self) -> None:
        """An exception in its thread, or the end of its child process."""

    def abandon(self, reason: Reason) -> None:
        """It has ended, as far as everybody else is concerned; its runner will have to be replaced."""

    async def ended(self, seconds: float) -> bool:
        """Waits for its end at most that long."""


async def climb(call: Stoppable, reason: Reason, grace: float = GRACE_SECONDS) -> None:
    """Returns when the call has ended."""
    call.ask(reason)
    if await call.ended(grace):
        return
    call.interrupt()
    if await call.ended(PATIENCE_SECONDS):
        return
    call.abandon(reason)


async def within(future: asyncio.Future[Any], seconds: float) -> bool:
    """Whether the future is done by then; it is left as it is."""
    done, _ = await asyncio.wait([future], timeout=seconds)
    return bool(done)
