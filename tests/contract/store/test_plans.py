"""Every listing is served by an index, however many rows there are: the databases say so themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from store_rows import execution, service

from faas_agent.model.specs.filters import parse_query
from faas_agent.ports.store import events, executions, items, logs, outbox, replicas, schedules
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.store import Store, open_store
from faas_agent.ports.store.tables import ANNOTATIONS, EVENTS, ITEMS, REPLICAS, SCHEDULES, TRIGGERS

MANY = 3000
LISTINGS: dict[str, Callable[[Session], object]] = {
    "items of a dataset": lambda s: items.items_of(s).query(
        parse_query({"filter": {"$and": [{"hidden": False}, {"type": "file"}]}}),
        {"dataset_id": {"d1"}},
        ("-createdAt",),
    ),
    "items by name": lambda s: items.items_of(s).query(
        parse_query({"filter": {"$and": [{"filename": {"$in": ["/7"]}}]}}), {"dataset_id": {"d1"}}
    ),
    "items below a folder": lambda s: list(items.subtree(s, "d1", "/7")),
    "counts of a dataset": lambda s: items.counts(s, ["d1"]),
    "annotations of an item": lambda s: s.documents(ANNOTATIONS).find(item_id="i1"),
    "executions of a service": lambda s: executions.query(
        s, parse_query({"filter": {"$and": [{"serviceId": "s1"}]}}), ["p1"]
    ),
    "executions of a project": lambda s: executions.query(s, parse_query({}), ["p1"]),
    "executions by status": lambda s: executions.query(
        s, parse_query({"filter": {"$and": [{"latestStatus.status": "created"}, {"serviceId": "s1"}]}}), ["p1"]
    ),
    "status log": lambda s: executions.history(s, ["e0001"]),
    "running": lambda s: executions.running_on(s, "r1"),
    "expired": lambda s: executions.expired(s, 1.0),
    "waiting for a service": lambda s: executions.waiting_for(s, "s1"),
    "of a trigger": lambda s: executions.any_unended_of_trigger(s, "t"),
    "logs of a service": lambda s: logs.page(s, logs.LogQuery("s1", after=100)),
    "logs of an execution": lambda s: logs.page(s, logs.LogQuery("s1", execution_ids=("e0001",))),
    "events": lambda s: events.pending(s, 50),
    "outbox": lambda s: outbox.owed(s, 50),
    "replicas of a service": lambda s: replicas.all_of(s, "s1"),
    "due schedules": lambda s: schedules.due(s, 1.0, 50),
    "triggers of an event": lambda s: s.documents(TRIGGERS).find(project_id="p1", type="Event", active=True),
}


@pytest.fixture(scope="module")
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Filled once: many rows, of which each listing wants few."""
    if request.param == "sqlite":
        store = open_store(tmp_path_factory.mktemp("plans") / "faas.db")
    else:
        store = open_store(request.getfixturevalue("module_schema"))
    with store.write() as session:
        _fill(session)
        session.connection.execute(text("ANALYZE"))
    yield store
    store.close()


def _fill(session: Session) -> None:
    run = session.connection.execute
    spread = [(number, f"{number % 60}") for number in range(MANY)]
    run(ITEMS.table.insert(), [ITEMS.row(_item(number, f"d{part}")) for number, part in spread])
    note = {"projectId": "p1", "type": "box", "label": "x", "creator": "me", "createdAt": "2026"}
    notes = [note | {"id": f"a{number}", "itemId": f"i{number}", "datasetId": f"d{part}"} for number, part in spread]
    run(ANNOTATIONS.table.insert(), [ANNOTATIONS.row(one) for one in notes])
    executions.create(session, [
        execution(number, service(f"s{part}", f"p{part}"), state="created" if number % 50 == 1 else "success",
                  trigger_id=f"t{number}" if number % 50 == 0 else None, replica_id=f"r{number}", lease_until=5.0)
        for number, part in spread])  # fmt: skip
    for service_id in range(60):
        rows = [{"at": 1.0, "level": "INFO", "message": "m", "execution_id": f"e{n:04d}"} for n in range(50)]
        logs.append(session, f"s{service_id}", "r", rows)
    happened = {"resource": "Item", "action": "Created", "body": {}, "at": 1.0}
    run(
        EVENTS.insert(), [happened | {"project_id": f"p{part}", "resource_id": f"i{number}"} for number, part in spread]
    )
    seen = {"service_version": "1", "state": "ready", "phases": {}, "created_at": 1.0, "seen_at": 1.0}
    run(REPLICAS.insert(), [seen | {"id": f"r{number}", "service_id": f"s{part}"} for number, part in spread])
    run(SCHEDULES.insert(), [{"trigger_id": f"t{number}", "since": 0.0, "next_at": 2.0} for number, _ in spread])
    triggers = [
        {"id": f"t{n}", "projectId": f"p{p}", "name": f"{n}", "type": "Event", "active": True} for n, p in spread
    ]
    run(TRIGGERS.table.insert(), [TRIGGERS.row(one) for one in triggers])


def _item(number: int, dataset_id: str) -> dict[str, Any]:
    known = {"id": f"i{number}", "datasetId": dataset_id, "projectId": "p", "filename": f"/{number}", "dir": "/"}
    return known | {"name": f"{number}", "type": "file", "hidden": False, "createdAt": f"2026-{number:05d}"}


@contextmanager
def _explained(connection: Connection) -> Iterator[list[str]]:
    """The plan of every statement in the block."""
    plans: list[str] = []
    word = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "

    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            cursor.execute(word + statement, parameters)
            plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    event.listen(connection, "before_cursor_execute", explain)
    yield plans
    event.remove(connection, "before_cursor_execute", explain)


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("full", ["sqlite", "postgresql"], indirect=True)
def test_a_listing_looks_at_no_table_as_a_whole(full: Store, listing: str) -> None:
    with full.read() as session, _explained(session.connection) as plans:
        LISTINGS[listing](session)
    assert plans
    for plan in plans:
        # SQLite says SCAN without an index for a whole table; in the order of its own numbers it stops at the limit
        whole = re.findall(r"Seq Scan on \w+|SCAN (?!.*(?:USING|VIRTUAL))(?!events|outbox|CONSTANT)\w+", plan)
        assert not whole, plan
        assert "events" not in plan or "TEMP B-TREE" not in plan, plan
