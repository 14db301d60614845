"""Desired replicas against real ones, again and again (DESIGN 3.2). Level-triggered: each step looks at everything.

Enters: services, reports and measurements from the store, and what the cluster shows. Leaves: replicas started,
drained, killed and forgotten. A crash between any two lines is healed by the next step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from faas_agent.control.api.auth import issue
from faas_agent.control.autoscale.decide import Measured, decide
from faas_agent.control.dispatch.leases import release
from faas_agent.control.platform import Platform
from faas_agent.control.reconcile import starts
from faas_agent.control.reconcile.plan import Plan, Replica, plan
from faas_agent.errors import Unavailable
from faas_agent.model.executions.reasons import Reason
from faas_agent.ports.cluster.protocol import Cluster, Observed, ReplicaSpec
from faas_agent.ports.store import executions, replicas
from faas_agent.ports.store.tables import SERVICES

LOG = structlog.get_logger("reconcile")
REPLICA_TOKEN_SECONDS = 365 * 24 * 3600
SILENT_LEASES = 3
"""Leases without a sign of life before a replica is ended whose process lives: it hangs, or cannot reach us."""
KILL_MARGIN_SECONDS = 10.0
"""What a draining replica gets beyond its drain time before it is killed."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything one step looks at, read in one snapshot."""

    services: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, Any]]
    work: dict[str, dict[str, int]]
    statuses: dict[str, dict[str, Any]]


class Reconciler:
    """Holds hints only (when a drain began, when a service last had work); losing them costs a wait."""

    def __init__(self, platform: Platform, cluster: Cluster) -> None:
        self._platform, self._cluster, self._since = platform, cluster, platform.clock()
        self._kill_after: dict[str, float] = {}
        self._busy_at: dict[str, float] = {}

    def step(self) -> None:
        """Look at everything once and close the differences."""
        try:
            view = self._look()
        except Unavailable:
            self._since = self._platform.clock()  # nobody was heard of because we could not write it down
            raise
        alive = self._bury(view)
        by_service: dict[str, list[Replica]] = {service_id: [] for service_id in view.services}
        for seen in alive:
            state = view.rows[seen.id]["state"] if seen.id in view.rows else "draining"
            by_service.setdefault(seen.service_id, []).append(Replica(seen.id, seen.service_version, state))
        for service_id, found in by_service.items():
            try:
                self._close(service_id, view, found)
            except Exception:
                LOG.exception("service not reconciled", service=service_id)
        self._kill_late()

    def stop_all(self, grace_seconds: float) -> None:
        """Drain every replica for the end of the platform; what runs is given back. Kills those that outlast it."""
        for seen in self._cluster.observe():
            told = self._platform.broker.order(seen.id, {"type": "shutdown", "seconds": grace_seconds})
            if not told:
                self._cluster.drain(seen.id)
        until = time.monotonic() + grace_seconds + 3
        while any(seen.alive for seen in self._cluster.observe()) and time.monotonic() < until:
            time.sleep(0.05)
        for seen in self._cluster.observe():
            self._cluster.kill(seen.id)
        self._bury(self._look())

    def _look(self) -> View:
        with self._platform.store.read() as session:
            services = {service["id"]: service for service in session.documents(SERVICES).find()}
            rows = {row["id"]: row for row in replicas.all_of(session)}
            return View(services, rows, executions.counts(session), replicas.statuses(session))

    def _bury(self, view: View) -> list[Observed]:
        """Free the work of replicas that ended, note the starts that never got ready; returns the living."""
        observed = self._cluster.observe()
        for seen in observed:
            self._kill_astray(seen, view.rows.get(seen.id))
        living = [seen for seen in observed if seen.alive]
        known = {seen.id for seen in living}
        ended = {seen.id: seen.last_words for seen in observed if not seen.alive}
        for replica_id in {**ended, **{one: "" for one in view.rows if one not in known}}:
            self._mourn(replica_id, view.rows.get(replica_id), ended.get(replica_id, ""))
            self._cluster.forget(replica_id)
            self._kill_after.pop(replica_id, None)
        return living

    def _kill_astray(self, seen: Observed, row: dict[str, Any] | None) -> None:
        """A replica that looks for us at another address, or is silent for so long that its leases are over."""
        if not seen.alive:
            return
        serves = row is not None and row["state"] != "starting"
        heard = max(row["seen_at"], self._since) if row else self._since
        silent = serves and self._platform.clock() - heard > SILENT_LEASES * self._platform.settings.lease_seconds
        if silent or seen.api_url != self._platform.base_url:
            LOG.warning("replica astray", replica=seen.id, looks_at=seen.api_url, silent=silent)
            self._cluster.kill(seen.id)

    def _mourn(self, replica_id: str, row: dict[str, Any] | None, last_words: str) -> None:
        with self._platform.store.write() as session:
            lost = release(session, self._platform, replica_id)
            if row is None:
                return
            if row["state"] == "starting":
                text = "its agent ended before it was ready; the log of the server has its last words."
                starts.failed(
                    session, self._platform, row["service_id"], row["service_version"], Reason.REPLICA_LOST, text
                )
            replicas.remove(session, replica_id)
        LOG.info("replica gone", replica=replica_id, state=row["state"], lost=lost, last_words=last_words)

    def _close(self, service_id: str, view: View, found: Sequence[Replica]) -> None:
        service, status = view.services.get(service_id), view.statuses.get(service_id)
        if service is None:
            self._apply(Plan(drain=tuple(r.id for r in found if r.state != "draining")), None)
            return
        held = starts.is_held(status, service["version"], self._platform.clock())
        for replica in found:
            if replica.state == "draining":
                self._give_time(replica.id, float(service["drainTime"]))
        steps = plan(service["version"], self._wanted(service, view, found), held, found)
        self._apply(steps, service)
        serving = any(replica.state == "ready" for replica in found)
        if status and not serving and starts.tells_waiting(status, service["version"]):
            with self._platform.store.write() as session:
                starts.end_waiting(session, self._platform, service_id, status)

    def _wanted(self, service: dict[str, Any], view: View, found: Sequence[Replica]) -> int:
        if not service["active"]:
            return 0
        now, work = self._platform.clock(), view.work.get(service["id"], {"waiting": 0, "running": 0})
        if work["waiting"] or work["running"]:
            self._busy_at[service["id"]] = now
        current = sum(1 for replica in found if replica.state != "draining" and replica.version == service["version"])
        idle_since = self._busy_at.setdefault(service["id"], now)
        measured = Measured(work["waiting"], work["running"], current, idle_since)
        return decide(now, service["runtime"], measured, self._platform.settings.max_replicas).replicas

    def _apply(self, steps: Plan, service: dict[str, Any] | None) -> None:
        for _ in range(steps.start):
            self._start(service or {})
        for replica_id in steps.drain:
            self._drain(replica_id, service)

    def _start(self, service: dict[str, Any]) -> None:
        platform, replica_id = self._platform, self._platform.new_id()
        with platform.store.write() as session:
            replicas.add(session, replica_id, service["id"], service["version"], platform.clock())
        claims = {"replica": replica_id, "service": service["id"], "project": service["projectId"]}
        token = issue(platform, service["botUserName"], "replica", REPLICA_TOKEN_SECONDS, **claims)
        LOG.info("replica starts", replica=replica_id, service=service["id"], version=service["version"])
        self._cluster.start(ReplicaSpec(replica_id, service["id"], service["version"], platform.base_url, token))

    def _drain(self, replica_id: str, service: dict[str, Any] | None) -> None:
        seconds = float((service or {}).get("drainTime") or 0)
        with self._platform.store.write() as session:
            replicas.change(session, replica_id, state="draining")
        if not self._platform.broker.order(replica_id, {"type": "drain", "seconds": seconds}):
            self._cluster.drain(replica_id)
        self._give_time(replica_id, seconds)

    def _give_time(self, replica_id: str, seconds: float) -> None:
        """A draining replica is killed after this; the first deadline it got stays."""
        self._kill_after.setdefault(replica_id, time.monotonic() + seconds + KILL_MARGIN_SECONDS)

    def _kill_late(self) -> None:
        for replica_id, deadline in self._kill_after.items():
            if time.monotonic() > deadline:
                LOG.warning("replica outlasted its drain", replica=replica_id)
                self._cluster.kill(replica_id)
