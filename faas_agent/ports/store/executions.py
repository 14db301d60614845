"""Executions in the store: every change of state is one guarded statement, or it does not happen (DESIGN 4).

Called by the API and by ``control/dispatch``. The guard of each UPDATE comes from the transition table in
``model/executions/state.py``; a caller learns from the returned rows what really changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from faas_agent.model.executions.execution import Entry, Row
from faas_agent.model.executions.state import TERMINAL, WAITING, State, sources_of
from faas_agent.model.specs.filters import Query
from faas_agent.ports.store.dql import compile_filter, order_by
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EXECUTIONS, OUTBOX, STATUS_LOG

C = EXECUTIONS.c
_WAITING = [state.value for state in WAITING]
_TERMINAL = [state.value for state in TERMINAL]


def create(session: Session, rows: Sequence[Row]) -> None:
    """New executions, their first status and their wake-ups, in this transaction."""
    session.connection.execute(insert(EXECUTIONS), list(rows))
    note(session, [(row["id"], 0, row["latest"]) for row in rows])
    wake(session, rows)


def wake(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """An outbox row for each: a wake-up that will be published after this transaction, whatever happens to us."""
    found = [{"service_id": row["service_id"], "execution_id": row["id"]} for row in rows]
    if found:
        session.connection.execute(insert(OUTBOX), found)


def note(session: Session, entries: Sequence[tuple[str, int, Entry]]) -> None:
    """Append to the status logs: (execution, attempt, entry)."""
    if entries:
        session.connection.execute(
            insert(STATUS_LOG), [{"execution_id": i, "attempt": attempt, "entry": e} for i, attempt, e in entries]
        )


def get(session: Session, execution_id: str) -> Row | None:
    """One row, or None."""
    row = session.connection.execute(select(EXECUTIONS).where(C.id == execution_id)).mappings().first()
    return dict(row) if row else None


def hold(session: Session, execution_ids: Collection[str]) -> None:
    """Nobody else changes these until this transaction ends."""
    if not session.one_writer:
        session.connection.execute(select(C.id).where(C.id.in_(execution_ids)).order_by(C.id).with_for_update())


def history(session: Session, execution_ids: Sequence[str]) -> dict[str, list[Entry]]:
    """The status log of each, oldest first."""
    found: dict[str, list[Entry]] = {execution_id: [] for execution_id in execution_ids}
    query = select(STATUS_LOG.c.execution_id, STATUS_LOG.c.entry).where(STATUS_LOG.c.execution_id.in_(execution_ids))
    for execution_id, line in session.connection.execute(query.order_by(STATUS_LOG.c.id)):
        found[execution_id].append(line)
    return found


def claim(
    session: Session, service_id: str, execution_ids: Sequence[str], replica_id: str, lease_until: float, latest: Entry
) -> list[Row]:
    """Take those that still wait, for this replica: state, attempt, charge and lease in one statement."""
    return _change(
        session,
        (C.id.in_(execution_ids)) & (C.service_id == service_id) & C.state.in_(_WAITING) & ~C.to_terminate,
        state=State.IN_PROGRESS.value,
        attempts=C.attempts + 1,
        charged=C.charged + 1,
        replica_id=replica_id,
        lease_until=lease_until,
        updated_at=latest["timestamp"],
        latest=latest,
        reason=None,
    )


def renew(session: Session, replica_id: str, running: Mapping[str, int], lease_until: float) -> set[str]:
    """Extend the leases of (execution: attempt). Returns those that are no longer this replica's to run."""
    if not running:
        return set()
    where = C.id.in_(running) & (C.replica_id == replica_id) & (C.state == State.IN_PROGRESS.value)
    statement = (
        update(EXECUTIONS).where(_held(session, where)).values(lease_until=lease_until).returning(C.id, C.attempts)
    )
    held = {row.id for row in session.connection.execute(statement) if running[row.id] == row.attempts}
    return set(running) - held


def spare(session: Session, lease_until: float) -> None:
    """Everything that runs has its lease until then at least."""
    where = (C.state == State.IN_PROGRESS.value) & (C.lease_until < lease_until)
    session.connection.execute(update(EXECUTIONS).where(where).values(lease_until=lease_until))


def settle(session: Session, execution_id: str, attempt: int, then: State, **values: Any) -> Row | None:
    """End or requeue a running attempt. None when that attempt is not the running one: a stale report (fencing)."""
    where = (C.id == execution_id) & (C.attempts == attempt) & (C.state == State.IN_PROGRESS.value)
    rows = _change(session, where & _may(then), state=then.value, replica_id=None, lease_until=None, **values)
    return rows[0] if rows else None


def progress(session: Session, execution_id: str, attempt: int, **values: Any) -> bool:
    """Change what an attempt shows of itself; False when it has ended or is not the latest one."""
    where = (C.id == execution_id) & (C.attempts == attempt) & C.state.not_in(_TERMINAL)
    return bool(_change(session, where, **values))


def count_attempt(session: Session, execution_id: str) -> int:
    """One attempt more, charged and allowed, so that as many are left as before. Returns how many are charged."""
    rows = _change(session, C.id == execution_id, charged=C.charged + 1, max_attempts=C.max_attempts + 1)
    return int(rows[0]["charged"]) if rows else 0


def end_waiting(session: Session, where: ColumnElement[bool], then: State, **values: Any) -> list[Row]:
    """End executions that wait, without a start."""
    return _change(session, where & C.state.in_(_WAITING) & _may(then), state=then.value, **values)


def ask_to_terminate(session: Session, execution_id: str, at: str) -> Row | None:
    """Mark one that has not ended; None when it has."""
    rows = _change(session, (C.id == execution_id) & C.state.not_in(_TERMINAL), to_terminate=True, updated_at=at)
    return rows[0] if rows else None


def start_again(session: Session, execution_id: str, **values: Any) -> Row | None:
    """A caller's rerun of one that has ended: the same id, its attempts uncharged. None when it has not ended."""
    where = (C.id == execution_id) & C.state.in_(_TERMINAL)
    rows = _change(session, where, state=State.CREATED.value, charged=0, to_terminate=False, reason=None, **values)
    return rows[0] if rows else None


def running_on(session: Session, replica_id: str) -> list[Row]:
    """What a replica holds."""
    return _rows(session, (C.replica_id == replica_id) & (C.state == State.IN_PROGRESS.value))


def expired(session: Session, now: float, limit: int = 500) -> list[Row]:
    """Running executions whose lease is over."""
    return _rows(session, (C.state == State.IN_PROGRESS.value) & (C.lease_until < now), limit)


def waiting(session: Session, before: str, limit: int = 5000) -> list[Row]:
    """Executions that wait since before then, for the sweep that wakes somebody again."""
    return _rows(session, C.state.in_(_WAITING) & (C.updated_at < before), limit)


def waiting_for(session: Session, service_id: str, limit: int = 5000) -> list[Row]:
    """The oldest that wait for a service."""
    return _rows(session, (C.service_id == service_id) & C.state.in_(_WAITING), limit)


def some(session: Session, execution_ids: Sequence[str]) -> list[Row]:
    """Those of the ids that exist."""
    return _rows(session, C.id.in_(execution_ids))


def relabel(session: Session, execution_id: str, doc: dict[str, Any]) -> None:
    """Write down what will really run a waiting execution."""
    _change(session, (C.id == execution_id) & C.state.in_(_WAITING), doc=doc)


def count_waiting(session: Session, service_id: str) -> int:
    """How many wait for a service."""
    where = (C.service_id == service_id) & C.state.in_(_WAITING)
    return session.connection.scalar(select(func.count()).select_from(EXECUTIONS).where(where)) or 0


def any_unended_of_trigger(session: Session, trigger_id: str) -> bool:
    """Whether something that it made waits or runs."""
    where = (C.trigger_id == trigger_id) & C.state.in_([*_WAITING, State.IN_PROGRESS.value])
    return session.connection.scalar(select(C.id).where(where).limit(1)) is not None


def counts(session: Session) -> dict[str, dict[str, int]]:
    """By service: how many wait and how many run."""
    found: dict[str, dict[str, int]] = {}
    query = select(C.service_id, C.state, func.count()).where(C.state.in_([*_WAITING, State.IN_PROGRESS.value]))
    for service_id, state, number in session.connection.execute(query.group_by(C.service_id, C.state)):
        kind = "running" if state == State.IN_PROGRESS.value else "waiting"
        of_service = found.setdefault(service_id, {"waiting": 0, "running": 0})
        of_service[kind] += number
    return found


def delete_of_service(session: Session, service_id: str) -> None:
    """Everything of a service that goes."""
    ids = select(C.id).where(C.service_id == service_id)
    session.connection.execute(delete(STATUS_LOG).where(STATUS_LOG.c.execution_id.in_(ids)))
    session.connection.execute(delete(OUTBOX).where(OUTBOX.c.service_id == service_id))
    session.connection.execute(delete(EXECUTIONS).where(C.service_id == service_id))


def _may(then: State) -> ColumnElement[bool]:
    return C.state.in_([state.value for state in sources_of(then)])


def _change(session: Session, where: ColumnElement[bool], **values: Any) -> list[Row]:
    statement = update(EXECUTIONS).where(_held(session, where)).values(**values).returning(EXECUTIONS)
    return [dict(row) for row in session.connection.execute(statement).mappings()]


def _held(session: Session, where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same rows, held in the order of their ids first: two groups that overlap wait for each other in one line."""
    if session.one_writer:
        return where
    return C.id.in_(select(C.id).where(where).order_by(C.id).with_for_update())


def _rows(session: Session, where: ColumnElement[bool], limit: int = 10_000) -> list[Row]:
    statement = select(EXECUTIONS).where(where).order_by(C.id).limit(limit)
    return [dict(row) for row in session.connection.execute(statement).mappings()]


PATHS: dict[str, ColumnElement[Any]] = {
    "id": C.id,
    "projectId": C.project_id,
    "serviceId": C.service_id,
    "packageId": C.package_id,
    "functionName": C.function_name,
    "triggerId": C.trigger_id,
    "creator": C.creator,
    "createdAt": C.created_at,
    "updatedAt": C.updated_at,
    "latestStatus.status": C.state,
    "latestStatus": C.latest,
    "attempts": C.charged,
    "maxAttempts": C.max_attempts,
    "toTerminate": C.to_terminate,
    "duration": C.seconds,
    "reason": C.reason,
    "output": C.output,
    "replicaId": C.replica_id,
}
"""Path on the wire -> column; every other path is looked up in ``doc``."""


def query(session: Session, asked: Query, project_ids: Sequence[str]) -> tuple[list[Row], int]:
    """One page within these projects, newest first unless a sort is asked for, and how many there are in all."""
    dialect = session.connection.dialect.name
    where = C.project_id.in_(project_ids) & compile_filter(asked.filter, PATHS, C.doc, dialect)
    order = order_by(asked.sort, PATHS, C.doc, dialect) if asked.sort else [C.id.desc()]
    statement = select(EXECUTIONS).where(where).order_by(*order, C.id)
    statement = statement.limit(asked.page_size).offset(asked.page * asked.page_size)
    rows = [dict(row) for row in session.connection.execute(statement).mappings()]
    total = session.connection.scalar(select(func.count()).select_from(EXECUTIONS).where(where)) or 0
    return rows, total
