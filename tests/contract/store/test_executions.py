"""Executions change by the transition table, once, and only for who holds them."""

from __future__ import annotations

import pytest
from store_rows import AT, claim, execution, said, service

from faas_agent.model.executions.state import TERMINAL, State
from faas_agent.model.specs.filters import parse_query
from faas_agent.ports.store import executions, outbox
from faas_agent.ports.store.store import Store
from faas_agent.ports.store.tables import EXECUTIONS

LATER = "2026-01-02T03:05:00.000Z"


@pytest.fixture
def three(store: Store) -> Store:
    with store.write() as session:
        executions.create(session, [execution(number) for number in (1, 2, 3)])
    return store


def state_of(store: Store, execution_id: str) -> str:
    with store.read() as session:
        row = executions.get(session, execution_id)
    assert row is not None
    return str(row["state"])


def test_a_new_execution_has_its_row_its_first_status_and_its_wake_up(three: Store) -> None:
    with three.read() as session:
        row = executions.get(session, "e0001")
        assert row is not None
        assert (row["state"], row["attempts"], row["output"], row["doc"]["input"]) == ("created", 0, None, {"n": 1})
        assert executions.history(session, ["e0001"]) == {"e0001": [said(State.CREATED)]}
        assert outbox.owed(session).by_service == {"service": ["e0001", "e0002", "e0003"]}
        assert executions.get(session, "e0009") is None


def test_a_claim_takes_what_waits_and_charges_an_attempt(three: Store) -> None:
    with three.guarded() as session:
        rows = claim(session, ["e0001", "e0002", "nothing"])
    assert sorted((row["id"], row["attempts"], row["charged"], row["replica_id"]) for row in rows) == [
        ("e0001", 1, 1, "r1"),
        ("e0002", 1, 1, "r1"),
    ]
    with three.guarded() as session:
        assert claim(session, ["e0001"], "r2") == []
        assert claim(session, ["e0003"], of="another service") == []


def test_what_is_to_be_terminated_is_never_claimed(three: Store) -> None:
    with three.write() as session:
        marked = executions.ask_to_terminate(session, "e0001", LATER)
        assert marked is not None
        assert marked["to_terminate"] is True
        assert claim(session, ["e0001"]) == []


def test_a_lease_is_renewed_for_its_holder_and_attempt_only(three: Store) -> None:
    with three.guarded() as session:
        claim(session, ["e0001", "e0002"])
        claim(session, ["e0003"], "r2")
        lost = executions.renew(session, "r1", {"e0001": 1, "e0002": 7, "e0003": 1, "gone": 1}, 200.0)
        assert lost == {"e0002", "e0003", "gone"}
        assert executions.renew(session, "r1", {}, 300.0) == set()
    with three.read() as session:
        assert [row["id"] for row in executions.expired(session, 150.0)] == ["e0003"]
        assert [row["id"] for row in executions.running_on(session, "r1")] == ["e0001", "e0002"]


def test_what_runs_is_spared_and_no_lease_gets_shorter(three: Store) -> None:
    with three.write() as session:
        claim(session, ["e0001"], lease=100.0)
        claim(session, ["e0002"], lease=900.0)
        executions.spare(session, 500.0)
    with three.read() as session:
        assert [row["lease_until"] for row in executions.running_on(session, "r1")] == [500.0, 900.0]


def test_only_the_running_attempt_is_settled_and_only_once(three: Store) -> None:
    done = {"latest": said(State.SUCCESS), "updated_at": LATER, "output": {"a": [1, None]}, "seconds": 1.5}
    with three.guarded() as session:
        claim(session, ["e0001"])
        assert executions.settle(session, "e0001", 2, State.SUCCESS, **done) is None
        row = executions.settle(session, "e0001", 1, State.SUCCESS, **done)
        assert row is not None
        assert (row["state"], row["output"], row["replica_id"], row["lease_until"]) == (
            "success",
            {"a": [1, None]},
            None,
            None,
        )
        assert executions.settle(session, "e0001", 1, State.FAILED, **done) is None
        assert executions.settle(session, "e0002", 0, State.SUCCESS, **done) is None


def test_a_requeued_execution_starts_as_its_next_attempt_and_the_old_one_is_stale(three: Store) -> None:
    with three.guarded() as session:
        claim(session, ["e0001"])
        executions.settle(session, "e0001", 1, State.RERUN, latest=said(State.RERUN), updated_at=LATER)
        [row] = claim(session, ["e0001"], "r2")
        assert row["attempts"] == 2
        assert executions.settle(session, "e0001", 1, State.SUCCESS, latest=said(State.SUCCESS)) is None
        assert not executions.progress(session, "e0001", 1, latest=said(State.IN_PROGRESS))
        assert executions.progress(session, "e0001", 2, latest=said(State.IN_PROGRESS, LATER))


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_an_end_is_final_but_for_a_rerun_that_somebody_asks_for(three: Store, end: State) -> None:
    with three.write() as session:
        ended = executions.end_waiting(session, EXECUTIONS.c.id == "e0001", end, latest=said(end), updated_at=LATER)
        assert [row["id"] for row in ended] == ["e0001"]
        assert claim(session, ["e0001"]) == []
        assert not executions.progress(session, "e0001", 0, latest=said(State.IN_PROGRESS))
        assert executions.ask_to_terminate(session, "e0001", LATER) is None
        again = executions.start_again(session, "e0001", latest=said(State.CREATED), updated_at=LATER, output=None)
        assert again is not None
        assert (again["state"], again["charged"], again["reason"]) == ("created", 0, None)
        assert executions.start_again(session, "e0001", latest=said(State.CREATED)) is None


def test_an_attempt_that_is_counted_by_hand_is_allowed_as_well(three: Store) -> None:
    with three.write() as session:
        assert executions.count_attempt(session, "e0001") == 1
        row = executions.get(session, "e0001")
        assert row is not None
        assert (row["charged"], row["max_attempts"]) == (1, 4)
        assert executions.count_attempt(session, "nothing") == 0


def test_a_label_changes_what_waits_only(three: Store) -> None:
    with three.guarded() as session:
        claim(session, ["e0002"])
        for one in ("e0001", "e0002"):
            executions.relabel(session, one, {"serviceVersion": "2"})
        assert [row["doc"].get("serviceVersion") for row in executions.some(session, ["e0001", "e0002"])] == [
            "2",
            "1.0.0",
        ]


def test_what_waits_and_runs_is_counted_by_service(three: Store) -> None:
    with three.write() as session:
        executions.create(session, [execution(4, service("other"), trigger_id="t")])
        claim(session, ["e0001"])
    with three.read() as session:
        assert executions.counts(session) == {
            "service": {"waiting": 2, "running": 1},
            "other": {"waiting": 1, "running": 0},
        }
        assert executions.count_waiting(session, "service") == 2
        assert [row["id"] for row in executions.waiting_for(session, "service")] == ["e0002", "e0003"]
        assert [row["id"] for row in executions.waiting(session, LATER)] == ["e0002", "e0003", "e0004"]
        assert executions.waiting(session, AT) == []
        assert executions.any_unended_of_trigger(session, "t")
        assert not executions.any_unended_of_trigger(session, "another")


def test_a_service_goes_with_its_executions_statuses_and_wake_ups(three: Store) -> None:
    with three.write() as session:
        executions.create(session, [execution(4, service("other"))])
        executions.delete_of_service(session, "service")
    with three.read() as session:
        assert executions.counts(session) == {"other": {"waiting": 1, "running": 0}}
        assert executions.history(session, ["e0001", "e0004"]) == {"e0001": [], "e0004": [said(State.CREATED)]}
        assert outbox.owed(session).by_service == {"other": ["e0004"]}


def test_executions_are_found_by_columns_status_and_input_newest_first(three: Store) -> None:
    with three.write() as session:
        claim(session, ["e0002"])
        executions.create(session, [execution(4, service("other", "elsewhere"))])

    def found(**asked: object) -> tuple[list[str], int]:
        with three.read() as session:
            rows, total = executions.query(session, parse_query(asked), ["project"])
        return [row["id"] for row in rows], total

    assert found(pageSize=2) == (["e0003", "e0002"], 3)
    assert found(page=1, pageSize=2) == (["e0001"], 3)
    assert found(filter={"$and": [{"latestStatus.status": {"$in": ["in-progress"]}}]}) == (["e0002"], 1)
    assert found(filter={"$and": [{"input.n": 3}]}) == (["e0003"], 1)
    assert found(filter={"$and": [{"toTerminate": False}, {"attempts": 0}]}) == (["e0003", "e0001"], 2)
    assert found(filter={"$and": [{"latestStatus.percentComplete": 0}]})[1] == 3
    assert found(filter={}, sort={"createdAt": "ascending"})[0] == ["e0001", "e0002", "e0003"]


def test_what_user_code_returns_is_kept_whatever_is_in_it(three: Store) -> None:
    """Both databases keep what both can; what one cannot is replaced there, and never loses the end of an execution."""
    output = {
        "text": "nul \0 and half \ud800",
        "number": float("nan"),
        "kept": ["\U0001f600 é \\u0000", 2**70, -2.5e-7, 1e20],
    }
    with three.guarded() as session:
        claim(session, ["e0001"])
        row = executions.settle(session, "e0001", 1, State.SUCCESS, latest=said(State.SUCCESS), output=output)
        executions.note(session, [("e0001", 1, said(State.SUCCESS) | {"message": "\0"})])
    assert row is not None
    assert state_of(three, "e0001") == "success"
    with three.read() as session:
        kept = executions.get(session, "e0001")
    assert kept is not None
    assert kept["output"]["kept"] == output["kept"]
    assert kept["output"]["text"] in (output["text"], "nul \ufffd and half \ufffd")
