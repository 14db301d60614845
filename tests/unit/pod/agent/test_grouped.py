"""Groups keep their order, wait for a platform that is away, and lose only what they were told they may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from faas_agent.pod.agent import grouped
from faas_agent.pod.agent.api import Away, Gone, Refused
from faas_agent.pod.agent.grouped import Grouped

Answer = Callable[[list[Any]], None]


class Platform:
    """Takes groups; ``answer`` may raise instead."""

    def __init__(self, answer: Answer = lambda _group: None) -> None:
        self.groups: list[list[Any]] = []
        self._answer = answer

    async def send(self, text: str) -> None:
        group = json.loads(text)
        self._answer(group)
        self.groups.append(group)

    @property
    def taken(self) -> list[Any]:
        return [one for group in self.groups for one in group]


async def delivered(queue: Grouped, put: Callable[[], Awaitable[None]] | None = None) -> bool:
    """Run it until it is empty."""
    running = asyncio.create_task(queue.run())
    if put is not None:
        await put()
    done = await queue.flush(5)
    running.cancel()
    return done


def test_what_comes_together_goes_together_in_order() -> None:
    platform = Platform()

    async def scene() -> None:
        queue = Grouped(platform.send, size=3)
        queue.extend(range(7))
        assert await delivered(queue)

    asyncio.run(scene())
    assert platform.groups == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_group_is_closed_when_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "GROUP_BYTES", 100)
    platform = Platform()

    async def scene() -> None:
        queue = Grouped(platform.send)
        queue.extend(["x" * 60, "y" * 60, "z" * 500, "a"])
        assert await delivered(queue)

    asyncio.run(scene())
    assert [[len(one) for one in group] for group in platform.groups] == [[60], [60], [500], [1]]


def test_a_platform_that_is_away_gets_it_later_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "PAUSE_SECONDS", 0.001)
    away = [Away("gone"), Away("still")]

    def answer(_group: list[Any]) -> None:
        if away:
            raise away.pop()

    platform = Platform(answer)

    async def scene() -> None:
        queue = Grouped(platform.send, size=2)
        queue.extend([1, 2, 3])
        assert await delivered(queue)

    asyncio.run(scene())
    assert platform.taken == [1, 2, 3]


def test_the_oldest_are_dropped_only_where_there_is_a_room_and_it_is_full() -> None:
    async def scene(room: int) -> tuple[list[Any], int]:
        platform = Platform()
        queue = Grouped(platform.send, room=room)
        queue.extend(range(5))
        dropped = queue.dropped
        assert await delivered(queue)
        return platform.taken, dropped

    # each takes one character
    assert asyncio.run(scene(0)) == ([0, 1, 2, 3, 4], 0)
    assert asyncio.run(scene(5)) == ([0, 1, 2, 3, 4], 0)
    assert asyncio.run(scene(2)) == ([3, 4], 3)


def test_one_that_is_refused_does_not_take_its_neighbours_along() -> None:
    def answer(group: list[Any]) -> None:
        if "bad" in group:
            raise Refused("no")

    platform = Platform(answer)
    refused: list[tuple[Any, str]] = []

    async def scene() -> None:
        queue = Grouped(platform.send, refused=lambda one, why: refused.append((one, why)))
        queue.extend([1, 2, "bad", 3, 4])
        assert await delivered(queue)

    asyncio.run(scene())
    assert platform.taken == [1, 2, 3, 4]
    assert refused == [("bad", "no")]


def test_a_platform_that_does_not_know_this_replica_gets_nothing_more() -> None:
    def answer(_group: list[Any]) -> None:
        raise Gone("who?")

    async def scene() -> None:
        queue = Grouped(Platform(answer).send)
        queue.put(1)
        assert await delivered(queue)

    asyncio.run(scene())


def test_a_flush_does_not_wait_for_ever() -> None:
    def answer(_group: list[Any]) -> None:
        raise Away("gone")

    async def scene() -> bool:
        queue = Grouped(Platform(answer).send)
        queue.put(1)
        running = asyncio.create_task(queue.run())
        done = await queue.flush(0.05)
        running.cancel()
        return done

    assert asyncio.run(scene()) is False


def test_with_a_linger_what_comes_a_moment_later_is_in_the_group() -> None:
    platform = Platform()

    async def scene() -> None:
        queue = Grouped(platform.send, linger=0.05)
        running = asyncio.create_task(queue.run())
        queue.put(1)
        await asyncio.sleep(0)
        queue.put(2)
        assert await queue.flush(5)
        running.cancel()

    asyncio.run(scene())
    assert platform.groups == [[1, 2]]
