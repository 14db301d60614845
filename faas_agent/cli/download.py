"""Items become local files (ENDPOINTS 5), their annotations JSON files beside them.

Enters: an item and a folder. Leaves: the whole file under its name, or none: bytes arrive in a ``.part`` file first.
Called by ``dlp items download``. Never writes outside the folder, whatever an item is called.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import urllib3

from faas_agent.cli.client import Client
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError

CHUNK_BYTES = 256 * 1024
STALLS = 3
"""How often a download may break without a byte in between."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to fetch of every item, and where to."""

    folder: Path
    items_folder: bool
    binaries: bool
    annotations: Sequence[Json] | None
    """Conditions on the annotations, or None for none at all."""
    overwrite: bool


def fetch(client: Client, item: Json, wish: Wish) -> str:
    """One item. Returns ``downloaded``, or ``exists`` for what is here already."""
    name = _inside(str(item["filename"]))
    outcome = "exists"
    if wish.binaries:
        target = wish.folder / ("items" if wish.items_folder else "") / name
        if wish.overwrite or not target.exists():
            _fetch_bytes(client, item, target)
            outcome = "downloaded"
    if wish.annotations is not None:
        target = wish.folder / "json" / name.with_suffix(".json")
        if wish.overwrite or not target.exists():
            _fetch_annotations(client, item, target, wish.annotations)
            outcome = "downloaded"
    return outcome


def _inside(filename: str) -> PurePosixPath:
    parts = [part for part in filename.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or any("\0" in part or "\\" in part for part in parts):
        raise FaasError("its name does not fit into a folder; download it by its id")
    return PurePosixPath(*parts)


def _fetch_bytes(client: Client, item: Json, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{item['id']}.part")
    try:
        with part.open("wb") as file:
            _receive(client, item, file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _receive(client: Client, item: Json, file: IO[bytes]) -> None:
    """All bytes of the item; a connection that breaks is taken up where it broke."""
    size = int(item["metadata"]["system"]["size"])
    stalls = 0
    while (start := file.tell()) < size:
        _receive_from(client, item["id"], file, start)
        stalls = 0 if file.tell() > start else stalls + 1
        if stalls == STALLS:
            raise FaasError(f"the download stopped at {start} of {size} bytes; run it again")
    if file.tell() != size:
        raise FaasError(f"{file.tell()} bytes came instead of {size}; the item changed meanwhile, run it again")


def _receive_from(client: Client, item_id: str, file: IO[bytes], start: int) -> None:
    response = client.stream(f"/items/{item_id}/stream", start)
    try:
        if start and response.status != 206:
            file.seek(0)
            file.truncate()
        # read1 hands over what has come so far; read would drop it when the rest does not come
        while chunk := response.read1(CHUNK_BYTES):
            file.write(chunk)
    except urllib3.exceptions.HTTPError:
        pass  # the caller sees how far it came and asks for the rest
    finally:
        response.close()


def _fetch_annotations(client: Client, item: Json, target: Path, conditions: Sequence[Json]) -> None:
    query = {"resource": "annotations", "filter": {"$and": [{"itemId": item["id"]}, *conditions]}}
    found = list(client.pages(f"/datasets/{item['datasetId']}/query", query))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{item['id']}.json.part")
    text = json.dumps({"id": item["id"], "filename": item["filename"], "annotations": found}, indent=2)
    part.write_text(text, "utf-8")
    part.replace(target)
