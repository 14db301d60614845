"""Bytes out: an item's content, whole or from some place on (ENDPOINTS 5).

Links are not followed: their own bytes say where they lead, and the SDK goes there itself. The server fetching
whatever a user wrote into a link would open the network it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.description import Problem
from faas_agent.control.api.item_changes import fetch_item
from faas_agent.control.api.problems import problem
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs.sniff import UNKNOWN
from faas_agent.ports.store import items as contents
from faas_agent.ports.store.documents import Document

router = APIRouter(tags=["items"])

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "All of it", "content": _BYTES},
    206: {"description": "The part that was asked for", "content": _BYTES},
    416: {"description": "A range behind the end", "model": Problem},
}
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@router.get("/items/{item_id}/stream", response_class=Response, responses=_ANSWERS)
@router.head("/items/{item_id}/stream", response_class=Response, responses=_ANSWERS)
def stream(
    platform: PlatformDep,
    caller: CallerDep,
    request: Request,
    item_id: str,
    wanted: Annotated[str, Header(alias="range")] = "",
) -> Response:
    """The content. With ``Range`` a part of it (206), or 416 when it lies behind the end."""
    with platform.store.read() as session:
        item = fetch_item(session, caller, item_id)
        key = contents.blob_key(session, item_id)
    if key is None:
        raise BadRequest(f"{item['filename']} is a folder: stream the files in it")
    size = platform.blobs.size(key)
    if size is None:
        raise NotFound(f"the content of item {item_id} is gone: it was replaced or deleted just now")
    part = span(wanted, size)
    if part is None:
        return problem(416, f"Range lies behind the end: there are {size} bytes", {"Content-Range": f"bytes */{size}"})
    start, stop, partial = part
    headers = _headers(item) | {"Content-Length": str(stop - start)}
    if partial:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    body = iter([b""]) if request.method == "HEAD" else _opened(platform, key, item_id, start, stop)
    return StreamingResponse(body, 206 if partial else 200, headers, headers["Content-Type"])


@router.get("/items/{item_id}/thumbnail", response_class=Response, responses=_ANSWERS)
def thumbnail(platform: PlatformDep, caller: CallerDep, request: Request, item_id: str) -> Response:
    """A picture to show for the item: a picture is its own, nothing else has one."""
    with platform.store.read() as session:
        item = fetch_item(session, caller, item_id)
    if not str(item["metadata"]["system"].get("mimetype", UNKNOWN)).startswith("image/"):
        raise NotFound(f"{item['filename']} is not a picture: it has no thumbnail")
    return stream(platform, caller, request, item_id)


def span(wanted: str, size: int) -> tuple[int, int, bool] | None:
    """From and up to which byte a ``Range`` asks, and whether it does at all. None: for nothing that is there.

    An empty item has no first byte, yet the SDK asks for it in a range: it is answered whole.
    """
    found = _RANGE.fullmatch(wanted.strip())
    first, last = found.groups() if found else ("", "")
    if size == 0 or not (first or last) or (first and last and int(last) < int(first)):
        return 0, size, False
    if not first:
        return (max(0, size - int(last)), size, True) if int(last) else None
    stop = min(size, int(last) + 1) if last else size
    return (int(first), stop, True) if int(first) < size else None


def _opened(platform: Platform, key: str, item_id: str, start: int, stop: int) -> Iterator[bytes]:
    """The chunks, the first of them already read: a blob that went in between is a 404 and no broken answer."""
    chunks = platform.blobs.read(key, start, stop)
    try:
        first = next(chunks, b"")
    except FileNotFoundError:
        raise NotFound(f"the content of item {item_id} is gone: it was replaced or deleted just now") from None

    def all_of_it() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_of_it()


def _headers(item: Document) -> dict[str, Any]:
    """Never shown as a page of this server, whatever an item says it is."""
    told = str(item["metadata"]["system"].get("mimetype", UNKNOWN))
    return {
        "Content-Type": told if _MEDIA_TYPE.fullmatch(told) else UNKNOWN,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(item['name'], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
    }
