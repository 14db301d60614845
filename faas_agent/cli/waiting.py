"""Waiting for an execution to end: soon at first, then ever less often (ENDPOINTS 16).

Enters: an execution. Leaves: the same, ended. Called by ``dlp services execute --wait``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from faas_agent.cli.jsonfile import Json
from faas_agent.model.executions.state import TERMINAL

if TYPE_CHECKING:
    from faas_agent.cli.client import Client

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 10.0


def ended(client: Client, execution: Json) -> Json:
    """Ask until it has ended; Ctrl-C ends the waiting and leaves the execution alone."""
    pause = FIRST_SECONDS
    while execution["latestStatus"]["status"] not in TERMINAL:
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_SECONDS)
        execution = client.get(f"/executions/{execution['id']}")
    return execution
