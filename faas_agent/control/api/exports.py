"""Exports: a dataset's items, with their annotations if wanted, as one file (ENDPOINTS 4).

The file is an item of Binaries, hidden, named by the command that answers; the SDK downloads it like any other. It is
written item by item, so a dataset of any size fits, and goes when a later export finds it older than a day.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any

from fastapi import APIRouter

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.commands import create_command
from faas_agent.control.api.datasets import fetch_dataset
from faas_agent.control.api.item_changes import Changes
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.filters import Filter, Query, parse_query
from faas_agent.model.specs.merging import an_object
from faas_agent.model.specs.place import at
from faas_agent.model.specs.values import show
from faas_agent.model.times import to_wire
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.items import annotations_of, items_of, subtree
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS

router = APIRouter(tags=["exports"])

FOLDER = ".exports"
KEPT_SECONDS = 24 * 3600


@router.post("/datasets/{dataset_id}/export")
def export(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json) -> dict[str, Any]:
    """Write what ``itemsQuery`` finds; ``exportType`` json: one list, zip: one file for each item."""
    kind = body.get("exportType") or "zip"
    if kind not in ("json", "zip"):
        raise BadRequest(f"exportType must be json or zip, not {show(kind)}")
    version = body.get("exportVersion") or "V1"
    if version not in ("V1", "V2"):
        raise BadRequest(f"exportVersion must be V1 or V2, not {show(version)}")
    asked = parse_query(body.get("itemsQuery") or {})
    noted = parse_query(body.get("annotationsQuery") or {})
    with_annotations = an_object(body.get("annotations"), "annotations").get("include", True) is not False
    incoming = platform.blobs.create()
    try:
        with platform.store.read() as session:
            dataset = fetch_dataset(session, caller, dataset_id)
            found = _entries(session, platform, dataset, asked, noted if with_annotations else None)
            if kind == "json":
                _write_json(incoming, found)
            else:
                _write_zip(incoming, found, endings=version == "V2")
        size = incoming.tell()
    except BaseException:
        platform.blobs.drop(incoming)
        raise
    key = platform.new_id()
    platform.blobs.keep(key, incoming)
    return _answer(platform, caller, dataset, key, kind, size)


def _entries(
    session: Session, platform: Platform, dataset: Document, asked: Query, noted: Query | None
) -> Iterator[Document]:
    within = {"dataset_id": [dataset["id"]], "type": ["file"]}
    for item in items_of(session).iterate(asked, within):
        entry = specs.on_the_wire(item, platform.gate_url)
        if noted is not None:
            entry["annotations"] = list(_annotations(session, item["id"], noted.filter))
        yield entry


def _annotations(session: Session, item_id: str, wanted: Filter) -> Iterator[Document]:
    return annotations_of(session).iterate(Query(filter=wanted), {"item_id": [item_id]})


def _write_json(file: IO[bytes], entries: Iterator[Document]) -> None:
    file.write(b"[")
    for number, entry in enumerate(entries):
        file.write((b",\n" if number else b"") + json.dumps(entry).encode())
    file.write(b"]")


def _write_zip(file: IO[bytes], entries: Iterator[Document], *, endings: bool) -> None:
    """Named as the items are, in their folders: the SDK unpacks it into its ``json`` folder and looks there.

    Without ``endings`` ``/a/b.jpg`` is ``a/b.json``; of two items that this makes one, the later keeps its ending.
    """
    taken: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            path = PurePosixPath(entry["filename"].removeprefix("/"))
            name = str(path if endings else path.with_suffix(""))
            name = str(path) if name in taken else name
            taken.add(name)
            archive.writestr(f"{name}.json", json.dumps(entry))


def _answer(platform: Platform, caller: Caller, dataset: Document, key: str, kind: str, size: int) -> dict[str, Any]:
    """Make the file an item, in one transaction with the command that names it."""
    try:
        with platform.store.write() as session:
            binaries = session.documents(DATASETS).first(project_id=dataset["projectId"], system=True)
            if binaries is None:
                raise BadRequest(f"the project of dataset {dataset['id']} has just been deleted")
            changes = Changes(session, platform, binaries, caller.email)
            changes.remove(_old(session, binaries, to_wire(platform.clock() - KEPT_SECONDS)))
            place = at([FOLDER, f"{key}.{kind}"])
            item = specs.with_bytes({"metadata": {"system": {}}}, specs.facts(place.name, size, b""), {})
            made = changes.add_file(place, key, item)
            spec = {"outputItemId": made["id"], "datasetId": dataset["id"]}
            return create_command(session, platform, caller, "ExportDataset", dataset["projectId"], spec)
    except BaseException:
        platform.blobs.delete(key)
        raise


def _old(session: Session, binaries: Document, before: str) -> list[Document]:
    return [one for one in subtree(session, binaries["id"], f"/{FOLDER}") if one["createdAt"] < before]
