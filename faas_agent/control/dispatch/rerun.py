"""An ended execution starts again by a caller's wish: the same id, its history kept, the service of now (DESIGN 4)."""

from __future__ import annotations

from faas_agent.control.dispatch import outcomes
from faas_agent.control.dispatch.create import refuse_paused
from faas_agent.control.platform import Platform
from faas_agent.errors import Conflict, NotFound
from faas_agent.model.executions.execution import Row, entry
from faas_agent.model.executions.state import State
from faas_agent.ports.store import executions
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICES


def start_again(session: Session, platform: Platform, row: Row) -> Row:
    """A rerun by the caller's wish. Raises NotFound, BadRequest for a paused service, Conflict when it has begun."""
    service = session.documents(SERVICES).get(row["service_id"])
    if service is None:
        raise NotFound("the service of this execution is gone: deploy it again and execute anew")
    refuse_paused(service)
    latest = entry(platform.now(), State.CREATED)
    doc = row["doc"] | {"packageRevision": service["packageRevision"], "serviceVersion": service["version"]}
    changed = executions.start_again(
        session,
        row["id"],
        latest=latest,
        updated_at=latest["timestamp"],
        max_attempts=service["maxAttempts"],
        doc=doc,
        output=None,
        seconds=None,
    )
    if changed is None:
        raise Conflict("the execution was started again by somebody else just now")
    executions.note(session, [(row["id"], row["attempts"], latest)])
    outcomes.wake(session, platform, [changed])
    return changed
