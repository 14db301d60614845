"""What callers do to an execution from outside: ask for its end, report for it, end it (ENDPOINTS 16).

Called by the API inside a transaction of its own. What the agent says afterwards of an attempt that was ended here is
stale, and it is told to drop it.
"""

from __future__ import annotations

from typing import Any

from faas_agent.control.dispatch import outcomes
from faas_agent.control.platform import Platform
from faas_agent.model.executions.execution import Row, entry
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import TERMINAL, State
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EXECUTIONS

BEFORE_START = "Execution received termination signal before it started"


def terminate(session: Session, platform: Platform, row: Row) -> None:
    """One that waits ends at once; a running one by the ladder of its agent."""
    marked = executions.ask_to_terminate(session, row["id"], platform.now())
    latest = entry(platform.now(), State.FAILED, message=BEFORE_START, reason=Reason.TERMINATED)
    waiting = EXECUTIONS.c.id == row["id"]
    reason, at = Reason.TERMINATED.value, latest["timestamp"]
    ended = executions.end_waiting(session, waiting, State.FAILED, latest=latest, reason=reason, updated_at=at)
    executions.note(session, [(one["id"], one["attempts"], latest) for one in ended])
    if not ended and marked is not None:
        _stop(session, platform, marked)


def report(
    session: Session,
    platform: Platform,
    row: Row,
    state: State,
    percent: float | None,
    message: str | None,
    output: object,
    *,
    from_within: bool,
) -> None:
    """A status that somebody else than the agent posts.

    ``from_within``: by the service's bot. A running function that calls itself completed is still running, and what it
    returns counts; so that is progress. Anything else that is an end ends it.
    """
    own = from_within and state is State.SUCCESS and row["state"] == State.IN_PROGRESS
    if state not in TERMINAL or own:
        percent = 100 if own and percent is None else percent
        outcomes.show_progress(session, platform, row, row["attempts"], percent, message, output)
        return
    reason = None if state is State.SUCCESS else Reason.ERROR
    percent = 100 if state is State.SUCCESS and percent is None else percent
    latest = entry(platform.now(), state, percent, message, reason, output=output)
    values: dict[str, Any] = {"latest": latest, "updated_at": latest["timestamp"], "reason": reason}
    if output is not None:
        values["output"] = output
    if row["state"] == State.IN_PROGRESS:
        executions.settle(session, row["id"], row["attempts"], state, **values)
        _stop(session, platform, row)
    else:
        executions.end_waiting(session, EXECUTIONS.c.id == row["id"], state, **values)
    executions.note(session, [(row["id"], row["attempts"], latest)])


def _stop(session: Session, platform: Platform, row: Row) -> None:
    """Tell the agent that has it, once this is committed."""
    if row["replica_id"]:
        order = {"type": "stop", "execution": row["id"], "attempt": row["attempts"]}
        session.after_commit(lambda: platform.broker.order(row["replica_id"], order))
