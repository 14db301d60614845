"""What an agent says of an attempt, made into the execution's next state. Fenced: an old attempt changes nothing.

Enters: reports of the API's agent resource, and losses that the platform itself notices. Leaves: guarded updates
through ``ports/store/executions``, wake-ups for what starts again, and a warning for what came too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import structlog

from faas_agent.control.platform import Platform
from faas_agent.model.executions import retry
from faas_agent.model.executions.execution import Row, entry
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.executions.state import State
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session

LOG = structlog.get_logger("dispatch")
LOSS_MESSAGES = {
    Reason.REPLICA_LOST: "The replica that ran this execution is gone",
    Reason.MAX_ATTEMPTS: "Every attempt was lost; see the status log for each",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt."""

    execution_id: str
    attempt: int
    outcome: Literal["success", "error", "stopped", "lost"]
    reason: Reason | None = None
    message: str = ""
    traceback: str = ""
    output: Any = None
    seconds: float = 0.0
    charged: bool = True


def settle(session: Session, platform: Platform, on_reset: retry.OnReset, outcome: Outcome) -> bool:
    """Write the end of an attempt. False when it was stale and changed nothing."""
    row = executions.get(session, outcome.execution_id)
    if row is None or row["attempts"] != outcome.attempt or row["state"] != State.IN_PROGRESS:
        LOG.warning("stale report dropped", execution=outcome.execution_id, attempt=outcome.attempt)
        return False
    if not outcome.charged and not row["to_terminate"]:
        give_back(session, platform, row)
        return True
    state, reason = _decide(row, outcome, on_reset)
    message = outcome.message or LOSS_MESSAGES.get(reason or Reason.ERROR, "")
    # the output is kept once, in its own column: it may be megabytes, and the log is read with every look
    latest = entry(platform.now(), state, _percent(row, state), message or None, reason, outcome.traceback)
    values: dict[str, Any] = {"latest": latest, "updated_at": latest["timestamp"], "seconds": outcome.seconds}
    if state is State.SUCCESS:
        values["output"] = outcome.output
    changed = executions.settle(
        session, row["id"], row["attempts"], state, reason=reason.value if reason else None, **values
    )
    if changed is None:
        return False
    executions.note(session, [(row["id"], row["attempts"], latest)])
    if state is State.RERUN:
        wake(session, platform, [row])
    return True


def show_progress(
    session: Session,
    platform: Platform,
    row: Row,
    attempt: int,
    percent: float | None,
    message: str | None,
    output: object,
) -> bool:
    """What an attempt says of itself, or somebody of one that waits; False when it is not the latest one."""
    latest = entry(platform.now(), State(row["state"]), percent, message or None, output=output)
    values: dict[str, Any] = {"latest": latest, "updated_at": latest["timestamp"]}
    if output is not None:
        values["output"] = output
    if not executions.progress(session, row["id"], attempt, **values):
        return False
    executions.note(session, [(row["id"], attempt, latest)])
    return True


def give_back(session: Session, platform: Platform, row: Row) -> None:
    """A claim that never ran, or was cut without its own fault: it waits again and pays no attempt."""
    latest = entry(platform.now(), State.CREATED)
    changed = executions.settle(
        session,
        row["id"],
        row["attempts"],
        State.CREATED,
        charged=row["charged"] - 1,
        latest=latest,
        updated_at=latest["timestamp"],
    )
    if changed is not None:
        executions.note(session, [(row["id"], row["attempts"], latest)])
        wake(session, platform, [row])


def wake(session: Session, platform: Platform, rows: list[Row]) -> None:
    """Owe a wake-up for each, to be published as soon as this is committed."""
    executions.wake(session, rows)
    signal_work(session, platform)


def signal_work(session: Session, platform: Platform) -> None:
    """There is work: publish it and see whether it needs replicas, once this is committed."""
    session.after_commit(platform.signals.outbox.set)
    session.after_commit(platform.signals.reconcile.set)


def _decide(row: Row, outcome: Outcome, on_reset: retry.OnReset) -> tuple[State, Reason | None]:
    if outcome.outcome == "success":
        return State.SUCCESS, None
    reason = outcome.reason or Reason.ERROR
    if outcome.outcome == "error":
        return State.FAILED, reason
    decision = retry.after(reason, row["charged"], row["max_attempts"], on_reset, row["to_terminate"])
    return decision.state, decision.reason


def _percent(row: Row, state: State) -> float:
    return 100 if state is State.SUCCESS else float(row["latest"].get("percentComplete") or 0)
