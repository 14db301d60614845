"""The ladder by itself: which rung is reached, and in which order, for calls that end at each of them."""

from __future__ import annotations

import asyncio

import pytest

from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host import limits


class Ends:
    """A call that ends at one rung."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.seen: list[str] = []
        self.waited: list[float] = []

    def ask(self, reason: Reason) -> None:
        self.seen.append(f"asked: {reason}")

    def interrupt(self) -> None:
        self.seen.append("interrupted")

    def abandon(self, reason: Reason) -> None:
        self.seen.append(f"abandoned: {reason}")

    async def ended(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.seen[-1].startswith(self.at)


@pytest.mark.parametrize(
    ("at", "seen"),
    [
        ("asked", ["asked: timeout"]),
        ("interrupted", ["asked: timeout", "interrupted"]),
        ("never", ["asked: timeout", "interrupted", "abandoned: timeout"]),
    ],
)
def test_a_call_climbs_no_further_than_it_has_to(at: str, seen: list[str]) -> None:
    call = Ends(at)
    asyncio.run(limits.climb(call, Reason.TIMEOUT))
    assert call.seen == seen


def test_the_whole_ladder_is_shorter_than_two_seconds() -> None:
    call = Ends("never")
    asyncio.run(limits.climb(call, Reason.TERMINATED))
    assert sum(call.waited) < 2.0


def test_messages_say_what_callers_look_for() -> None:
    assert "Execution stopped due to runner timeout" in limits.message_of(Reason.TIMEOUT, as_process=True)
    assert "termination signal" in limits.message_of(Reason.TERMINATED, as_process=False)
    assert "killed" in limits.message_of(Reason.TERMINATED, as_process=True)
