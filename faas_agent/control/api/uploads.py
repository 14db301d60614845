"""Bytes in: a file of any size, written as it arrives, and an item only when all of it is there (ENDPOINTS 5).

The routes are coroutines, because a body is read as it comes; disk and database are touched in worker threads, two
trips for a small file. Whatever goes wrong on the way leaves nothing behind: no blob, no folder, no item.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import IO, TypeVar

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from faas_agent.control.api.multipart import Form
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, FaasError, TooLarge
from faas_agent.model.specs.sniff import HEAD

router = APIRouter(tags=["item bytes"])

IN_MEMORY = 1024**2
"""Bytes of a file that are collected before a thread is asked to write them."""
DRAINED = 64 * 1024**2
"""Bytes that are still read after a refusal: a client that is busy sending does not see the answer before."""
T = TypeVar("T")


@dataclass(slots=True)
class Incoming:
    """The bytes of one upload on their way into a blob that is not one yet."""

    platform: Platform
    size: int = 0
    head: bytes = b""
    _waiting: bytearray = field(default_factory=bytearray)
    _file: IO[bytes] | None = None

    def take(self, chunk: bytes) -> bool:
        """Count some more bytes. Returns whether it is time to ``write``. Raises TooLarge."""
        self.size += len(chunk)
        if self.size > self.platform.settings.upload_limit_bytes:
            raise TooLarge(f"file is larger than {self.platform.settings.upload_limit_bytes} bytes, the largest item")
        if len(self.head) < HEAD:
            self.head += chunk[: HEAD - len(self.head)]
        self._waiting += chunk
        return len(self._waiting) >= IN_MEMORY

    def write(self) -> None:
        """Put what waits on the disk."""
        if self._file is None:
            self._file = self.platform.blobs.create()
        self._file.write(self._waiting)
        self._waiting.clear()

    def keep(self) -> str:
        """Make it a blob, and return its key."""
        self.write()
        if self._file is None:
            raise ValueError("nothing to keep")
        key = self.platform.new_id()
        self.platform.blobs.keep(key, self._file)
        self._file = None
        return key

    def drop(self) -> None:
        """Forget what was written, if anything was."""
        if self._file is not None:
            self.platform.blobs.drop(self._file)


# -- routes -------------------------------------------------------------------------------------------------------------


@router.post("/datasets/{dataset_id}/items", openapi_extra=_FORM)
async def upload(request: Request, dataset_id: str, mode: Literal["skip", "overwrite"] = "skip") -> Response:
    """A new file, or a folder (``type=dir``). ``x-item-op`` says what was done: created, overwrite or exists."""
    platform = platform_of(request)

    def admit() -> Caller:
        caller = authenticate(request)
        with platform.store.read() as session:
            writable_dataset(session, caller, dataset_id, _role(mode))
        return caller

    def store(caller: Caller, form: Form, incoming: Incoming) -> tuple[Document, str]:
        wanted = _wanted(form.fields)
        if wanted.folder:
            return _add_folder(platform, caller, dataset_id, wanted.place), "created"
        return _add_file(platform, caller, dataset_id, mode, wanted, incoming)

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

    def store(caller: Caller, _form: Form, incoming: Incoming) -> Document:
        with _kept(platform, incoming) as key, platform.store.write() as session:
            item, dataset = writable_item(session, caller, item_id)
            found = specs.facts(item["name"], incoming.size, incoming.head)
            return Changes(session, platform, dataset, caller.email).give_bytes(specs.with_bytes(item, found, {}), key)

    item = await _take(request, admit, store)
    return JSONResponse(specs.on_the_wire(item, platform.gate_url))


# -- receiving ----------------------------------------------------------------------------------------------------------


async def _take(request: Request, admit: Callable[[], Caller], store: Callable[[Caller, Form, Incoming], T]) -> T:
    """Who may, then the body, then ``store``. After any failure nothing of it is left."""
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
    """Read a form to its end. Raises BadRequest, TooLarge."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return Fields({key: values[-1] for key, values in parse_qs((await request.body()).decode(errors="replace")).items()})
    form = Form(request.headers.get("content-type", ""))
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


# -- storing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the fields beside a file ask for."""

    place: Place
    folder: bool
    metadata: dict[str, Any]
    description: str | None


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


def _add_folder(platform: Platform, caller: Caller, dataset_id: str, wanted: Wanted) -> Document:
    with platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id, "annotator")
        return Changes(session, platform, dataset, caller.email).make_folder(wanted.place)


def _add_file(
    platform: Platform, caller: Caller, dataset_id: str, wanted: Wanted, incoming: Incoming, *, overwrite: bool
) -> tuple[Document, str]:
    found = specs.facts(wanted.place.name, incoming.size, incoming.head)
    with _kept(platform, incoming) as blob, platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id, "engineer" if overwrite else "annotator")
        changes = Changes(session, platform, dataset, caller.email)
        there = changes.find(wanted.place)
        if there is None:
            new = _described(specs.with_bytes({"metadata": {"system": {}}}, found, wanted.metadata), wanted)
            return changes.add_file(wanted.place, blob.use(), new), "created"
        if there["type"] != "file":
            raise Conflict(f"{wanted.place.filename} is a folder: choose another path for the file")
        if overwrite:
            new = _described(specs.with_bytes(there, found, wanted.metadata), wanted)
            return changes.give_bytes(new, blob.use()), "overwrite"
        _check_same(there, incoming.size)
        return there, "exists"
