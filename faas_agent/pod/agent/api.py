"""The agent's line to the platform: HTTP calls that are tried again until the platform answers.

Enters: what the agent asks and tells. Leaves: parsed answers, or ``Gone`` when the platform no longer knows this
replica. Calls run in threads; a platform that is away delays the agent, and ends it only after ``PATIENCE_SECONDS``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import urllib3

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason

RETRIES = urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), allowed_methods=None)
TIMEOUT = urllib3.Timeout(connect=5, read=60)
GONE, REFUSED = {401, 403, 404}, {400, 409, 413, 422}
PATIENCE_SECONDS = 300.0
"""How long the platform may be away before an agent ends: longer than a restart takes, and its leases are over then."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0


class Away(Exception):
    """The platform cannot be reached, or does not make sense right now. Try again."""


class Gone(Exception):
    """The platform answers, and this replica or its service is no longer wanted. End."""


class Refused(Exception):
    """The platform answers, and will never take this body. Trying again is useless."""


class Api:
    """One replica's token on one pool of connections."""

    def __init__(self, gate_url: str, token: str) -> None:
        self._gate, self.token = gate_url, token
        self._pool = urllib3.PoolManager(maxsize=8, retries=RETRIES, timeout=TIMEOUT)

    @property
    def channel_url(self) -> str:
        return "ws" + self._gate.removeprefix("http") + "/agent/channel"

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer of ``/agent/<path>``. Raises Away, Gone and Refused."""
        return await self.send(method, path, None if body is None else json.dumps(body))

    async def send(self, method: str, path: str, text: str | None) -> Any:
        """``call`` with a body that is JSON already."""
        return await asyncio.to_thread(self._call, method, "/agent/" + path, text)

    async def insist(self, method: str, path: str, body: object = None) -> Any:
        """``call`` until the platform answers. Raises Gone when it has been away for too long."""
        pause, until = PAUSE_SECONDS, time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self.call(method, path, body)
            except Away as error:
                if time.monotonic() > until:
                    raise Gone(f"the platform is away: {error}") from None
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def download(self, item_id: str, target: Path, token: str) -> None:
        """The bytes of an item, read as the service's bot. Raises StartFailed when they are gone."""
        await asyncio.to_thread(self._download, item_id, target, token)

    def _call(self, method: str, path: str, text: str | None) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        try:
            answer = self._pool.request(method, self._gate + path, body=text, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Away(type(error).__name__) from None
        if answer.status in GONE:
            raise Gone(_message(answer))
        if answer.status in REFUSED:
            raise Refused(_message(answer))
        if answer.status >= 400:
            raise Away(f"{answer.status}: {_message(answer)}")
        return answer.json()

    def _download(self, item_id: str, target: Path, token: str) -> None:
        url, headers = f"{self._gate}/items/{item_id}/stream", {"authorization": f"Bearer {token}"}
        try:
            answer = self._pool.request("GET", url, headers=headers, preload_content=False)
            with answer, target.open("wb") as file:
                if answer.status >= 400:
                    raise StartFailed(Reason.NO_CODEBASE, _unreadable(item_id, str(answer.status)))
                shutil.copyfileobj(answer, file, 1 << 20)
        except urllib3.exceptions.HTTPError as error:
            raise StartFailed(Reason.NO_CODEBASE, _unreadable(item_id, type(error).__name__)) from None


def _unreadable(item_id: str, why: str) -> str:
    return f"the codebase item {item_id} cannot be read ({why}): push the package again."


def _message(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        return str(answer.json().get("message"))
    except (ValueError, AttributeError):
        return "no message"
