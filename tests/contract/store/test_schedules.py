"""Schedules in either database: what is due is found, and a time fires once with any number of processes that try."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from firing_process import TIMES, furnish
from sqlalchemy import select

from faas_agent.ports.store import events, schedules
from faas_agent.ports.store.store import Store
from faas_agent.ports.store.tables import EXECUTIONS, OUTBOX

PROCESS = Path(__file__).with_name("firing_process.py")


def test_the_longest_due_comes_first_and_what_is_not_due_not_at_all(store: Store) -> None:
    with store.write() as session:
        for name, next_at in (("c", 30.0), ("a", 10.0), ("never", None), ("b", 20.0)):
            schedules.put(session, name, 5.0, next_at)
        assert schedules.next_at(session) == 10.0
        assert schedules.due(session, 20.0, 9) == [schedules.Due("a", 5.0), schedules.Due("b", 5.0)]
        assert schedules.due(session, 20.0, 1) == [schedules.Due("a", 5.0)]
        schedules.put(session, "a", 10.0, 40.0)
        assert schedules.due(session, 99.0, 9)[-1] == schedules.Due("a", 10.0)
        schedules.forget(session, "b")
        assert schedules.next_at(session) == 30.0


def test_firings_before_a_time_are_forgotten_and_those_of_others_are_not(store: Store) -> None:
    with store.write() as session:
        for trigger, time in (("a", "2026-01-01"), ("a", "2026-01-02"), ("b", "2026-01-01")):
            assert events.first_firing(session, trigger, time, "x")
        schedules.forget_fired(session, "a", "2026-01-02")
        again = [events.first_firing(session, *one, "y") for one in (("a", "2026-01-01"), ("a", "2026-01-02"))]
        assert again == [True, False]
        assert not events.first_firing(session, "b", "2026-01-01", "y")


def test_of_many_that_claim_a_time_at_once_one_gets_it(store: Store) -> None:
    start = Barrier(6)

    def claim(number: int) -> bool:
        start.wait()
        with store.guarded() as session:
            return events.first_firing(session, "trigger", "2026-11-21T12:00:00.000Z", str(number))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(6))) == [False] * 5 + [True]


def test_several_processes_with_several_threads_make_one_execution_of_each_time(
    store: Store, place: str | Path
) -> None:
    furnish(store, triggers := 20)
    command = [sys.executable, str(PROCESS), str(place)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    fired = [int(one.communicate(timeout=60)[0]) for one in running]
    assert sum(fired) == triggers * TIMES
    with store.read() as session:
        rows = session.connection.execute(select(EXECUTIONS.c.trigger_id, EXECUTIONS.c.doc)).all()
        owed = session.connection.execute(select(OUTBOX.c.execution_id)).all()
    made = Counter((row.trigger_id, row.doc["event"]["body"]["scheduledAt"]) for row in rows)
    assert len(made) == len(owed) == triggers * TIMES
    assert set(made.values()) == {1}
