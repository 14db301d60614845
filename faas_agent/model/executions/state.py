"""The states of an execution and the one table of how they may change (DESIGN 4).

``created -> in-progress -> success | failed | canceled | aborted | system-failure``; ``in-progress -> rerun``.
The store asks ``may_become`` in the WHERE of every guarded update through ``sources_of``; nobody else decides.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Wire words of ``latestStatus.status``."""

    CREATED = "created"
    IN_PROGRESS = "in-progress"
    RERUN = "rerun"
    SUCCESS = "success"
    FAILED = "failed"
    TERMINATED = "terminated"
    ABORTED = "aborted"
    CANCELED = "canceled"
    SYSTEM_FAILURE = "system-failure"


TERMINAL = frozenset(
    {State.SUCCESS, State.FAILED, State.TERMINATED, State.ABORTED, State.CANCELED, State.SYSTEM_FAILURE}
)
WAITING = frozenset({State.CREATED, State.RERUN})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.CREATED: frozenset({State.IN_PROGRESS}) | TERMINAL,
    State.RERUN: frozenset({State.IN_PROGRESS}) | TERMINAL,
    State.IN_PROGRESS: frozenset({State.RERUN, State.CREATED}) | TERMINAL,
    **{end: frozenset({State.CREATED}) for end in TERMINAL},
}
"""``in-progress -> created`` gives back a claim that never ran. ``terminal -> created`` is the caller's rerun only."""

SPELLINGS = {"inProgress": State.IN_PROGRESS, "completed": State.SUCCESS}
"""The SDK's own spelling in ``progress.update(status=...)`` (ENDPOINTS 16)."""


def parse_state(text: str) -> State:
    """A state from the wire, in either spelling. Raises ValueError for anything else."""
    return SPELLINGS.get(text) or State(text)


def may_become(now: State, then: State) -> bool:
    """Whether the table has that step."""
    return then in TRANSITIONS[now]


def sources_of(then: State) -> frozenset[State]:
    """Every state from which ``then`` may be reached: the WHERE of a guarded update."""
    return frozenset(state for state, targets in TRANSITIONS.items() if then in targets)
