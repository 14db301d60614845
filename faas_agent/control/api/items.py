"""Items one by one: read, changed, moved, deleted (ENDPOINTS 5). Bytes pass through ``uploads`` and ``downloads``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from faas_agent.control.api import access
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json, JsonList
from faas_agent.control.api.datasets import fetch_dataset, writable_dataset
from faas_agent.control.api.item_changes import Changes, fetch_item, writable_item
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.filters import Query as Asked
from faas_agent.model.specs.place import below, place
from faas_agent.ports.store.documents import Document, Page
from faas_agent.ports.store.items import items_of
from faas_agent.ports.store.tables import ITEMS

router = APIRouter(tags=["items"])


def wired(platform: Platform, page: Page) -> dict[str, object]:
    """A page of items as it goes out."""
    return page.to_wire() | {"items": [specs.on_the_wire(item, platform.gate_url) for item in page.items]}


@router.get("/datasets/{dataset_id}/items")
def list_items(
    platform: PlatformDep,
    caller: CallerDep,
    dataset_id: str,
    page: Annotated[int, Query(alias="pageOffset", ge=0, le=2**31)] = 0,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=1000)] = 1000,
) -> dict[str, object]:
    """Files and folders of a dataset, the oldest first."""
    with platform.store.read() as session:
        dataset = fetch_dataset(session, caller, dataset_id)
        within = {"dataset_id": [dataset["id"]]}
        return wired(platform, items_of(session).query(Asked(page=page, page_size=page_size), within))


@router.get("/items/{item_id}")
def get(platform: PlatformDep, caller: CallerDep, item_id: str) -> Document:
    """One item."""
    with platform.store.read() as session:
        return specs.on_the_wire(fetch_item(session, caller, item_id), platform.gate_url)


@router.patch("/items/{item_id}")
def patch(platform: PlatformDep, caller: CallerDep, item_id: str, body: Json, system: bool = False) -> Document:
    """Lay a diff over an item: metadata, description, or another place by ``filename``. Null removes."""
    with platform.store.write() as session:
        item, dataset = writable_item(session, caller, item_id)
        changes = Changes(session, platform, dataset, caller.email)
        new = specs.patched(item, body, system=system)
        if body.get("filename") is not None:
            target = place(body["filename"], "filename")
            if target.filename != item["filename"]:
                return specs.on_the_wire(changes.move(new, target), platform.gate_url)
        return specs.on_the_wire(changes.put(new) if new != item else item, platform.gate_url)


@router.delete("/items/{item_id}")
def delete(platform: PlatformDep, caller: CallerDep, item_id: str) -> dict[str, Any]:
    """Delete an item for good; a folder with all that is in it."""
    with platform.store.write() as session:
        item, dataset = writable_item(session, caller, item_id)
        return {"id": item_id, "deleted": Changes(session, platform, dataset, caller.email).remove([item])}


@router.put("/datasets/{dataset_id}/items/{folder_id}")
def move(platform: PlatformDep, caller: CallerDep, dataset_id: str, folder_id: str, body: JsonList) -> dict[str, Any]:
    """Move the items with these ids into a folder: all of them or, when one cannot be, none."""
    ids = [access.object_id(str(one), "an item") for one in body]
    access.object_id(folder_id, "a folder")
    with platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id)
        items = session.documents(ITEMS)
        folder = items.first(id=folder_id, dataset_id=dataset["id"])
        if folder is None:
            raise NotFound(f"folder {folder_id} is not in this dataset")
        if folder["type"] != "dir":
            raise BadRequest(f"{folder['filename']} is a file: items can be moved into folders only")
        changes = Changes(session, platform, dataset, caller.email)
        for item_id in ids:
            item = items.first(id=item_id, dataset_id=dataset["id"])
            if item is None:
                raise NotFound(f"item {item_id} is not in this dataset")
            changes.move(item, below(folder["filename"], item["name"]))
    return {"moved": len(ids)}
