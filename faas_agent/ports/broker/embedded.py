"""The broker inside the server's own process: what ``faas up`` uses when no other is named.

It remembers nothing across a restart and need not: the sweep publishes again whatever still waits in the store.
A wake-up goes to the consumer with the most free slots, so that a busy replica never hoards what an idle one could do.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faas_agent.ports.broker.protocol import Broker, Order

Wake = Callable[[Sequence[str]], None]


@dataclass(eq=False, slots=True)
class EmbeddedConsumer:
    """One replica's end: the ids it holds and how many more it may."""

    broker: EmbeddedBroker
    service_id: str
    replica_id: str
    wake: Wake
    order: Callable[[Order], None]
    slots: int = 0
    held: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    """Of those held: published once more meanwhile, so that an acknowledgement is not the end of them."""

    @property
    def free(self) -> int:
        return self.slots - len(self.held)

    def prefetch(self, slots: int) -> None:
        with self.broker.lock:
            self.slots = slots
            self.broker.deliver(self.service_id)

    def ack(self, execution_ids: Sequence[str]) -> None:
        with self.broker.lock:
            self.broker.put_back(self, self.again.intersection(execution_ids))
            self.held.difference_update(execution_ids)
            self.broker.deliver(self.service_id)

    def give_back(self, execution_ids: Sequence[str]) -> None:
        with self.broker.lock:
            self.broker.put_back(self, self.held.intersection(execution_ids))

    def close(self) -> None:
        with self.broker.lock:
            self.broker.leave(self)


class EmbeddedBroker:
    """Queues in memory. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._queues: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._consumers: dict[str, list[EmbeddedConsumer]] = defaultdict(list)

    def publish(self, service_id: str, execution_ids: Sequence[str]) -> None:
        with self.lock:
            held: set[str] = set()
            for consumer in self._consumers[service_id]:
                consumer.again |= consumer.held.intersection(execution_ids)
                held |= consumer.held
            self._queues[service_id].update((one, None) for one in execution_ids if one not in held)
            self.deliver(service_id)

    def consume(self, service_id: str, replica_id: str, wake: Wake, order: Callable[[Order], None]) -> EmbeddedConsumer:
        consumer = EmbeddedConsumer(self, service_id, replica_id, wake, order)
        with self.lock:
            self._consumers[service_id].append(consumer)
        return consumer

    def order(self, replica_id: str, order: Order) -> bool:
        with self.lock:
            found = [c for consumers in self._consumers.values() for c in consumers if c.replica_id == replica_id]
        for consumer in found:
            consumer.order(order)
        return bool(found)

    def ready(self, service_id: str) -> int | None:
        with self.lock:
            return len(self._queues[service_id])

    def remove(self, service_id: str) -> None:
        with self.lock:
            self._queues.pop(service_id, None)

    def leave(self, consumer: EmbeddedConsumer) -> None:
        """Put back what the consumer held, in front. The lock is held."""
        if consumer in self._consumers[consumer.service_id]:
            self._consumers[consumer.service_id].remove(consumer)
            self.put_back(consumer, set(consumer.held))

    def put_back(self, consumer: EmbeddedConsumer, execution_ids: set[str]) -> None:
        """In front, oldest first. The lock is held."""
        consumer.held -= execution_ids
        consumer.again -= execution_ids
        queue = self._queues[consumer.service_id]
        for execution_id in sorted(execution_ids, reverse=True):
            queue[execution_id] = None
            queue.move_to_end(execution_id, last=False)
        self.deliver(consumer.service_id)

    def deliver(self, service_id: str) -> None:
        """Hand out what waits while anybody has a slot. The lock is held."""
        queue, batches = self._queues[service_id], defaultdict[EmbeddedConsumer, list[str]](list)
        while queue and (consumer := self._freest(service_id)) is not None:
            execution_id, _ = queue.popitem(last=False)
            consumer.held.add(execution_id)
            batches[consumer].append(execution_id)
        for consumer, ids in batches.items():
            consumer.wake(ids)

    def _freest(self, service_id: str) -> EmbeddedConsumer | None:
        consumer = max(self._consumers[service_id], key=lambda c: c.free, default=None)
        return consumer if consumer is not None and consumer.free > 0 else None


def _is_a_broker(embedded: EmbeddedBroker) -> Broker:
    return embedded  # the type checker's proof that the port's contract is kept
