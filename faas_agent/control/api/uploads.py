"""Bytes in: a file of any size, written as it arrives, and an item only when all of it is there (ENDPOINTS 5).

The routes are coroutines, because a body is read as it comes; disk and database are touched in worker threads, two
trips for a small file. Whatever goes wrong on the way leaves nothing behind: no blob, no folder, no item.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from faas_agent.control.api.auth import Caller, authenticate, platform_of
from faas_agent.control.api.datasets import writable_dataset
from faas_agent.control.api.incoming import Incoming
from faas_agent.control.api.item_changes import Changes, writable_item
from faas_agent.control.api.multipart import Form
from faas_agent.errors import BadRequest, Conflict, FaasError
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.merging import an_object
from faas_agent.model.specs.place import Place, place
from faas_agent.model.specs.values import json_value, show
from faas_agent.ports.store.documents import Document

router = APIRouter(tags=["items"])

DRAINED = 16 * 1024**2
"""Bytes that are still read after a refusal: a client that is busy sending does not look for an answer."""
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        **{name: {"type": "string"} for name in ("type", "path", "metadata", "description")},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}
T = TypeVar("T")


@router.post("/datasets/{dataset_id}/items", openapi_extra=_FORM)
async def upload(request: Request, dataset_id: str, mode: Literal["skip", "overwrite"] = "skip") -> Response:
    """A new file, or a folder (``type=dir``). ``x-item-op`` says what was done: created, overwrite or exists."""
    platform, overwrite = platform_of(request), mode == "overwrite"

    def admit() -> Caller:
        caller = authenticate(request)
        with platform.store.read() as session:
            writable_dataset(session, caller, dataset_id, "engineer" if overwrite else "annotator")
        return caller

    def store(caller: Caller, form: Form, incoming: Incoming) -> tuple[Document, str]:
        wanted = _wanted(form)
        blob = None if wanted.folder else incoming.keep()
        with platform.store.write() as session:
            dataset = writable_dataset(session, caller, dataset_id, "engineer" if overwrite else "annotator")
            changes = Changes(session, platform, dataset, caller.email)
            if blob is None:
                return changes.make_folder(wanted.place), "created"
            item, done = _add_file(changes, wanted, incoming, blob, overwrite=overwrite)
        if done != "exists":
            incoming.settle()
        return item, done

    item, done = await _take(request, admit, store)
    return JSONResponse(specs.on_the_wire(item, platform.gate_url), headers={"x-item-op": done})


@router.post("/items/{item_id}/revisions", openapi_extra=_FORM)
async def new_bytes(request: Request, item_id: str) -> Response:
    """Other bytes for a file; its name, id and metadata stay."""
    platform = platform_of(request)

    def admit() -> Caller:
        caller = authenticate(request)
        with platform.store.read() as session:
            writable_item(session, caller, item_id)
        return caller

    def store(caller: Caller, form: Form, incoming: Incoming) -> Document:
        if form.file_name is None:
            raise BadRequest("file is missing: the form needs a part of that name with the bytes")
        blob = incoming.keep()
        with platform.store.write() as session:
            item, dataset = writable_item(session, caller, item_id)
            if item["type"] != "file":
                raise BadRequest("a folder has no bytes: name a file")
            found = specs.facts(item["name"], incoming.size, incoming.head)
            changes = Changes(session, platform, dataset, caller.email)
            changed = changes.give_bytes(specs.with_bytes(item, found, {}), blob)
        incoming.settle()
        return changed

    item = await _take(request, admit, store)
    return JSONResponse(specs.on_the_wire(item, platform.gate_url))


# -- receiving ---------------------------------------------------------------------------------------------------------


async def _take(request: Request, admit: Callable[[], Caller], store: Callable[[Caller, Form, Incoming], T]) -> T:
    """Who may, then the body, then ``store``. After a failure nothing of it is left."""
    incoming = Incoming(platform_of(request))
    try:
        caller = await run_in_threadpool(admit)
        form = await _receive(request, incoming)
        return await run_in_threadpool(store, caller, form, incoming)
    except ClientDisconnect:
        raise BadRequest("the connection was closed before the upload was complete") from None
    except FaasError:
        await _drain(request)
        raise
    finally:
        incoming.drop()


async def _receive(request: Request, incoming: Incoming) -> Form:
    """The form, when its end has come. Raises BadRequest, TooLarge."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return Form.of(dict(parse_qsl((await request.body()).decode(errors="replace"))))
    form = Form(content_type)
    async for chunk in request.stream():
        if incoming.take(form.feed(chunk)):
            await run_in_threadpool(incoming.write)
    if not form.ended:
        raise BadRequest("the upload was cut off: the closing boundary of the form is missing; send it again")
    return form


async def _drain(request: Request) -> None:
    left = DRAINED
    try:
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return
    except (ClientDisconnect, FaasError, RuntimeError):  # gone, over a limit, or read to its end before
        return


# -- storing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the fields beside a file ask for."""

    place: Place
    folder: bool
    metadata: dict[str, Any]
    description: str | None

    def described(self, item: Mapping[str, Any]) -> Document:
        """The item with the description, when one was sent."""
        return dict(item) if self.description is None else {**item, "description": self.description}


def _wanted(form: Form) -> Wanted:
    fields = form.fields
    kind = fields.get("type", "file")
    if kind not in ("file", "dir"):
        raise BadRequest(f"type must be file or dir, not {show(kind)}")
    if kind == "file" and form.file_name is None:
        raise BadRequest("file is missing: the form needs a part of that name with the bytes")
    try:
        metadata = json.loads(fields.get("metadata") or "{}")
    except (ValueError, RecursionError):
        raise BadRequest("metadata is not JSON: send an object, or leave it out") from None
    metadata = json_value("metadata", an_object(metadata, "metadata"))
    return Wanted(place(fields.get("path")), kind == "dir", metadata, fields.get("description"))


def _add_file(
    changes: Changes, wanted: Wanted, incoming: Incoming, blob: str, *, overwrite: bool
) -> tuple[Document, str]:
    found = specs.facts(wanted.place.name, incoming.size, incoming.head)
    there = changes.find(wanted.place)
    if there is None:
        new = specs.with_bytes({"metadata": {"system": {}}}, found, wanted.metadata)
        return changes.add_file(wanted.place, blob, wanted.described(new)), "created"
    if there["type"] != "file":
        raise Conflict(f"{wanted.place.filename} is a folder: choose another path for the file")
    if overwrite:
        return changes.give_bytes(wanted.described(specs.with_bytes(there, found, wanted.metadata)), blob), "overwrite"
    if there["metadata"]["system"]["size"] != incoming.size:
        # Answered as "exists", the SDK takes the other size for a broken upload and deletes what is there.
        raise Conflict(f"{wanted.place.filename} exists with other content: upload with overwrite to replace it")
    return there, "exists"
