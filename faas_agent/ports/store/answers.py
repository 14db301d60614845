"""Which answer a caller's ``Idempotency-Key`` has got already, in which project.

Called by ``control/api/idempotency`` in the transaction that makes the answer: both are there, or neither is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ANSWERS

C = ANSWERS.c


@dataclass(frozen=True, slots=True)
class Answer:
    """``digest``: of the request that it answers. ``answer_id``: of what was made."""

    digest: str
    answer_id: str


def keep(session: Session, project_id: str, key: str, answer: Answer, at: float) -> Answer:
    """The answer that the key stands for: this one when it is new, the earlier one when it is not."""
    dialect = sqlite if session.one_writer else postgresql
    row = dialect.insert(ANSWERS).values(
        project_id=project_id, key=key, digest=answer.digest, answer_id=answer.answer_id, made_at=at
    )
    # a second caller waits here for the first one's transaction
    written = session.connection.scalar(row.on_conflict_do_nothing().returning(C.answer_id))
    if written is not None:
        return answer
    query = select(C.digest, C.answer_id).where((C.project_id == project_id) & (C.key == key))
    found = session.connection.execute(query).one()
    return Answer(found.digest, found.answer_id)


def forget(session: Session, before: float) -> None:
    """Those that were made before then."""
    session.connection.execute(delete(ANSWERS).where(C.made_at < before))


def delete_of_project(session: Session, project_id: str) -> None:
    """A project that goes."""
    session.connection.execute(delete(ANSWERS).where(C.project_id == project_id))
