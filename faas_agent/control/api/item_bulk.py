"""Changes of many items that answer with a command, and items whose bytes are elsewhere (ENDPOINTS 4, 5)."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.commands import create_command
from faas_agent.control.api.datasets import writable_dataset
from faas_agent.control.api.item_changes import Changes
from faas_agent.control.api.item_query import for_each_group, update_items
from faas_agent.errors import BadRequest
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.filters import parse_query
from faas_agent.model.specs.merging import an_object
from faas_agent.ports.store.documents import Document

router = APIRouter(tags=["items"])

SUBSETS = ("train", "validation", "test")


@router.post("/datasets/{dataset_id}/items/bulk-update-metadata")
def bulk_update_metadata(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json) -> dict[str, Any]:
    """Lay ``updateQuery.update`` over the metadata of every item that ``query`` finds."""
    wanted = an_object(body.get("updateQuery"), "updateQuery")
    asked = parse_query({**an_object(body.get("query"), "query"), **wanted})
    if asked.update is None:
        raise BadRequest("updateQuery.update is needed: what to lay over the items")
    count = update_items(platform, caller, dataset_id, asked)
    with platform.store.write() as session:
        project_id = writable_dataset(session, caller, dataset_id)["projectId"]
        spec = {"datasetId": dataset_id, "itemsCount": count}
        return create_command(session, platform, caller, "BulkUpdateMetadata", project_id, spec)


@router.post("/datasets/{dataset_id}/split")
def split(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json) -> dict[str, Any]:
    """Give each item that ``itemsQuery`` finds one of the tags train, validation and test, by percentages.

    By the hash of its id: the same item always lands in the same part of the range, so a split can be repeated.
    """
    shares = _shares(an_object(body.get("MLSplitList"), "MLSplitList"))
    asked = parse_query(an_object(body.get("itemsQuery"), "itemsQuery"))

    def change(changes: Changes, items: list[Document]) -> None:
        for item in items:
            tags = dict.fromkeys(SUBSETS) | {_subset(item["id"], shares): True}
            changes.put(specs.patched(item, {"metadata": {"system": {"tags": tags}}}, system=True))

    count = for_each_group(platform, caller, dataset_id, asked, change)
    with platform.store.write() as session:
        project_id = writable_dataset(session, caller, dataset_id)["projectId"]
        spec = {"datasetId": dataset_id, "itemsCount": count}
        return create_command(session, platform, caller, "SplitDataset", project_id, spec)


def _shares(told: dict[str, Any]) -> list[int]:
    shares = [told.get(name, 0) for name in SUBSETS]
    if not all(isinstance(one, int) and one >= 0 for one in shares) or sum(shares) != 100:
        raise BadRequest("MLSplitList must have whole percentages for train, validation and test that add up to 100")
    return shares


def _subset(item_id: str, shares: list[int]) -> str:
    point = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:8]) * 100 >> 64
    return next(name for index, name in enumerate(SUBSETS) if point < sum(shares[: index + 1]))


@router.post("/datasets/{dataset_id}/imports", status_code=400)
def imports(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> None:
    """Refused: items whose bytes stay in a bucket need a storage driver that can read it, and there is none here."""
    with platform.store.read() as session:
        writable_dataset(session, caller, dataset_id)
    raise BadRequest("external items are not supported by this platform's storage: upload the files instead")


@router.post("/datasets/{dataset_id}/sync")
def sync(platform: PlatformDep, caller: CallerDep, dataset_id: str) -> dict[str, Any]:
    """Nothing is to be done: the platform's own storage has no side that could have changed."""
    with platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id)
        spec = {"datasetId": dataset["id"]}
        return create_command(session, platform, caller, "SyncDataset", dataset["projectId"], spec)
