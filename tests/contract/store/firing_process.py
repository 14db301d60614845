"""A process that fires cron triggers, and what it needs: run beside others of its kind by ``test_schedules.py``.

It says ``ready``, waits for a line, fires from several threads at once, and says how many executions it created.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faas_agent.control.platform import Platform
from faas_agent.control.triggers import schedule
from faas_agent.model.ids import ObjectIds
from faas_agent.model.specs.service import with_defaults
from faas_agent.model.specs.trigger import check_trigger
from faas_agent.model.times import from_wire
from faas_agent.ports.blobs.folder import FolderBlobs
from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.store.store import Store, open_store
from faas_agent.ports.store.tables import PACKAGE_REVISIONS, SERVICES, TRIGGERS
from faas_agent.settings import Settings

MADE, NOW = from_wire("2026-11-21T12:00:30Z"), from_wire("2026-11-21T16:00:10Z")
TIMES = 4
SERVICE = "5" * 24


def platform_on(store: Store, time: float) -> Platform:
    """As one role of it would be, at that time."""
    return Platform(
        settings=Settings(),
        store=store,
        blobs=FolderBlobs(Path("unused")),
        broker=EmbeddedBroker(),
        signing_key=b"k" * 32,
        base_url="http://127.0.0.1:1",
        clock=lambda: time,
        ids=ObjectIds(os.urandom(5)),
    )


def furnish(store: Store, number: int) -> None:
    """So many triggers, each with four times that were missed and are all to run."""
    module = {"name": "m", "functions": [{"name": "run", "input": [], "output": []}]}
    package = {"id": "package@1.0.0", "packageId": "package", "name": "package", "version": "1.0.0"}
    service = with_defaults({"name": "service", "moduleName": "m"}) | {"id": SERVICE, "projectId": "p"}
    service |= {"packageId": "package", "packageRevision": "1.0.0", "version": "1.0.0"}
    spec = {"cron": "@hourly", "catchup": "all(9)", "operation": {"type": "function", "serviceId": SERVICE}}
    platform = platform_on(store, MADE)
    with store.write() as session:
        session.documents(PACKAGE_REVISIONS).insert(package | {"modules": [module], "required": {}})
        session.documents(SERVICES).insert(service)
        for one in range(number):
            trigger = check_trigger({"type": "Cron", "spec": spec}) | {"id": f"trigger-{one}", "name": f"t{one}"}
            session.documents(TRIGGERS).insert(trigger | {"projectId": "p"})
            schedule.begin(session, platform, trigger)


def main(where: str) -> None:
    """``where``: the URL of PostgreSQL, or the file of SQLite."""
    store = open_store(where if "://" in where else Path(where))
    platform = platform_on(store, NOW)
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(3) as pool:
        print(sum(pool.map(lambda _: schedule.fire_due(platform, NOW), range(3))), flush=True)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
