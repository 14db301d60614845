"""The line to the platform, against a real WebSocket server: it comes back, and asks for no more than it can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

from faas_agent.pod.agent.channel import Channel


class Platform:
    """The other end: what it heard on each connection, and a way to speak."""

    def __init__(self) -> None:
        self.heard: list[list[dict[str, Any]]] = []
        self.tokens: list[str | None] = []
        self.line: ServerConnection | None = None

    async def answer(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.tokens.append(line.request.headers.get("Authorization"))
        self.line, mine = line, list[dict[str, Any]]()
        self.heard.append(mine)
        async for text in line:
            mine.append(json.loads(text))

    async def say(self, message: dict[str, Any]) -> None:
        assert self.line is not None
        await self.line.send(json.dumps(message))

    async def until(self, connections: int, messages: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.heard) < connections or len(self.heard[-1]) < messages:
                await asyncio.sleep(0.005)
        return self.heard[-1]


@asynccontextmanager
async def listening(platform: Platform, port: int = 0) -> AsyncIterator[int]:
    server: Server
    async with serve(platform.answer, "127.0.0.1", port) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def connected(port: int, heard: list[Any]) -> AsyncIterator[Channel]:
    channel = Channel(f"ws://127.0.0.1:{port}", "secret", heard.append)
    running = asyncio.create_task(channel.run())
    try:
        yield channel
    finally:
        running.cancel()
        await asyncio.wait([running])


def test_it_says_who_it_is_and_what_it_can_do() -> None:
    async def scene() -> None:
        platform, heard = Platform(), list[Any]()
        async with listening(platform) as port, connected(port, heard) as channel:
            channel.slots(4)
            assert await platform.until(1, 1) == [{"type": "slots", "free": 4}]
            assert platform.tokens == ["Bearer secret"]
            await platform.say({"type": "wake", "ids": ["a"]})
            channel.ack(["a"])
            assert (await platform.until(1, 2))[1:] == [{"type": "ack", "ids": ["a"]}]
            assert heard == [{"type": "wake", "ids": ["a"]}]

    asyncio.run(scene())


def test_it_comes_back_when_the_platform_does() -> None:
    async def scene() -> None:
        platform, heard = Platform(), list[Any]()
        async with listening(platform) as port:
            pass  # only to know a port where nobody is
        async with connected(port, heard) as channel:
            channel.slots(2)
            for connection in (1, 2):
                async with listening(platform, port):
                    assert await platform.until(connection, 1) == [{"type": "slots", "free": 2}]

    asyncio.run(scene())


def test_what_runs_since_before_a_break_keeps_its_slot_until_it_ends() -> None:
    async def scene() -> None:
        platform, heard = Platform(), list[Any]()
        async with listening(platform) as port:
            pass
        async with connected(port, heard) as channel:
            channel.slots(2)
            async with listening(platform, port):
                await platform.until(1, 1)
                await platform.say({"type": "wake", "ids": ["old", "short"]})
                async with asyncio.timeout(5):
                    while not heard:
                        await asyncio.sleep(0.005)
                channel.ack(["short"])
            async with listening(platform, port):
                assert await platform.until(2, 1) == [{"type": "slots", "free": 1}]
                channel.ack(["old"])
                assert (await platform.until(2, 3))[1:] == [
                    {"type": "slots", "free": 2},
                    {"type": "ack", "ids": ["old"]},
                ]

    asyncio.run(scene())


def test_a_line_that_is_refused_is_tried_again_not_given_up() -> None:
    async def scene() -> None:
        tries = []

        async def refuse(line: ServerConnection) -> None:
            tries.append(1)
            await line.close(4401)

        async with serve(refuse, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with connected(port, []), asyncio.timeout(10):
                while len(tries) < 3:
                    await asyncio.sleep(0.01)

    asyncio.run(scene())
