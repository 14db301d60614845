"""A platform without loops, whose clock is turned by hand, with a service that triggers can call."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faas_agent.control.platform import Platform
from faas_agent.control.triggers import schedule
from faas_agent.model.ids import ObjectIds
from faas_agent.model.specs.service import with_defaults
from faas_agent.model.specs.trigger import check_trigger
from faas_agent.model.times import from_wire
from faas_agent.ports.blobs.folder import FolderBlobs
from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.store import executions, logs
from faas_agent.ports.store.store import open_store
from faas_agent.ports.store.tables import EXECUTIONS, PACKAGE_REVISIONS, SERVICES, TRIGGERS
from faas_agent.settings import Settings

SERVICE = "5" * 24
NUMBERS = itertools.count()
Document = dict[str, Any]


@dataclass
class House:
    """The platform, and short words for what the tests do with it."""

    folder: Path
    time: float = from_wire("2026-11-21T12:00:30Z")
    platform: Platform = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Platform(
            settings=Settings(data_dir=self.folder),
            store=open_store(self.folder / "faas.db"),
            blobs=FolderBlobs(self.folder / "blobs"),
            broker=EmbeddedBroker(),
            signing_key=b"k" * 32,
            base_url="http://127.0.0.1:1",
            clock=lambda: self.time,
            ids=ObjectIds(b"12345"),
        )

    def at(self, text: str) -> int:
        """What a step at that time of the day (of the first, if it names none) creates."""
        self.time = from_wire(text if "T" in text else f"2026-11-21T{text}Z")
        return schedule.fire_due(self.platform, self.time)

    def trigger(self, active: bool = True, **spec: Any) -> Document:
        """A new cron trigger."""
        operation = {"type": "function", "serviceId": SERVICE, "functionName": "run"}
        body = {"type": "Cron", "active": active, "spec": {"operation": operation, "cron": "0 * * * *", **spec}}
        number = next(NUMBERS)
        made = check_trigger(body) | {"id": f"trigger-{number}", "name": f"nightly-{number}", "projectId": "p"}
        with self.platform.store.write() as session:
            session.documents(TRIGGERS).insert(made)
            schedule.begin(session, self.platform, made)
        return made

    def change(self, trigger: Document, active: bool | None = None, **spec: Any) -> Document:
        """The trigger with other values, as a PATCH does it."""
        with self.platform.store.write() as session:
            before = session.documents(TRIGGERS).get(trigger["id"])
            assert before is not None
            after = before | check_trigger({**before, "spec": before["spec"] | spec})
            after["active"] = before["active"] if active is None else active
            session.documents(TRIGGERS).put(after)
            schedule.change(session, self.platform, before, after)
        return after

    def service(self, **changes: Any) -> None:
        """The service with other values."""
        with self.platform.store.write() as session:
            service = session.documents(SERVICES).get(SERVICE)
            assert service is not None
            session.documents(SERVICES).put(service | changes)
            if changes.get("active"):
                schedule.resume(session, self.platform, SERVICE)

    def runs(self, trigger: Document) -> list[str]:
        """The scheduled times of its executions, in the order in which they were made."""
        with self.platform.store.read() as session:
            rows = session.connection.execute(EXECUTIONS.select().order_by(EXECUTIONS.c.id)).mappings()
            return [
                row["doc"]["event"]["body"]["scheduledAt"][8:16] for row in rows if row["trigger_id"] == trigger["id"]
            ]

    def end(self, trigger: Document) -> None:
        """Its executions end."""
        with self.platform.store.write() as session:
            where = EXECUTIONS.c.trigger_id == trigger["id"]
            session.connection.execute(EXECUTIONS.update().where(where).values(state="success"))
            assert not executions.any_unended_of_trigger(session, trigger["id"])

    def log(self) -> list[str]:
        """What the service's log says."""
        with self.platform.store.read() as session:
            return [line["message"] for line in logs.page(session, logs.LogQuery(SERVICE))]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """With one service, of one function without inputs that have to be given."""
    made = House(tmp_path)
    function = {"name": "run", "input": [{"name": "text", "type": "String"}], "output": []}
    module = {"name": "m", "functions": [function]}
    package = {"id": "package@1.0.0", "packageId": "package", "name": "package", "version": "1.0.0"}
    service = with_defaults({"name": "service", "moduleName": "m"}) | {"id": SERVICE, "projectId": "p"}
    service |= {"packageId": "package", "packageRevision": "1.0.0", "version": "1.0.0"}
    with made.platform.store.write() as session:
        session.documents(PACKAGE_REVISIONS).insert(package | {"modules": [module], "required": {}})
        session.documents(SERVICES).insert(service)
    yield made
    made.platform.store.close()
