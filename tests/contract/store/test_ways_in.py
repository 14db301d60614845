"""Who sees what, who waits for whom, and what happens when the database is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from store_server import Server

from faas_agent.errors import Unavailable
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.store import Store, open_store
from faas_agent.ports.store.tables import PROJECTS


def put(session: Session, name: str) -> None:
    session.documents(PROJECTS).insert({"id": name, "name": name})


def names(store: Store) -> list[str]:
    with store.read() as session:
        return [one["name"] for one in session.documents(PROJECTS).find("name")]


def test_a_write_that_fails_leaves_nothing_and_calls_no_hook(store: Store) -> None:
    called: list[str] = []
    with pytest.raises(ZeroDivisionError), store.write() as session:
        put(session, "a")
        session.after_commit(lambda: called.append("a"))
        _ = 1 / 0
    with store.guarded() as session:
        put(session, "b")
        session.after_commit(lambda: called.append("b"))
        assert called == []
    assert called == ["b"]
    assert names(store) == ["b"]


def test_a_reader_sees_one_moment_and_waits_for_no_writer(store: Store) -> None:
    with store.write() as session:
        put(session, "a")
    with store.read() as session, ThreadPoolExecutor(1) as pool:
        assert session.documents(PROJECTS).count() == 1

        def add() -> None:
            with store.write() as other:
                put(other, "b")

        pool.submit(add).result(20)
        assert session.documents(PROJECTS).count() == 1
    assert names(store) == ["a", "b"]


def test_writes_that_read_first_take_turns(store: Store) -> None:
    """Each adds one to what it has read: none is lost, though no row is locked."""
    with store.write() as session:
        session.documents(PROJECTS).insert({"id": "n", "name": "n", "count": 0})

    def add_one(_: int) -> None:
        for _ in range(10):
            with store.write() as session:
                doc = session.documents(PROJECTS).get("n") or {}
                session.documents(PROJECTS).put(doc | {"count": doc["count"] + 1})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add_one, range(6)))
    with store.read() as session:
        assert (session.documents(PROJECTS).get("n") or {})["count"] == 60


def test_of_many_who_want_one_name_one_gets_it(store: Store) -> None:
    def take(number: int) -> bool:
        with store.write() as session:
            if session.documents(PROJECTS).first(name="wanted"):
                return False
            session.documents(PROJECTS).insert({"id": str(number), "name": "wanted"})
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_the_flow_of_work_goes_side_by_side_and_a_write_waits_for_it(new_schema: Callable[[], str]) -> None:
    store = open_store(new_schema())
    inside, leave, wrote = threading.Barrier(3), threading.Event(), threading.Event()

    def flow() -> None:
        with store.guarded():
            inside.wait(20)
            leave.wait(20)

    def write() -> None:
        with store.write():
            wrote.set()

    with ThreadPoolExecutor(3) as pool:
        flowing = [pool.submit(flow), pool.submit(flow)]
        inside.wait(20)
        writing = pool.submit(write)
        assert not wrote.wait(0.3)
        leave.set()
        for one in (*flowing, writing):
            one.result(20)
    assert wrote.is_set()
    store.close()


# -- a database that goes away -----------------------------------------------------------------------------------------


@pytest.fixture
def restarted(schema_of_server: str) -> Iterator[Store]:
    store = open_store(schema_of_server)
    yield store
    store.close()


def test_connections_that_broke_while_nobody_used_them_are_replaced_unnoticed(restarted: Store, server: Server) -> None:
    with restarted.write() as session:
        put(session, "before")
    server.stop()
    server.start()
    assert names(restarted) == ["before"]
    with restarted.write() as session:
        put(session, "after")
    with restarted.guarded() as session:
        assert session.documents(PROJECTS).count() == 2


def test_a_database_that_is_away_is_said_to_be_unavailable_until_it_is_back(restarted: Store, server: Server) -> None:
    server.stop()
    try:
        for way in (restarted.read, restarted.write, restarted.guarded):
            with pytest.raises(Unavailable, match="try again"), way():
                pytest.fail("there is no database")
    finally:
        server.start()
    assert names(restarted) == []


def test_what_was_in_flight_fails_as_unavailable_and_leaves_nothing(restarted: Store, server: Server) -> None:
    called: list[int] = []
    with pytest.raises(Unavailable), restarted.write() as session:
        put(session, "half")
        session.after_commit(lambda: called.append(1))
        server.stop()
        server.start()
    assert called == []
    assert names(restarted) == []


def test_a_connection_that_is_ended_from_outside_costs_only_what_ran_on_it(restarted: Store) -> None:
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    with pytest.raises(Unavailable), restarted.guarded() as session:
        session.connection.execute(end)
    assert names(restarted) == []
