"""Wake-ups out: what the outbox owes goes to the broker; what waits without a wake-up gets another.

Two steps for the loops of ``control/loops.py``. Duplicates are harmless, because only a claim starts work.
"""

from __future__ import annotations

from collections import defaultdict

from faas_agent.control.platform import Platform
from faas_agent.model.times import to_wire
from faas_agent.ports.store import executions, outbox

SETTLE_SECONDS = 5.0
"""A wake-up younger than this is on its way; the sweep leaves it alone."""


def publish_owed(platform: Platform) -> int:
    """Publish everything owed, in groups. Returns how many; raises Unavailable when the broker is away."""
    total = 0
    while True:
        with platform.store.read() as session:
            group = outbox.owed(session)
        if not group.rows:
            return total
        for service_id, ids in group.by_service.items():
            platform.broker.publish(service_id, ids)
        with platform.store.guarded() as session:
            outbox.paid(session, group)
        total += len(group.rows)


def wake_forgotten(platform: Platform, settle_seconds: float = SETTLE_SECONDS) -> int:
    """Publish again for executions that have waited a while: the broker may have lost theirs. Returns how many."""
    by_service = defaultdict[str, list[str]](list)
    with platform.store.read() as session:
        for row in executions.waiting(session, to_wire(platform.clock() - settle_seconds)):
            by_service[row["service_id"]].append(row["id"])
    for service_id, ids in by_service.items():
        platform.broker.publish(service_id, ids)
    return sum(map(len, by_service.values()))
