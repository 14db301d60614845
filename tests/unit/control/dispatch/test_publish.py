"""Wake-ups out: each owed one is published, crossed off when there is time, and owed still when the broker is away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from faas_agent.control.dispatch.publish import Publisher
from faas_agent.control.platform import Platform
from faas_agent.errors import Unavailable
from faas_agent.model.ids import ObjectIds
from faas_agent.ports.blobs.folder import FolderBlobs
from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.store import executions, outbox
from faas_agent.ports.store.store import open_store
from faas_agent.settings import Settings


class Broker(EmbeddedBroker):
    """The real one, that remembers what it was given and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []
        self.away = False

    def publish(self, service_id: str, execution_ids: Sequence[str]) -> None:
        if self.away:
            raise Unavailable("the broker is away")
        self.given.extend(execution_ids)
        super().publish(service_id, execution_ids)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def platform(tmp_path: Path, broker: Broker) -> Iterator[Platform]:
    store = open_store(tmp_path / "faas.db")
    yield Platform(
        settings=Settings(),
        store=store,
        blobs=FolderBlobs(tmp_path / "blobs"),
        broker=broker,
        signing_key=b"k" * 32,
        base_url="http://localhost",
        clock=lambda: 1000.0,
        ids=ObjectIds(b"12345"),
    )
    store.close()


def owe(platform: Platform, *execution_ids: str) -> None:
    with platform.store.write() as session:
        executions.wake(session, [{"service_id": "service", "id": one} for one in execution_ids])


def still_owed(platform: Platform) -> int:
    with platform.store.read() as session:
        return len(outbox.owed(session).rows)


def test_what_is_owed_is_published_once_and_crossed_off_when_there_is_time(platform: Platform, broker: Broker) -> None:
    publisher = Publisher(platform)
    owe(platform, "a", "b")
    assert (publisher.step(), broker.given, still_owed(platform)) == (2, ["a", "b"], 2)
    owe(platform, "c")
    assert (publisher.step(), broker.given, still_owed(platform)) == (1, ["a", "b", "c"], 3)
    assert (publisher.step(), broker.given, still_owed(platform)) == (0, ["a", "b", "c"], 0)


def test_much_is_crossed_off_even_when_there_is_more_to_do(platform: Platform) -> None:
    owe(platform, *(f"{number:04d}" for number in range(1200)))
    assert (Publisher(platform).step(), still_owed(platform)) == (1200, 0)


def test_a_broker_that_is_away_delays_and_loses_nothing(platform: Platform, broker: Broker) -> None:
    publisher = Publisher(platform)
    owe(platform, "a")
    broker.away = True
    with pytest.raises(Unavailable):
        publisher.step()
    assert still_owed(platform) == 1
    broker.away = False
    assert (publisher.step(), broker.given) == (1, ["a"])


def test_a_publisher_that_forgot_wakes_twice_rather_than_never(platform: Platform, broker: Broker) -> None:
    owe(platform, "a")
    Publisher(platform).step()
    Publisher(platform).step()
    assert broker.given == ["a", "a"]
