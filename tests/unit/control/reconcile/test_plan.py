"""Wanted against real replicas, as steps (DESIGN 3.2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from faas_agent.control.reconcile.plan import Plan, Replica, plan

NEW, OLD = "1.0.1", "1.0.0"


def several(*states: str, version: str = NEW) -> list[Replica]:
    """Replicas in these states, oldest first."""
    return [Replica(f"{version}-{number}", version, state) for number, state in enumerate(states)]


def test_what_is_missing_is_started_once() -> None:
    assert plan(NEW, 3, held=False, replicas=several("ready")) == Plan(start=2)
    assert plan(NEW, 3, held=False, replicas=several("ready", "starting", "starting")) == Plan()


def test_a_version_that_cannot_start_is_not_started() -> None:
    assert plan(NEW, 2, held=True, replicas=several("ready", version=OLD)) == Plan()


def test_what_is_too_much_ends_the_unready_first_then_the_newest() -> None:
    replicas = several("ready", "starting", "ready")
    assert plan(NEW, 2, held=False, replicas=replicas).drain == (f"{NEW}-1",)
    assert plan(NEW, 1, held=False, replicas=replicas).drain == (f"{NEW}-1", f"{NEW}-2")


def test_the_old_serve_until_the_new_are_ready() -> None:
    old = several("ready", "ready", version=OLD)
    assert plan(NEW, 2, held=False, replicas=old) == Plan(start=2)
    assert plan(NEW, 2, held=False, replicas=[*old, *several("ready", "starting")]) == Plan()
    assert plan(NEW, 2, held=False, replicas=[*old, *several("ready", "ready")]).drain == (f"{OLD}-0", f"{OLD}-1")


def test_a_paused_service_keeps_nothing() -> None:
    replicas = [*several("ready", "starting"), *several("ready", version=OLD), *several("draining", version="0.9")]
    assert set(plan(NEW, 0, held=False, replicas=replicas).drain) == {f"{NEW}-0", f"{NEW}-1", f"{OLD}-0"}


@given(
    st.lists(
        st.builds(
            Replica,
            st.uuids().map(str),
            st.sampled_from([OLD, NEW]),
            st.sampled_from(["starting", "ready", "draining"]),
        ),
        max_size=8,
    ),
    st.integers(0, 5),
    st.booleans(),
)
def test_no_plan_starts_too_many_drains_twice_or_takes_the_last_that_serves(
    replicas: list[Replica], wanted: int, held: bool
) -> None:
    steps = plan(NEW, wanted, held, replicas)
    known = {replica.id: replica for replica in replicas}
    current = [one for one in replicas if one.version == NEW and one.state != "draining"]
    assert len(steps.drain) == len(set(steps.drain))
    assert all(known[one].state != "draining" for one in steps.drain)
    kept = [one for one in current if one.id not in steps.drain]
    assert len(kept) + steps.start <= max(wanted, len(kept))
    ready = [one for one in replicas if one.state == "ready"]
    if wanted and ready:
        assert any(one.id not in steps.drain for one in ready)
    assert not (held and steps.start)
