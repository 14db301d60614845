"""The one table of how an execution may change (DESIGN 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.model.executions.state import (
    TERMINAL,
    TRANSITIONS,
    WAITING,
    State,
    may_become,
    parse_state,
    sources_of,
)

STATES = st.sampled_from(State)


@given(st.lists(STATES, max_size=30))
def test_no_path_leaves_an_end_but_the_rerun(wishes: list[State]) -> None:
    now = State.CREATED
    for wish in wishes:
        if may_become(now, wish):
            assert now not in TERMINAL or wish is State.CREATED
            now = wish
        else:
            assert wish not in TRANSITIONS[now]


@given(STATES, STATES)
def test_the_sources_of_a_state_are_its_transitions_read_backwards(now: State, then: State) -> None:
    assert (now in sources_of(then)) is may_become(now, then)


def test_every_state_has_its_row_and_only_a_claim_leads_into_work() -> None:
    assert set(TRANSITIONS) == set(State)
    assert sources_of(State.IN_PROGRESS) == WAITING
    assert sources_of(State.RERUN) == {State.IN_PROGRESS}


def test_what_waits_and_what_runs_may_end_in_every_way() -> None:
    for now in (*WAITING, State.IN_PROGRESS):
        assert TRANSITIONS[now] >= TERMINAL


@pytest.mark.parametrize(
    ("text", "state"),
    [("inProgress", State.IN_PROGRESS), ("completed", State.SUCCESS), *((state.value, state) for state in State)],
)
def test_both_spellings_of_the_wire_are_read(text: str, state: State) -> None:
    assert parse_state(text) is state


@pytest.mark.parametrize("text", ["", "done", "SUCCESS", "in progress"])
def test_any_other_word_is_no_state(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid State"):
        parse_state(text)
