"""The open line to the platform: wake-ups and orders in, free slots and acknowledgements out.

It breaks and comes back by itself, with back-off and jitter; what it would have brought meanwhile comes again, because
the store knows what waits. It is never the reason that work is lost.
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
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()

    def slots(self, free: int) -> None:
        """How many wake-ups may be held at once from now on."""
        self._slots = free
        self._outgoing.put_nowait({"type": "slots", "free": free})

    def ack(self, ids: list[str]) -> None:
        """Done with these."""
        self._outgoing.put_nowait({"type": "ack", "ids": ids})

    async def run(self) -> None:
        """Connected for ever; cancelled when the agent ends."""
        pause = BACK_OFF_SECONDS
        while True:
            try:
                headers = {"Authorization": f"Bearer {self._token}"}
                async with connect(self._url, additional_headers=headers, proxy=None, max_queue=None) as socket:
                    pause = BACK_OFF_SECONDS
                    await self._talk(socket)
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, LONGEST_SECONDS)

    async def _talk(self, socket: ClientConnection) -> None:
        while not self._outgoing.empty():
            self._outgoing.get_nowait()  # of a connection that is gone: the platform has put those back
        await socket.send(json.dumps({"type": "slots", "free": self._slots}))
        sender = asyncio.create_task(self._send_all(socket))
        try:
            async for text in socket:
                self._hear(json.loads(text))
        finally:
            sender.cancel()

    async def _send_all(self, socket: ClientConnection) -> None:
        while True:
            await socket.send(json.dumps(await self._outgoing.get()))
