"""The agent's line to the platform: HTTP calls that are tried again until the platform answers.

Enters: what the agent asks and tells. Leaves: parsed answers, or ``Gone`` when the platform no longer knows this
replica. Calls run in threads; a platform that is away delays the agent and never ends it while it has work.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import urllib3

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason

RETRIES = urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), allowed_methods=None)
TIMEOUT = urllib3.Timeout(connect=5, read=60)


class Away(Exception):
    """The platform cannot be reached, or does not make sense right now. Try again."""


class Gone(Exception):
    """The platform answers, and this replica or its service is no longer wanted. End."""


class Api:
    """One replica's token on one pool of connections."""

    def __init__(self, gate_url: str, token: str) -> None:
        self._gate, self.token = gate_url, token
        self._pool = urllib3.PoolManager(maxsize=8, retries=RETRIES, timeout=TIMEOUT)

    @property
    def channel_url(self) -> str:
        return "ws" + self._gate.removeprefix("http") + "/agent/channel"

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer of ``/agent/<path>``. Raises Away and Gone."""
        return await asyncio.to_thread(self._call, method, "/agent/" + path, body)

    async def download(self, item_id: str, target: Path, token: str) -> None:
        """The bytes of an item, read as the service's bot. Raises StartFailed when they are gone."""
        await asyncio.to_thread(self._download, item_id, target, token)

    def _call(self, method: str, path: str, body: object) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        try:
            sent = None if body is None else json.dumps(body)
            answer = self._pool.request(method, self._gate + path, body=sent, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Away(type(error).__name__) from None
        if answer.status in (401, 403, 404):
            raise Gone(_message(answer))
        if answer.status >= 400:
            raise Away(f"{answer.status}: {_message(answer)}")
        return answer.json()

    def _download(self, item_id: str, target: Path, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        answer = self._pool.request(
            "GET", f"{self._gate}/items/{item_id}/stream", headers=headers, preload_content=False
        )
        with answer, target.open("wb") as file:
            if answer.status >= 400:
                text = f"the codebase item {item_id} cannot be read ({answer.status}): push the package again."
                raise StartFailed(Reason.NO_CODEBASE, text)
            shutil.copyfileobj(answer, file, 1 << 20)


def _message(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        return str(answer.json().get("message"))
    except (ValueError, AttributeError):
        return "no message"
