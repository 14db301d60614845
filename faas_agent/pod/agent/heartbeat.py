"""Signs of life: leases renewed, lost work dropped, the bot's token refreshed.

Enters: what runs. Leaves: orders to stop what is no longer ours. When the platform has been away for longer than a
lease can bridge, this replica's work belongs to others by then, and it ends itself rather than live on unseen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.agent.api import PATIENCE_SECONDS, Api, Away, Gone, Refused
from faas_agent.pod.agent.token_proxy import TokenProxy
from faas_agent.pod.agent.work import Work
from faas_agent.pod.host.supervise import Supervisor

Json = dict[str, Any]
END = {"type": "drain", "seconds": 0}
TOKEN_SECONDS = 600.0
"""How often a fresh bot token is fetched: a token lives far longer."""


async def beat_forever(
    api: Api,
    work: Work,
    supervisor: Supervisor,
    proxy: TokenProxy,
    boot: Json,
    order: Callable[[Json], None],
) -> None:
    """Until cancelled."""
    heard = token_at = time.monotonic()
    while True:
        await asyncio.sleep(boot["heartbeatSeconds"])
        try:
            if time.monotonic() - token_at > TOKEN_SECONDS:
                proxy.token = (await api.call("GET", "bot-token"))["jwt"]
                token_at = time.monotonic()
            running = {key.execution: key.attempt for key in work.running.values()}
            answer = await api.call("POST", "heartbeat", {"running": running})
        except (Away, Refused):
            if time.monotonic() - heard > PATIENCE_SECONDS:
                order(END)
            continue
        except Gone:
            order(END)
            continue
        heard = time.monotonic()
        _obey(work, supervisor, running, answer)
        if not answer["known"] or supervisor.failure is not None:
            order(END)


def _obey(work: Work, supervisor: Supervisor, running: dict[str, int], answer: Json) -> None:
    for execution in answer["lost"]:
        supervisor.stop(execution, running[execution], Reason.REPLICA_LOST)
    for execution in answer["terminate"]:
        if execution in running:
            work.stop(execution, running[execution])
    work.disown(answer["forgotten"])
