"""Wake-ups out: what the outbox owes goes to the broker; what waits without a wake-up gets another.

Steps for the loops of ``control/loops.py``. Duplicates are harmless, because only a claim starts work.
"""

from __future__ import annotations

from collections import defaultdict

from faas_agent.control.platform import Platform
from faas_agent.model.times import to_wire
from faas_agent.ports.store import executions, outbox

MUCH = 500
"""Published wake-ups that are crossed off whatever else there is to do."""
SETTLE_SECONDS = 5.0
"""A wake-up younger than this is on its way; the sweep leaves it alone."""


class Publisher:
    """Remembers what it has published and not crossed off yet; forgetting that means a second wake-up, no more.

    Crossing off waits for a moment without news, because it would stand in the way of the claim that the wake-up
    brings about.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._published: set[int] = set()

    def step(self) -> int:
        """Publish what is new, or cross off. Returns how many were new; raises Unavailable when the broker is away."""
        new = 0
        while count := self._publish():
            new += count
        if self._published and (not new or len(self._published) >= MUCH):
            with self._platform.store.guarded() as session:
                outbox.paid(session, self._published)
            self._published = set()
        return new

    def _publish(self) -> int:
        with self._platform.store.read() as session:
            group = outbox.owed(session, published=self._published)
        for service_id, ids in group.by_service.items():
            self._platform.broker.publish(service_id, ids)
        self._published.update(group.rows)
        return len(group.rows)


def wake_forgotten(platform: Platform, settle_seconds: float = SETTLE_SECONDS) -> int:
    """Publish again for executions that have waited a while: the broker may have lost theirs. Returns how many."""
    by_service = defaultdict[str, list[str]](list)
    with platform.store.read() as session:
        for row in executions.waiting(session, to_wire(platform.clock() - settle_seconds)):
            by_service[row["service_id"]].append(row["id"])
    for service_id, ids in by_service.items():
        platform.broker.publish(service_id, ids)
    return sum(map(len, by_service.values()))
