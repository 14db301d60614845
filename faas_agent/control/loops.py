"""The loops of the control plane: each a step that is safe to repeat, a signal that shortens its wait, and a period.

Started and stopped by ``faas up``. A step that fails is logged and tried again; nothing here decides anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from faas_agent.control.dispatch.idempotency import forget_old
from faas_agent.control.dispatch.leases import spare, take_back_expired
from faas_agent.control.dispatch.publish import Publisher, wake_forgotten
from faas_agent.control.platform import Platform
from faas_agent.control.reconcile.reconciler import Reconciler
from faas_agent.control.triggers.engine import fire_pending
from faas_agent.control.triggers.schedule import fire_due, seconds_to_next
from faas_agent.ports.cluster.protocol import Cluster

LOG = structlog.get_logger("loops")
REST_SECONDS = 0.05
OUTBOX_SECONDS = 0.25
"""Without news the outbox is looked at this often; what was published is crossed off then."""
LEAST_SECONDS = 0.01


class Loop:
    """One step, again and again, in a thread of its own."""

    def __init__(
        self,
        name: str,
        step: Callable[[], object],
        signal: threading.Event,
        period: float,
        rest: float = 0.0,
        until_due: Callable[[], float] | None = None,
    ) -> None:
        """``rest``: how long after a signal, for a step that costs more than what it is signalled by.

        ``until_due``: the seconds to the next thing to do, for a step that knows them; it shortens the period.
        """
        self._name, self._step, self._signal, self._period, self._rest = name, step, signal, period, rest
        self._until_due = until_due
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the running step end; start no other."""
        self._stopping = True
        self._signal.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            wait = self._period
            try:
                self._step()
                wait = wait if self._until_due is None else max(LEAST_SECONDS, min(wait, self._until_due()))
            except Exception:
                LOG.exception("step failed", loop=self._name)
                self._signal.clear()
            self._signal.wait(wait)
            time.sleep(self._rest)
            self._signal.clear()


class Loops:
    """All of them, for ``faas up``."""

    def __init__(self, platform: Platform, cluster: Cluster) -> None:
        settings, signals = platform.settings, platform.signals
        self._reconciler = Reconciler(platform, cluster)
        self._loops = [
            Loop("outbox", Publisher(platform).step, signals.outbox, OUTBOX_SECONDS),
            Loop("triggers", lambda: fire_pending(platform), signals.events, 1.0),
            Loop("schedules", self._fire_due, signals.schedules, 1.0, until_due=self._until_due),
            Loop("sweep", self._sweep, threading.Event(), settings.sweep_seconds),
            Loop("reconcile", self._reconciler.step, signals.reconcile, settings.reconcile_seconds, REST_SECONDS),
        ]
        self._platform, self._swept = platform, platform.clock()

    def start(self) -> None:
        """Spare what runs, wake what an earlier process left waiting, then run."""
        spare(self._platform)
        wake_forgotten(self._platform, settle_seconds=0)
        for loop in self._loops:
            loop.start()

    def stop(self, grace_seconds: float) -> None:
        """No new work; then every replica, which may finish for ``grace_seconds``."""
        for loop in self._loops:
            loop.stop()
        self._reconciler.stop_all(grace_seconds)

    def _fire_due(self) -> None:
        fire_due(self._platform, self._platform.clock())

    def _until_due(self) -> float:
        return seconds_to_next(self._platform, self._platform.clock())

    def _sweep(self) -> None:
        """After a time in which nobody could renew, because the database was away, whatever runs is spared first."""
        platform = self._platform
        if platform.clock() - self._swept > 2 * platform.settings.sweep_seconds:
            spare(platform)
        take_back_expired(platform)
        wake_forgotten(platform)
        forget_old(platform)
        self._swept = platform.clock()
