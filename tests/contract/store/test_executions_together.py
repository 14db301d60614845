"""Many at once: whoever comes first has it, nobody has it twice, nothing gets stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from store_rows import claim, execution, said, service

from faas_agent.model.executions.state import State
from faas_agent.ports.store import events, executions, logs, outbox
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.store import Store
from faas_agent.ports.store.tables import EVENTS, SERVICES


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """Everybody starts at the same moment; errors come out."""
    gate = threading.Barrier(number)

    def start(one: int) -> Any:
        gate.wait(20)
        return act(one)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(start, range(number)))


def create(store: Store, number: int) -> list[str]:
    rows = [execution(one) for one in range(number)]
    with store.write() as session:
        executions.create(session, rows)
    return [row["id"] for row in rows]


def test_of_two_claimers_of_one_execution_exactly_one_wins(store: Store) -> None:
    for [one] in ([name] for name in create(store, 15)):

        def take(who: int, one: str = one) -> int:
            with store.guarded() as session:
                return len(claim(session, [one], f"r{who}"))

        assert sorted(at_once(2, take)) == [0, 1]


def test_two_hundred_claims_in_any_order_take_each_execution_once(store: Store) -> None:
    ids = create(store, 200)

    def take(who: int) -> list[str]:
        mine = ids[who * 7 % 200 :] + ids[: who * 7 % 200]
        won: list[str] = []
        for start in range(0, 200, 20):
            group = mine[start : start + 20]
            with store.guarded() as session:
                won += [row["id"] for row in claim(session, group[:: -1 if who % 2 else 1], f"r{who}")]
        return won

    assert sorted(chain.from_iterable(at_once(20, take))) == ids
    with store.read() as session:
        assert {row["attempts"] for row in executions.some(session, ids)} == {1}


def test_of_many_that_settle_one_attempt_one_does(store: Store) -> None:
    [one] = create(store, 1)
    with store.guarded() as session:
        claim(session, [one])
    ends = [State.SUCCESS, State.FAILED, State.RERUN, State.CREATED] * 3

    def settle(who: int) -> bool:
        with store.guarded() as session:
            return executions.settle(session, one, 1, ends[who], latest=said(ends[who])) is not None

    assert sum(at_once(len(ends), settle)) == 1


def test_groups_that_overlap_are_renewed_held_and_claimed_without_standing_in_each_others_way(store: Store) -> None:
    ids = create(store, 60)

    def work(who: int) -> None:
        mine = ids if who % 2 else ids[::-1]
        for _ in range(5):
            with store.guarded() as session:
                if who % 3 == 0:
                    executions.hold(session, mine)
                    for one in mine[:10]:
                        executions.progress(session, one, 0, latest=said(State.CREATED))
                elif who % 3 == 1:
                    claim(session, mine, f"r{who}")
                else:
                    executions.renew(session, f"r{who}", dict.fromkeys(mine, 1), 200.0)

    at_once(9, work)
    with store.read() as session:
        assert executions.counts(session) == {"service": {"waiting": 0, "running": 60}}


def test_two_engines_that_fire_meet_every_event_once(store: Store) -> None:
    with store.write() as session:
        for number in range(40):
            session.connection.execute(EVENTS.insert().values(
                project_id="p", resource="Item", action="Created", resource_id=f"i{number % 20}", body={}, at=0.0
            ))  # fmt: skip

    def fire(who: int) -> list[int]:
        met = []
        while True:
            with store.write() as session:
                group = events.pending(session, 7)
                for event in group:
                    if events.first_firing(session, "t", event["resource_id"], f"{who}-{event['id']}"):
                        executions.create(session, [execution(event["id"])])
                events.done(session, group)
            if not group:
                return met
            met += [event["id"] for event in group]

    met = list(chain.from_iterable(at_once(3, fire)))
    assert len(met) == len(set(met)) == 40
    with store.read() as session:
        assert executions.count_waiting(session, "service") == 20


def test_a_queue_with_room_for_one_takes_one(store: Store) -> None:
    def call(who: int) -> bool:
        with store.guarded() as session:
            session.take_turn("queue of service")
            if executions.count_waiting(session, "service"):
                return False
            executions.create(session, [execution(who)])
            return True

    assert sum(at_once(8, call)) == 1


def test_who_follows_a_log_by_its_ids_misses_no_line(store: Store) -> None:
    done = threading.Event()

    def follow() -> list[str]:
        found: list[str] = []
        after = 0
        while True:
            over = done.is_set()
            with store.read() as session:
                lines = logs.page(session, logs.LogQuery("s", after=after))
            found += [line["message"] for line in lines]
            after = lines[-1]["id"] if lines else after
            if over and not lines:
                return found

    def write(who: int) -> None:
        for number in range(15):
            with store.guarded() as session:
                logs.append(session, "s", f"r{who}", [_line(f"{who}-{number}-{part}") for part in range(3)])

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        at_once(6, write)
        done.set()
        found = following.result(60)
    assert sorted(found) == sorted(
        f"{who}-{number}-{part}" for who in range(6) for number in range(15) for part in range(3)
    )


def test_wake_ups_that_two_publishers_see_are_paid_without_an_error(store: Store) -> None:
    create(store, 50)

    def publish(_: int) -> int:
        with store.read() as session:
            group = outbox.owed(session)
        with store.guarded() as session:
            outbox.paid(session, group.rows)
        return len(group.rows)

    assert max(at_once(4, publish)) == 50
    with store.read() as session:
        assert outbox.owed(session).rows == ()


def test_a_write_beside_the_flow_sees_all_of_a_change_or_nothing(store: Store) -> None:
    """A service is deleted with all its executions while others call it: none is left behind."""
    with store.write() as session:
        session.documents(SERVICES).insert(service())

    def act(who: int) -> None:
        if who == 0:
            with store.write() as session:
                session.documents(SERVICES).delete("service")
                executions.delete_of_service(session, "service")
            return
        for number in range(10):
            with store.guarded() as session:
                _call(session, who * 100 + number)

    at_once(6, act)
    with store.read() as session:
        assert executions.counts(session) == {}
        assert outbox.owed(session).rows == ()


def _call(session: Session, number: int) -> None:
    if session.documents(SERVICES).get("service") is not None:
        executions.create(session, [execution(number)])


def _line(message: str) -> dict[str, Any]:
    return {"at": 1.0, "level": "INFO", "message": message}
