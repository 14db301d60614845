"""How many replicas a service should have. Pure: the time and every measurement are passed in, the reason comes out.

Called by ``control/reconcile``. Unknown is not zero: without a measurement nothing is scaled in (DESIGN 8.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

COOLDOWN_SECONDS = 300.0
QUEUE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a service's work; ``waiting`` and ``running`` are None when it could not be counted."""

    waiting: int | None
    running: int | None
    replicas: int
    idle_since: float
    """When there was last any work, in seconds."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The number, and why it is that one."""

    replicas: int
    reason: str


def decide(now: float, runtime: Mapping[str, Any], measured: Measured, most: int) -> Decision:
    """``most``: what this installation allows of one service."""
    scaler = runtime.get("autoscaler")
    if not isinstance(scaler, Mapping):
        return Decision(min(int(runtime.get("numReplicas", 1)), most), "numReplicas of the runtime")
    least = min(int(scaler.get("minReplicas") or 0), most)
    top = max(least, min(int(scaler.get("maxReplicas") or 1), most))
    if measured.waiting is None or measured.running is None:
        return Decision(min(max(measured.replicas, least), top), "the amount of work is not known: held")
    if not measured.waiting and not measured.running:
        cooldown = float(scaler.get("cooldownPeriod", COOLDOWN_SECONDS))
        if measured.replicas > least and now - measured.idle_since < cooldown:
            return Decision(min(measured.replicas, top), f"no work, cooling down for {cooldown:.0f} s")
        return Decision(least, "no work: minReplicas")
    wanted = ceil(measured.waiting / max(1, int(scaler.get("queueLength") or QUEUE_LENGTH)))
    replicas = min(max(wanted, measured.replicas, least, 1), top)
    return Decision(
        replicas, f"{measured.waiting} waiting, {measured.running} running; never scaled in while work runs"
    )
