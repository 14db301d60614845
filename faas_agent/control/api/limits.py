"""A wall in front of every body that is read whole: more than the limit is a 413, whatever length was announced.

Uploads are not read whole and pass; their handlers count for themselves.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faas_agent.control.api.problems import problem
from faas_agent.errors import TooLarge

UPLOADS = re.compile(r"/api/v1/(datasets/[^/]+/items|items/[^/]+/revisions)")


class BodyLimit:
    """ASGI middleware; holds the limit in bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_upload(scope):
            await self._app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise TooLarge(f"the body is larger than {self._limit} bytes; upload large data as an item")
            return message

        if _announced(scope) > self._limit:
            answer = problem(413, f"the body is larger than {self._limit} bytes; upload large data as an item")
            await answer(scope, receive, send)
            return
        await self._app(scope, counted, send)


def _is_upload(scope: Scope) -> bool:
    multipart = _header(scope, b"content-type").startswith(b"multipart/")
    return multipart and UPLOADS.fullmatch(scope["path"]) is not None


def _announced(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length.isdigit() else 0


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
