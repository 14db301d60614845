"""Clones of datasets and items, and merges: answered by a command that is over when it is sent (ENDPOINTS 4, 5, 19).

Each is one transaction: it is all there, or nothing of it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.commands import create_command
from faas_agent.control.api.copying import Copier, Wanted, at_own
from faas_agent.control.api.datasets import create_dataset, fetch_dataset, writable_dataset
from faas_agent.control.api.item_changes import Changes, fetch_item
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.specs.filters import And, Compare, Op, Query, parse_query
from faas_agent.model.specs.merging import an_object
from faas_agent.model.specs.place import Place, below, place
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.items import items_of
from faas_agent.ports.store.session import Session

router = APIRouter(tags=["clones"])


@router.post("/datasets/{dataset_id}/clone")
def clone_dataset(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json) -> dict[str, Any]:
    """Copy the files that ``filter`` finds to a new dataset, or to the one that ``targetDatasetId`` names."""
    params = an_object(body.get("cloneDatasetParams"), "cloneDatasetParams")
    wanted, asked = Wanted.of(params, "cloneDatasetParams"), parse_query(body.get("filter") or {})
    folder = place(params["targetDirectory"], "targetDirectory") if params.get("targetDirectory") else None
    with platform.store.write() as session:
        source = fetch_dataset(session, caller, dataset_id, "engineer")
        target = _target(session, platform, caller, source, params.get("targetDatasetId"), body.get("name"))
        copier = Copier(Changes(session, platform, target, caller.email), wanted)
        copied = 0
        for item in list(items_of(session).iterate(asked, {"dataset_id": [source["id"]], "type": ["file"]})):
            copier.copy(item, _seen_from(folder, item))
            copied += 1
        spec = {"returnedModelId": target["id"], "sourceDatasetId": source["id"], "itemsCount": copied}
        return create_command(session, platform, caller, "CloneDataset", target["projectId"], spec)


def _target(
    session: Session, platform: Platform, caller: Caller, source: Document, target_id: object, name: object
) -> Document:
    if target_id is not None:
        return writable_dataset(session, caller, str(target_id))
    more = {"metadata": {**source["metadata"]}, "srcDataset": source["id"]}
    return create_dataset(session, platform, caller, source["projectId"], name, more)


def _seen_from(folder: Place | None, item: Document) -> Place:
    return at_own(item) if folder is None else below(folder.filename, item["filename"])


@router.post("/items/{item_id}/clone")
def clone_item(platform: PlatformDep, caller: CallerDep, item_id: str, body: Json) -> dict[str, Any]:
    """Copy a file to a dataset, under another path if ``remoteFileName`` says so."""
    wanted = Wanted.of(body.get("cloneDatasetParams"), "cloneDatasetParams")
    more = an_object(body.get("metadata"), "metadata")
    with platform.store.write() as session:
        item = fetch_item(session, caller, item_id)
        access.require(session, caller, item["projectId"], "engineer")
        target = writable_dataset(session, caller, str(body.get("targetDatasetId") or item["datasetId"]))
        if body.get("allowMany") is not True and target["id"] != item["datasetId"]:
            _refuse_second(session, target, item)
        to = at_own(item) if body.get("remoteFileName") is None else place(body["remoteFileName"], "remoteFileName")
        new = Copier(Changes(session, platform, target, caller.email), wanted).copy(item, to, _user_part(more))
        spec = {"returnedModelId": [new["id"]], "sourceItemId": item["id"]}
        return create_command(session, platform, caller, "CloneItem", target["projectId"], spec)


def _user_part(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "system"}


def _refuse_second(session: Session, target: Document, item: Document) -> None:
    of_it = And((Compare(("srcItem",), Op.IN, (item["id"],)),))
    if items_of(session).ids(Query(filter=of_it), {"dataset_id": [target["id"]]}):
        raise Conflict(f"the target dataset has a clone of item {item['id']} already: set allowMany to add another")


@router.post("/datasets/merge")
def merge(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A new dataset with the files of several. Clones of one file become one item with the annotations of all."""
    ids = body.get("datasetsIds")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise BadRequest("datasetsIds must be a list of ids of datasets")
    wanted = Wanted.of(body.get("mergeDatasetParams"), "mergeDatasetParams")
    with platform.store.write() as session:
        sources = [fetch_dataset(session, caller, one, "engineer") for one in dict.fromkeys(ids)]
        target = _target(session, platform, caller, sources[0], None, body.get("name"))
        copier = Copier(Changes(session, platform, target, caller.email), wanted)
        for source in sources:
            for item in list(items_of(session).iterate(Query(), {"dataset_id": [source["id"]], "type": ["file"]})):
                copier.merge(item)
        merged = {"name": target["name"], "datasetsIds": ids, "returnedModelId": target["id"]}
        spec = {"mergeDatasetsConfiguration": merged, "returnedModelId": target["id"]}
        return create_command(session, platform, caller, "MergeDatasets", target["projectId"], spec)
