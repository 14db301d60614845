"""What an ``Idempotency-Key`` was answered with: the first answer, for whoever comes later, until it is forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from faas_agent.ports.store import answers
from faas_agent.ports.store.answers import Answer
from faas_agent.ports.store.store import Store


def test_a_key_keeps_its_first_answer_in_each_project(store: Store) -> None:
    with store.guarded() as session:
        assert answers.keep(session, "p", "key", Answer("d", "e1"), 1.0) == Answer("d", "e1")
        assert answers.keep(session, "p", "key", Answer("other", "e2"), 2.0) == Answer("d", "e1")
        assert answers.keep(session, "p", "another", Answer("d", "e3"), 2.0) == Answer("d", "e3")
        assert answers.keep(session, "q", "key", Answer("d", "e4"), 2.0) == Answer("d", "e4")


def test_a_key_whose_call_failed_is_free(store: Store) -> None:
    try:
        with store.guarded() as session:
            answers.keep(session, "p", "key", Answer("d", "e1"), 1.0)
            raise LookupError
    except LookupError:
        pass
    with store.guarded() as session:
        assert answers.keep(session, "p", "key", Answer("d", "e2"), 1.0) == Answer("d", "e2")


def test_an_old_key_is_forgotten_and_so_are_those_of_a_project_that_goes(store: Store) -> None:
    with store.guarded() as session:
        for project, key, at in (("p", "old", 1.0), ("p", "new", 2.0), ("q", "new", 2.0)):
            answers.keep(session, project, key, Answer("d", "first"), at)
        answers.forget(session, 2.0)
        answers.delete_of_project(session, "q")
        kept = [
            answers.keep(session, *one, Answer("d", "again"), 3.0) for one in (("p", "old"), ("p", "new"), ("q", "new"))
        ]
    assert [one.answer_id for one in kept] == ["again", "first", "again"]


def test_of_many_that_use_a_key_at_once_all_get_one_answer(store: Store) -> None:
    start = Barrier(6)

    def call(number: int) -> str:
        start.wait()
        with store.guarded() as session:
            return answers.keep(session, "p", "key", Answer("d", f"e{number}"), 1.0).answer_id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(call, range(6)))) == 1
