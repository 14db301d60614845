"""Items become local files (ENDPOINTS 5), their annotations JSON files or pictures beside them.

Enters: an item and a folder. Leaves: the whole file under its name, or none: bytes arrive in a ``.part`` file first.
Called by ``dlp items download``. Never writes outside the folder, whatever an item is called.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

import urllib3

from faas_agent.cli.client import Client
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError

if TYPE_CHECKING:
    from faas_agent.cli.drawing import Kind, Style

CHUNK_BYTES = 256 * 1024
STALLS = 3
"""How often a download may break without a byte in between."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to fetch of every item, and where to."""

    folder: Path
    items_folder: bool
    binaries: bool
    overwrite: bool
    annotations: Sequence[Json] = ()
    """Conditions on the annotations."""
    as_json: bool = False
    drawn: Sequence[Kind] = ()
    style: Style | None = None
    """How to draw, when something is drawn."""


def fetch(client: Client, item: Json, wish: Wish) -> str:
    """One item. Returns ``downloaded``, or ``exists`` for what is here already."""
    name = _inside(str(item["filename"]))
    outcome = "exists"
    if wish.binaries:
        target = wish.folder / ("items" if wish.items_folder else "") / name
        if wish.overwrite or not target.exists():
            _fetch_bytes(client, item, target)
            outcome = "downloaded"
    missing = {kind: target for kind, target in _beside(wish, name).items() if wish.overwrite or not target.exists()}
    return "downloaded" if missing and _fetch_annotations(client, item, wish, missing) else outcome


def _beside(wish: Wish, name: PurePosixPath) -> dict[str, Path]:
    found = {"json": wish.folder / "json" / name.with_suffix(".json")} if wish.as_json else {}
    return found | {kind: wish.folder / kind / name.with_suffix(".png") for kind in wish.drawn}


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


def palette(client: Client, dataset_id: str) -> dict[str, str]:
    """The labels of a dataset, dots between parents and children, and their colors."""
    recipes = client.get(f"/datasets/{dataset_id}")["metadata"]["system"].get("recipes") or []
    ontologies = [one for recipe in recipes[:1] for one in client.get(f"/recipes/{recipe}")["ontologyIds"][:1]]
    roots = [root for ontology in ontologies for root in client.get(f"/ontologies/{ontology}")["roots"]]
    return dict(_labels(roots, ""))


def _labels(roots: Sequence[Json], above: str) -> Iterator[tuple[str, str]]:
    for root in roots:
        label = above + root["value"]["tag"]
        yield label, root["value"]["color"]
        yield from _labels(root.get("children") or [], f"{label}.")


def _fetch_annotations(client: Client, item: Json, wish: Wish, targets: dict[str, Path]) -> bool:
    """False: there was nothing to write. Only what has annotations, and a width and height, is drawn."""
    query = {"resource": "annotations", "filter": {"$and": [{"itemId": item["id"]}, *wish.annotations]}}
    found = list(client.pages(f"/datasets/{item['datasetId']}/query", query))
    system = item["metadata"]["system"]
    size = system.get("width"), system.get("height")
    written = [_write_json(item, found, targets["json"])] if "json" in targets else []
    if found and wish.style is not None and all(isinstance(one, int) and one > 0 for one in size):
        written += [
            _write_picture(kind, found, size, wish.style, targets[kind]) for kind in wish.drawn if kind in targets
        ]
    return bool(written)


def _write_json(item: Json, found: Sequence[Json], target: Path) -> Path:
    text = json.dumps({"id": item["id"], "filename": item["filename"], "annotations": found}, indent=2)
    return _write(target, text.encode())


def _write_picture(kind: Kind, found: Sequence[Json], size: tuple[int, int], style: Style, target: Path) -> Path:
    from faas_agent.cli.drawing import draw

    content = io.BytesIO()
    draw(kind, found, size, style).save(content, "PNG")
    return _write(target, content.getvalue())


def _write(target: Path, content: bytes) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(content)
    return part.replace(target)
