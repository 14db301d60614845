"""The difference between what a service wants and what is there, as steps. Pure.

Enters: the service's version and wanted number, and its replicas. Leaves: how many to start and whom to drain.
A rollout starts the new before it drains the old, and never takes the last ready replica for one that may not start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replica:
    """One living replica as the reconciler sees it."""

    id: str
    version: str
    state: str
    """``starting``, ``ready`` or ``draining``."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now; nothing is a plan too."""

    start: int = 0
    drain: tuple[str, ...] = ()


def plan(version: str, wanted: int, held: bool, replicas: Sequence[Replica]) -> Plan:
    """``held``: this version failed to start and must not be tried again yet."""
    staying = [replica for replica in replicas if replica.state != "draining"]
    current = [replica for replica in staying if replica.version == version]
    old = [replica for replica in staying if replica.version != version]
    ready = [replica for replica in current if replica.state == "ready"]
    surplus = [replica.id for replica in _expendable_first(current)[: max(0, len(current) - wanted)]]
    replaced = len(ready) >= wanted
    start = 0 if held else max(0, wanted - len(current))
    return Plan(start, tuple(surplus + [replica.id for replica in old if replaced]))


def _expendable_first(replicas: Sequence[Replica]) -> list[Replica]:
    """Those that never became ready first, then the newest."""
    newest = list(replicas)[::-1]
    newest.sort(key=lambda replica: replica.state == "ready")
    return newest
