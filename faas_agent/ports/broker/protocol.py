"""The port for wake-ups and orders. A wake-up is an execution's id in the queue of its service: a hint to claim it.

The broker wakes the right replica, holds back what nobody has a slot for, and says how much waits. It is never asked
what is true: the claim on the execution's row decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Order = dict[str, Any]
"""A message to one replica: ``{"type": "stop" | "drain", ...}``."""


class Consumer(Protocol):
    """One replica's end of its service's queue."""

    def prefetch(self, slots: int) -> None:
        """At most ``slots`` wake-ups may be unacknowledged from now on."""

    def ack(self, execution_ids: Sequence[str]) -> None:
        """These are done with. An id that was never delivered is ignored."""

    def give_back(self, execution_ids: Sequence[str]) -> None:
        """These are for somebody else, or for later. An id that was never delivered is ignored."""

    def close(self) -> None:
        """Leave; what was not acknowledged wakes somebody else."""


class Broker(Protocol):
    """Queues by service, and a line to each replica."""

    def publish(self, service_id: str, execution_ids: Sequence[str]) -> None:
        """Wake a replica for each id. Raises Unavailable; then nothing was sent."""

    def consume(
        self, service_id: str, replica_id: str, wake: Callable[[Sequence[str]], None], order: Callable[[Order], None]
    ) -> Consumer:
        """Join the queue. ``wake`` and ``order`` are called from any thread and must not block."""

    def order(self, replica_id: str, order: Order) -> bool:
        """Send an order to a replica that listens here; False when none does."""

    def ready(self, service_id: str) -> int | None:
        """Wake-ups nobody has taken; None when that is not known, which is not zero."""

    def remove(self, service_id: str) -> None:
        """Forget a service's queue."""
