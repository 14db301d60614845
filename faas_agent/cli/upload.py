"""Local files become items (ENDPOINTS 5), with their annotations beside them (ENDPOINTS 6).

Enters: a file or folder. Leaves: one plan per file, and each plan carried out. Called by ``dlp items upload`` and by
``codebase``. Never leaves an item behind whose bytes are not those of the file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from faas_agent.cli.client import Client
from faas_agent.cli.jsonfile import Json
from faas_agent.cli.multipart import FileForm
from faas_agent.errors import BadRequest, FaasError, Unavailable, UsageError

TRIES = 3
ANNOTATION_BATCH = 100
_SERVERS_OWN = frozenset(
    {"id", "itemId", "datasetId", "url", "item", "dataset", "creator", "createdAt", "updatedBy", "updatedAt", "hash"}
)
"""Of an annotation that was downloaded once: belongs to the item it came from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One file and where it goes."""

    local: Path
    remote: str
    annotations: Path | None = None


def plan(local_path: str, remote_path: str | None, file_types: str | None, annotations: str | None) -> list[Plan]:
    """Every file to send. A folder keeps its own name on the other side, unless the path ends in ``/*``."""
    keep_name = not local_path.endswith("*")
    source = Path(local_path if keep_name else os.path.dirname(local_path)).absolute()  # noqa: PTH120 - "dir/*"
    if not source.exists():
        raise UsageError(f"there is no file or folder {local_path}")
    folder = "/" + "".join(part + "/" for part in PurePosixPath(remote_path or "/").parts if part != "/")
    if source.is_file():
        return [Plan(source, folder + source.name, _annotations_of(Path(source.name), annotations))]
    wanted = {"." + kind.strip().lstrip(".").lower() for kind in (file_types or "").split(",") if kind.strip()}
    base = source.parent if keep_name else source
    return [
        Plan(file, folder + file.relative_to(base).as_posix(), _annotations_of(file.relative_to(source), annotations))
        for file in _files(source)
        if not wanted or file.suffix.lower() in wanted
    ]


def send(client: Client, dataset_id: str, file: Plan, overwrite: bool) -> str:
    """Upload one file, then its annotations. Returns what the platform did: created, overwrite, exists."""
    item, fate = upload(client, dataset_id, file, overwrite)
    if file.annotations is not None and file.annotations.is_file() and fate != "exists":
        _send_annotations(client, item["id"], file.annotations)
    return fate


def upload(client: Client, dataset_id: str, file: Plan, overwrite: bool) -> tuple[Json, str]:
    """The item that the file has become. What broke on the way is tried again; the platform keeps one item per path."""
    form = FileForm.of({"type": "file", "path": file.remote}, file.local, PurePosixPath(file.remote).name)
    path = f"/datasets/{dataset_id}/items?mode={'overwrite' if overwrite else 'skip'}"
    size = file.local.stat().st_size
    for attempt in range(1, TRIES + 1):
        try:
            item, fate = client.upload(path, form.chunks, form.content_type)
            break
        except Unavailable:
            if attempt == TRIES:
                raise
            time.sleep(0.5 * attempt)
    stored = item.get("metadata", {}).get("system", {}).get("size")
    if fate != "exists" and stored != size:
        client.delete(f"/items/{item['id']}")
        raise FaasError(f"{size} bytes were sent and {stored} arrived; the broken item is removed, upload it again")
    return item, fate


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (file for file in (Path(root, name) for name in sorted(names)) if file.is_file())


def _annotations_of(relative: Path, annotations: str | None) -> Path | None:
    return None if annotations is None else Path(annotations).absolute() / relative.with_suffix(".json")


def _send_annotations(client: Client, item_id: str, file: Path) -> None:
    try:
        found: Any = json.loads(file.read_text("utf-8"))["annotations"]
        wanted = [{key: value for key, value in one.items() if key not in _SERVERS_OWN} for one in found]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest(f"{file} does not hold annotations: a JSON object with a list 'annotations'") from None
    for start in range(0, len(wanted), ANNOTATION_BATCH):
        client.post(f"/items/{item_id}/annotations", wanted[start : start + ANNOTATION_BATCH])
