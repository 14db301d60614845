"""A queue that empties itself in groups: what comes while one group is on its way goes into the next (DESIGN 9).

Enters: JSON values, one by one. Leaves: JSON arrays, in that order, each kept until the platform has it or no longer
knows this replica. What the platform refuses is parted until the one at fault is alone. Used for reports and for logs.
With a ``room``, the oldest are dropped rather than memory filled, and counted.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from faas_agent.pod.agent.api import LONGEST_PAUSE_SECONDS, PAUSE_SECONDS, Away, Gone, Refused

Send = Callable[[str], Awaitable[object]]
GROUP_BYTES = 4 * 1024**2
"""A group is closed when it is as long as this; one longer value goes alone."""


def _ignore(*_: object) -> None:
    """For whoever does not want to know."""


class Grouped:
    """``size`` at most in a group; ``room``: characters kept before the oldest are dropped (0: never).

    ``linger``: how long the first of a group waits for others, for what need not arrive at once.
    """

    def __init__(
        self,
        send: Send,
        size: int = 500,
        room: int = 0,
        linger: float = 0.0,
        refused: Callable[[Any, str], None] = _ignore,
    ) -> None:
        self._send, self._size, self._room, self._linger, self._refused = send, size, room, linger, refused
        self._waiting: deque[str] = deque()
        self._length = 0
        self._come = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.dropped = 0
        """How many found no room since the owner last set it to 0."""

    @property
    def waiting(self) -> int:
        """How many are not on their way yet."""
        return len(self._waiting)

    def put(self, one: Any) -> None:
        """Take one; it is on its way with the next group."""
        self.extend([one])

    def extend(self, several: Iterable[Any]) -> None:
        """Take them; they are on their way with the next group. Kept as text, so that nobody can change them."""
        for one in several:
            self._waiting.append(json.dumps(one))
            self._length += len(self._waiting[-1])
        while self._room and self._length > self._room:
            self._pop()
            self.dropped += 1
        self._empty.clear()
        self._come.set()

    async def run(self) -> None:
        """Deliver for ever; cancelled when the agent ends."""
        while True:
            await self._come.wait()
            self._come.clear()
            if self._linger:
                await asyncio.sleep(self._linger)
            while self._waiting:
                await self._deliver(self._next())
            self._empty.set()

    async def flush(self, seconds: float) -> bool:
        """Wait until everything is delivered, at most so long."""
        try:
            await asyncio.wait_for(self._empty.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _next(self) -> list[str]:
        length, count = 0, 0
        for text in islice(self._waiting, self._size):
            length += len(text)
            if count and length > GROUP_BYTES:
                break
            count += 1
        return [self._pop() for _ in range(count)]

    def _pop(self) -> str:
        text = self._waiting.popleft()
        self._length -= len(text)
        return text

    async def _deliver(self, group: Sequence[str]) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._send(f"[{','.join(group)}]")
            except Away:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Refused as error:
                return await self._part(group, str(error))
            except Gone:
                return None
            else:
                return None

    async def _part(self, group: Sequence[str], why: str) -> None:
        if len(group) == 1:
            self._refused(json.loads(group[0]), why)
            return
        half = len(group) // 2
        await self._deliver(group[:half])
        await self._deliver(group[half:])
