"""The lines of a service's log, page after page (ENDPOINTS 15: "Log paging").

Enters: a service and a time. Leaves: lines as they are; with ``follow`` the generator does not end.
Called by ``dlp services log``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError
from faas_agent.model.times import from_wire, to_wire

if TYPE_CHECKING:
    from faas_agent.cli.client import Client

DAY_SECONDS = 24 * 3600
IDLE_SECONDS = 1.0
"""The platform holds the call while there is nothing new; this is for one that does not."""


def lines(client: Client, service: Json, start: str | None, follow: bool) -> Iterator[Json]:
    """Lines in the order they were written, from ``start`` on."""
    body: Json = {
        "direction": "asc",
        "follow": follow,
        "system": False,
        "logLevel": "info",
        "serviceId": service["id"],
        "projectId": service["projectId"],
        "start": _start(start),
    }
    while True:
        began = time.monotonic()
        page = client.post("/services/logs", body)
        yield from page.get("logs") or []
        body["checkpoint"] = page.get("checkpoint")
        if page.get("stop") or not (page.get("logs") or follow):
            return
        if not page.get("logs") and time.monotonic() - began < IDLE_SECONDS:
            time.sleep(IDLE_SECONDS)


def _start(text: str | None) -> str:
    if text is None:
        return to_wire(time.time() - DAY_SECONDS)
    try:
        from_wire(text)
    except ValueError:
        raise UsageError(f"-t has to be a time like 2026-01-31T18:00:00Z, not {text!r}") from None
    return text
