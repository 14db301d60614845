"""A queue that empties itself in groups: what comes while one group is on its way goes into the next (DESIGN 9).

Used for reports and for logs. Order is kept; a group that cannot be delivered is tried again until it can, or until the
platform no longer knows this replica. With a ``room``, the oldest are dropped rather than memory filled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from faas_agent.pod.agent.api import Away, Gone

Send = Callable[[Sequence[Any]], Awaitable[object]]
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0


class Grouped:
    """``size`` at most in a group; ``room`` at most kept before old ones are dropped (0: never)."""

    def __init__(self, send: Send, size: int = 500, room: int = 0) -> None:
        self._send, self._size, self._room = send, size, room
        self._waiting: list[Any] = []
        self._come = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.dropped = 0

    def put(self, one: Any) -> None:
        """Take one; it is on its way with the next group."""
        self.extend([one])

    def extend(self, several: Iterable[Any]) -> None:
        """Take them; they are on their way with the next group."""
        self._waiting.extend(several)
        if self._room and len(self._waiting) > self._room:
            self.dropped += len(self._waiting) - self._room
            del self._waiting[: -self._room]
        self._empty.clear()
        self._come.set()

    async def run(self) -> None:
        """Deliver for ever; cancelled when the agent ends."""
        while True:
            await self._come.wait()
            self._come.clear()
            while group := self._waiting[: self._size]:
                del self._waiting[: len(group)]
                await self._deliver(group)
            self._empty.set()

    async def flush(self, seconds: float) -> None:
        """Wait until everything is delivered, at most so long."""
        try:
            await asyncio.wait_for(self._empty.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, group: Sequence[Any]) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._send(group)
            except Away:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Gone:
                return
            else:
                return
