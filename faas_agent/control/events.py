"""Something happened: an event row in the same transaction as the change itself, so that neither exists alone.

Called by the API where entities change. Leaves: a row for ``control/triggers`` and a signal after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.control.platform import Platform
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import EVENTS


def emit(
    session: Session,
    platform: Platform,
    resource: str,
    action: str,
    entity: Mapping[str, Any],
    project_id: str,
) -> None:
    """``resource``, ``action``: as triggers spell them (ENDPOINTS 17). ``entity``: as on the wire."""
    session.connection.execute(
        EVENTS.insert().values(
            project_id=project_id,
            resource=resource,
            action=action,
            resource_id=entity["id"],
            body=dict(entity),
            at=platform.clock(),
        )
    )
    session.after_commit(platform.signals.events.set)
