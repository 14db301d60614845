"""Claims and leases: who runs what, and until when that holds (DESIGN 3).

Called by the API's agent resource and by the sweep. A claim is the only way into ``in-progress``; a lease that is not
renewed, or a replica known to be gone, gives the work to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from faas_agent.control.dispatch import outcomes, rollout
from faas_agent.control.platform import Platform
from faas_agent.model.executions.execution import Row, entry
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.retry import OnReset
from faas_agent.model.executions.state import State
from faas_agent.model.times import to_wire
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICES

LOG = structlog.get_logger("dispatch")


def claim(platform: Platform, service_id: str, replica_id: str, execution_ids: Sequence[str]) -> list[Row]:
    """Those of the ids that still wait and that this replica may run, now its own until the lease ends."""
    now = platform.clock()
    latest = entry(to_wire(now), State.IN_PROGRESS)
    with platform.store.guarded() as session:
        wanted = rollout.claimable(session, service_id, replica_id, execution_ids, now)
        rows = executions.claim(session, service_id, wanted, replica_id, now + platform.settings.lease_seconds, latest)
        executions.note(session, [(row["id"], row["attempts"], latest) for row in rows])
    return rows


def renew(platform: Platform, replica_id: str, running: Mapping[str, int]) -> set[str]:
    """Extend leases; the ids that are no longer this replica's come back, and it has to drop them."""
    with platform.store.guarded() as session:
        return executions.renew(session, replica_id, running, platform.clock() + platform.settings.lease_seconds)


def release(session: Session, platform: Platform, replica_id: str, reason: Reason = Reason.REPLICA_LOST) -> int:
    """A replica is gone: what it held is lost to it and decided on at once. Returns how many."""
    rows = executions.running_on(session, replica_id)
    for row in rows:
        lose(session, platform, row, reason)
    return len(rows)


def spare(platform: Platform) -> None:
    """The platform itself was away, so nobody could renew: whatever runs has a whole lease from now on."""
    with platform.store.write() as session:
        executions.spare(session, platform.clock() + platform.settings.lease_seconds)


def take_back_expired(platform: Platform) -> int:
    """Executions whose agent has not been heard of for a lease. Returns how many."""
    with platform.store.read() as session:
        if not executions.expired(session, platform.clock(), 1):
            return 0
    with platform.store.write() as session:
        rows = executions.expired(session, platform.clock())
        for row in rows:
            LOG.warning("lease expired", execution=row["id"], replica=row["replica_id"])
            lose(session, platform, row, Reason.REPLICA_LOST)
    return len(rows)


def lose(session: Session, platform: Platform, row: Row, reason: Reason) -> None:
    """One running execution ended without an answer."""
    outcome = outcomes.Outcome(row["id"], row["attempts"], "lost", reason)
    outcomes.settle(session, platform, on_reset_of(session, row["service_id"]), outcome)


def on_reset_of(session: Session, service_id: str) -> OnReset:
    """The service's choice for executions that a reset cuts."""
    service = session.documents(SERVICES).get(service_id)
    return "rerun" if service and service.get("onReset") == "rerun" else "failed"
