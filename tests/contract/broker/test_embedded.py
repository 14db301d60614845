"""The promises of a broker (``ports/broker/protocol.py``), kept by the embedded one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.broker.protocol import Consumer, Order

SERVICE = "service"


class Replica:
    """One consumer and what it heard."""

    def __init__(self, broker: EmbeddedBroker, name: str = "replica", service: str = SERVICE) -> None:
        self.woken: list[str] = []
        self.orders: list[Order] = []
        self.end: Consumer = broker.consume(service, name, self._wake, self.orders.append)

    def _wake(self, ids: Sequence[str]) -> None:
        self.woken.extend(ids)


@pytest.fixture
def broker() -> EmbeddedBroker:
    return EmbeddedBroker()


def ids(*numbers: int) -> list[str]:
    return [f"{number:024x}" for number in numbers]


def test_nothing_is_delivered_before_a_slot_is_free(broker: EmbeddedBroker) -> None:
    replica = Replica(broker)
    broker.publish(SERVICE, ids(1, 2, 3))
    assert (replica.woken, broker.ready(SERVICE)) == ([], 3)
    replica.end.prefetch(2)
    assert (replica.woken, broker.ready(SERVICE)) == (ids(1, 2), 1)
    replica.end.ack(ids(1))
    assert (replica.woken, broker.ready(SERVICE)) == (ids(1, 2, 3), 0)


def test_a_busy_replica_hoards_nothing_that_an_idle_one_could_take(broker: EmbeddedBroker) -> None:
    busy, idle = Replica(broker, "busy"), Replica(broker, "idle")
    busy.end.prefetch(10)
    broker.publish(SERVICE, ids(*range(8)))
    idle.end.prefetch(10)
    broker.publish(SERVICE, ids(*range(8, 14)))
    assert (len(busy.woken), idle.woken) == (8, ids(*range(8, 14)))
    broker.publish(SERVICE, ids(*range(14, 20)))
    assert (len(busy.woken), len(idle.woken)) == (10, 10), "as many as both may hold together"


def test_what_a_consumer_held_comes_again_first_and_in_order(broker: EmbeddedBroker) -> None:
    leaving = Replica(broker, "leaving")
    leaving.end.prefetch(3)
    broker.publish(SERVICE, ids(1, 2, 3, 4))
    leaving.end.ack(ids(2))  # and takes the fourth
    leaving.end.close()
    staying = Replica(broker, "staying")
    broker.publish(SERVICE, ids(5))
    staying.end.prefetch(10)
    assert staying.woken == ids(1, 3, 4, 5)


def test_closing_twice_gives_back_once(broker: EmbeddedBroker) -> None:
    leaving = Replica(broker)
    leaving.end.prefetch(1)
    broker.publish(SERVICE, ids(1))
    leaving.end.close()
    leaving.end.close()
    assert broker.ready(SERVICE) == 1


def test_a_wake_up_that_waits_or_is_held_is_not_doubled(broker: EmbeddedBroker) -> None:
    broker.publish(SERVICE, ids(1, 1, 2))
    broker.publish(SERVICE, ids(2, 1))
    replica = Replica(broker)
    replica.end.prefetch(10)
    broker.publish(SERVICE, ids(1))
    assert replica.woken == ids(1, 2)


def test_what_was_published_while_it_was_held_comes_again_after_it_is_done_with(broker: EmbeddedBroker) -> None:
    replica = Replica(broker)
    replica.end.prefetch(10)
    broker.publish(SERVICE, ids(1, 2))
    broker.publish(SERVICE, ids(1))
    replica.end.ack(ids(1, 2))
    assert replica.woken == ids(1, 2, 1)
    replica.end.ack(ids(1))
    assert (replica.woken, broker.ready(SERVICE)) == (ids(1, 2, 1), 0)


def test_what_is_given_back_goes_to_somebody_else(broker: EmbeddedBroker) -> None:
    leaving, other = Replica(broker, "leaving"), Replica(broker, "other")
    leaving.end.prefetch(2)
    broker.publish(SERVICE, ids(1, 2))
    leaving.end.prefetch(0)
    other.end.prefetch(2)
    leaving.end.give_back(ids(2, 9))
    assert other.woken == ids(2)


def test_an_unknown_acknowledgement_is_ignored(broker: EmbeddedBroker) -> None:
    replica = Replica(broker)
    replica.end.prefetch(1)
    replica.end.ack(ids(9))
    broker.publish(SERVICE, ids(1, 2))
    assert replica.woken == ids(1)


def test_fewer_slots_take_nothing_away_and_bring_nothing_new(broker: EmbeddedBroker) -> None:
    replica = Replica(broker)
    replica.end.prefetch(2)
    broker.publish(SERVICE, ids(1, 2, 3))
    replica.end.prefetch(0)
    replica.end.ack(ids(1, 2))
    assert (replica.woken, broker.ready(SERVICE)) == (ids(1, 2), 1)


def test_services_do_not_mix(broker: EmbeddedBroker) -> None:
    mine, theirs = Replica(broker), Replica(broker, "other", "another-service")
    for replica in (mine, theirs):
        replica.end.prefetch(10)
    broker.publish(SERVICE, ids(1))
    assert (mine.woken, theirs.woken) == (ids(1), [])


def test_an_order_reaches_the_one_replica_it_is_for(broker: EmbeddedBroker) -> None:
    one, two = Replica(broker, "one"), Replica(broker, "two")
    assert broker.order("two", {"type": "drain"}) is True
    assert (one.orders, two.orders) == ([], [{"type": "drain"}])
    two.end.close()
    assert broker.order("two", {"type": "drain"}) is False
    assert broker.order("nobody", {"type": "drain"}) is False


def test_a_removed_queue_is_empty(broker: EmbeddedBroker) -> None:
    broker.publish(SERVICE, ids(1))
    broker.remove(SERVICE)
    broker.remove("never-there")
    assert broker.ready(SERVICE) == 0


def test_many_threads_deliver_each_wake_up_once(broker: EmbeddedBroker) -> None:
    replicas = [Replica(broker, str(number)) for number in range(4)]
    for replica in replicas:
        replica.end.prefetch(1000)
    threads = [
        threading.Thread(target=broker.publish, args=(SERVICE, ids(*range(start, start + 200))))
        for start in range(0, 1600, 100)  # each overlaps its neighbours
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    woken = [one for replica in replicas for one in replica.woken]
    assert sorted(woken) == ids(*range(1700))
