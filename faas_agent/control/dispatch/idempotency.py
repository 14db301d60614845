"""``Idempotency-Key``: a call that is sent again, because its answer was lost, is answered again and not made again.

Called by the API where executions are created, in the transaction that creates them, and by the sweep. A key belongs to
a project and to one request; its row is what makes the call unique, whoever sends it and to whichever server.
"""

from __future__ import annotations

import hashlib
import json

from faas_agent.control.platform import Platform
from faas_agent.errors import Conflict
from faas_agent.ports.store import answers
from faas_agent.ports.store.session import Session

KEPT_SECONDS = 24 * 3600


def claim(session: Session, platform: Platform, project_id: str, key: str, request: object, new_id: str) -> str:
    """``new_id``, for what is to be made now; or the id of what the same request made before under this key.

    Raises Conflict when the key stands for another request.
    """
    told = json.dumps(request, sort_keys=True, separators=(",", ":"))
    new = answers.Answer(hashlib.sha256(told.encode()).hexdigest(), new_id)
    kept = answers.keep(session, project_id, key, new, platform.clock())
    if kept.digest != new.digest:
        raise Conflict("Idempotency-Key: it was sent with another request before: take a new key for a new request")
    return kept.answer_id


def forget_old(platform: Platform) -> None:
    """Keys are kept for a day."""
    with platform.store.guarded() as session:
        answers.forget(session, platform.clock() - KEPT_SECONDS)
