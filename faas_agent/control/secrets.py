"""The values behind integrations: kept beside the entity, never in it, so that no answer can hold them (ENDPOINTS 10).

They are NOT encrypted yet: whoever may read the database file reads them, and on one machine that is also user code
which runs as the same user. Only the file permissions of the data directory protect them. ``Seal`` is the one place
that writes and reads the kept form, and its first byte names that form, so that encryption with
``Platform.signing_key`` can come without a migration. ``reveal`` is for whoever starts a replica; nothing that answers
a request calls it.
"""

from __future__ import annotations

import json
from typing import Any

from faas_agent.errors import FaasError
from faas_agent.ports.store import secrets as kept_secrets
from faas_agent.ports.store.session import Session


class Seal:
    """The kept form of a secret: a version byte, then what that version means. Version 1 is JSON as it is."""

    PLAIN = b"\x01"

    def close(self, values: dict[str, Any]) -> bytes:
        """Values as bytes to keep."""
        return self.PLAIN + json.dumps(values).encode()

    def open(self, kept: bytes) -> dict[str, Any]:
        """The values again. Raises FaasError for a form that a later release wrote."""
        if kept[:1] != self.PLAIN:
            raise FaasError("a secret was written by a later release: use that one to read it")
        values: dict[str, Any] = json.loads(kept[1:])
        return values


def keep(session: Session, integration_id: str, values: dict[str, Any]) -> None:
    """Keep the values of an integration, in place of those before."""
    kept_secrets.put(session, integration_id, Seal().close(values))


def reveal(session: Session, integration_id: str) -> dict[str, Any] | None:
    """The values, for a replica that is being started; None when the integration is gone."""
    sealed = kept_secrets.get(session, integration_id)
    return None if sealed is None else Seal().open(sealed)


def forget(session: Session, integration_id: str) -> None:
    """Delete the values."""
    kept_secrets.remove(session, integration_id)
