"""What becomes of an attempt that ended without an answer (DESIGN 4)."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.model.executions.reasons import LOSSES, Reason
from faas_agent.model.executions.retry import Decision, after
from faas_agent.model.executions.state import TERMINAL, State

ON_RESET: tuple[Literal["rerun", "failed"], ...] = ("rerun", "failed")


@pytest.mark.parametrize("reason", sorted(LOSSES - {Reason.DRAINED}))
@pytest.mark.parametrize("on_reset", ON_RESET)
def test_a_loss_starts_again_until_the_attempts_are_used_up(
    reason: Reason, on_reset: Literal["rerun", "failed"]
) -> None:
    decisions = [after(reason, attempts, 3, on_reset, terminating=False) for attempts in (1, 2, 3)]
    assert decisions[:2] == [Decision(State.RERUN, reason)] * 2
    assert decisions[2] == Decision(State.FAILED, Reason.MAX_ATTEMPTS)


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.DRAINED])
def test_a_timeout_and_a_drain_are_decided_by_on_reset(reason: Reason) -> None:
    assert after(reason, 1, 3, "rerun", terminating=False) == Decision(State.RERUN, reason)
    assert after(reason, 1, 3, "failed", terminating=False) == Decision(State.FAILED, reason)


def test_the_only_attempt_fails_with_its_own_reason() -> None:
    assert after(Reason.OOM, 1, 1, "rerun", terminating=False) == Decision(State.FAILED, Reason.OOM)


@given(st.sampled_from(Reason), st.integers(0, 20), st.integers(1, 10), st.sampled_from(ON_RESET), st.booleans())
def test_what_was_asked_to_end_ends_and_nothing_starts_too_often(
    reason: Reason, attempts: int, most: int, on_reset: Literal["rerun", "failed"], terminating: bool
) -> None:
    decision = after(reason, attempts, most, on_reset, terminating)
    assert decision.state is State.RERUN or decision.state in TERMINAL
    if terminating:
        assert decision == Decision(State.FAILED, Reason.TERMINATED)
    if decision.state is State.RERUN:
        assert attempts < most
