"""Wake-ups in memory: each to one consumer with a free slot, back when it leaves, never twice at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from faas_agent.ports.broker.embedded import EmbeddedBroker, EmbeddedConsumer

Join = Callable[..., tuple[EmbeddedConsumer, list[str]]]


@pytest.fixture
def broker() -> EmbeddedBroker:
    return EmbeddedBroker()


@pytest.fixture
def join(broker: EmbeddedBroker) -> Join:
    def made(slots: int, replica: str = "r", orders: list[Any] | None = None) -> tuple[EmbeddedConsumer, list[str]]:
        woken: list[str] = []
        consumer = broker.consume("s", replica, woken.extend, (orders if orders is not None else []).append)
        consumer.prefetch(slots)
        return consumer, woken

    return made


def test_no_more_than_the_slots_are_handed_out(broker: EmbeddedBroker, join: Join) -> None:
    consumer, woken = join(2)
    broker.publish("s", ["a", "b", "c"])
    assert (woken, broker.ready("s")) == (["a", "b"], 1)
    consumer.ack(["a"])
    assert (woken, broker.ready("s")) == (["a", "b", "c"], 0)


def test_the_idle_one_is_woken_rather_than_the_busy_one(broker: EmbeddedBroker, join: Join) -> None:
    _, first = join(2, "one")
    broker.publish("s", ["a"])
    _, second = join(2, "two")
    broker.publish("s", ["b"])
    assert (first, second) == (["a"], ["b"])


def test_what_was_not_acknowledged_wakes_another_in_its_old_place(broker: EmbeddedBroker, join: Join) -> None:
    consumer, _ = join(2)
    broker.publish("s", ["a", "b", "c"])
    consumer.close()
    _, woken = join(3)
    assert woken == ["a", "b", "c"]
    consumer.close()
    assert woken == ["a", "b", "c"]


def test_what_is_given_back_is_handed_out_again(broker: EmbeddedBroker, join: Join) -> None:
    consumer, _ = join(2)
    broker.publish("s", ["a", "b"])
    consumer.prefetch(0)
    consumer.give_back(["b", "a", "never held"])
    assert broker.ready("s") == 2
    _, woken = join(5)
    assert woken == ["a", "b"]


def test_published_twice_it_wakes_once(broker: EmbeddedBroker, join: Join) -> None:
    broker.publish("s", ["a"])
    broker.publish("s", ["a"])
    assert broker.ready("s") == 1


def test_published_again_while_held_it_wakes_again_when_acknowledged(broker: EmbeddedBroker, join: Join) -> None:
    consumer, woken = join(1)
    broker.publish("s", ["a"])
    broker.publish("s", ["a"])  # the attempt was lost, and the execution waits once more
    assert woken == ["a"]
    consumer.ack(["a"])
    assert woken == ["a", "a"]
    consumer.ack(["a"])
    assert (woken, broker.ready("s")) == (["a", "a"], 0)


def test_orders_reach_the_replica_they_are_for(broker: EmbeddedBroker, join: Join) -> None:
    one: list[Any] = []
    join(1, "one", one)
    assert broker.order("one", {"type": "drain"})
    assert not broker.order("two", {"type": "drain"})
    assert one == [{"type": "drain"}]


def test_a_removed_queue_is_empty(broker: EmbeddedBroker, join: Join) -> None:
    broker.publish("s", ["a"])
    broker.remove("s")
    _, woken = join(1)
    assert woken == []
