"""While a service is being replaced: who may run what, so that nobody's call meets code older than it was made for.

A replica of an older version leaves executions of the newer one to its successors, and they are woken for them. When
the newer version cannot start, the older one serves all, and what it runs is labelled with what it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from faas_agent.control.dispatch import outcomes
from faas_agent.control.platform import Platform
from faas_agent.model.specs.version import numbers
from faas_agent.ports.store import executions, replicas
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICE_REVISIONS, SERVICES


def claimable(
    session: Session, service_id: str, replica_id: str, execution_ids: Sequence[str], now: float
) -> Sequence[str]:
    """Those of the ids that a replica of its version may run."""
    service, replica = session.documents(SERVICES).get(service_id), replicas.get(session, replica_id)
    if service is None or replica is None or replica["service_version"] == service["version"]:
        return execution_ids
    executions.hold(session, execution_ids)
    own = str(replica["service_version"])
    newer = {row["id"] for row in executions.some(session, execution_ids) if _is_newer(row["doc"], own)}
    status = replicas.status(session, service_id)
    if newer and status is not None and status["version"] == service["version"] and now < status["not_before"]:
        _label(session, service_id, own, newer)
        return execution_ids
    return [one for one in execution_ids if one not in newer]


def wake_waiting(session: Session, platform: Platform, service_id: str) -> None:
    """A replica became ready, stopped taking work, or a version is given up: what was left is to be had elsewhere."""
    outcomes.wake(session, platform, executions.waiting_for(session, service_id))


def _is_newer(doc: dict[str, str], version: str) -> bool:
    return numbers(doc["serviceVersion"]) > numbers(version)


def _label(session: Session, service_id: str, version: str, execution_ids: set[str]) -> None:
    kept = session.documents(SERVICE_REVISIONS).find(service_id=service_id)
    revision = next((one["service"] for one in kept if one["service"]["version"] == version), None)
    for row in executions.some(session, sorted(execution_ids)) if revision else ():
        label = {"serviceVersion": version, "packageRevision": revision["packageRevision"]} if revision else {}
        executions.relabel(session, row["id"], row["doc"] | label)
