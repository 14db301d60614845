"""What becomes of an attempt that ended without an answer (DESIGN 4). Pure.

Enters: the reason, how many attempts there were and may be, and ``onReset``. Leaves: the next state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from faas_agent.model.executions.reasons import LOSSES, Reason
from faas_agent.model.executions.state import State

OnReset = Literal["rerun", "failed"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The state that follows, and the reason it bears."""

    state: State
    reason: Reason


def after(reason: Reason, attempts: int, max_attempts: int, on_reset: OnReset, terminating: bool) -> Decision:
    """Losses start again while attempts are left; a timeout and a drain only with ``onReset: rerun``.

    An execution whose end was asked for is never started again.
    """
    if terminating:
        return Decision(State.FAILED, Reason.TERMINATED)
    by_choice = reason in {Reason.TIMEOUT, Reason.DRAINED}
    if not (on_reset == "rerun" if by_choice else reason in LOSSES):
        return Decision(State.FAILED, reason)
    if attempts >= max_attempts:
        return Decision(State.FAILED, reason if max_attempts == 1 else Reason.MAX_ATTEMPTS)
    return Decision(State.RERUN, reason)
