"""The open line to the platform: wake-ups and orders in, free slots and acknowledgements out.

It breaks and comes back by itself, with back-off and jitter; what it would have brought meanwhile comes again, because
the store knows what waits. It is never the reason that work is lost. What runs since before a break keeps its slot: the
platform no longer counts it on a new line, so fewer are asked for until it ends.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

Message = dict[str, Any]
BACK_OFF_SECONDS, LONGEST_SECONDS = 0.1, 5.0


class Channel:
    """One replica's line. ``hear`` is called with every message, on the event loop."""

    def __init__(self, url: str, token: str, hear: Callable[[Message], None]) -> None:
        self._url, self._token, self._hear = url, token, hear
        self._slots = 0
        self._held: set[str] = set()
        self._older: set[str] = set()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()

    def slots(self, most: int) -> None:
        """How many wake-ups may be held at once from now on."""
        self._slots = most
        self._outgoing.put_nowait(self._asked())

    def ack(self, ids: list[str]) -> None:
        """Done with these."""
        self._held.difference_update(ids)
        if not self._older.isdisjoint(ids):
            self._older.difference_update(ids)
            self._outgoing.put_nowait(self._asked())
        self._outgoing.put_nowait({"type": "ack", "ids": ids})

    def give_back(self, ids: list[str]) -> None:
        """Not ours to do: wake somebody else."""
        self._held.difference_update(ids)
        self._outgoing.put_nowait({"type": "back", "ids": ids})

    async def run(self) -> None:
        """Connected for ever; cancelled when the agent ends."""
        pause = BACK_OFF_SECONDS
        while True:
            try:
                headers = {"Authorization": f"Bearer {self._token}"}
                async with connect(self._url, additional_headers=headers, proxy=None, max_size=None) as socket:
                    pause = BACK_OFF_SECONDS
                    await self._talk(socket)
            except (OSError, WebSocketException, TimeoutError):
                pass  # whatever it was, the next try tells
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_SECONDS)

    async def _talk(self, socket: ClientConnection) -> None:
        while not self._outgoing.empty():
            self._outgoing.get_nowait()  # of a connection that is gone: the platform has put those back
        self._older |= self._held
        self._held = set()
        await socket.send(json.dumps(self._asked()))
        sender = asyncio.create_task(self._send_all(socket))
        try:
            async for text in socket:
                self._take(json.loads(text))
        finally:
            sender.cancel()

    def _take(self, message: Message) -> None:
        if message["type"] == "wake":
            self._held.update(message["ids"])
        self._hear(message)

    def _asked(self) -> Message:
        return {"type": "slots", "free": max(0, self._slots - len(self._older))}

    async def _send_all(self, socket: ClientConnection) -> None:
        while True:
            await socket.send(json.dumps(await self._outgoing.get()))
