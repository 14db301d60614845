"""Annotations of items, one or a batch at a time (ENDPOINTS 6). Lists and bulk changes are queries on the dataset.

The counters of the item follow in the same transaction, and each change is an event, except in the Binaries dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json, JsonList
from faas_agent.control.api.datasets import writable_dataset
from faas_agent.control.api.listing import page_of
from faas_agent.control.events import emit
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.specs import annotation as specs
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.items import recount
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ANNOTATIONS, ITEMS

router = APIRouter(tags=["annotations"])

LARGEST_BATCH = 1000


@router.post("/items/{item_id}/annotations")
def create(platform: PlatformDep, caller: CallerDep, item_id: str, body: JsonList | Json) -> list[Document]:
    """New annotations of one item, all or none; they come back in the order in which they were sent."""
    sent = body if isinstance(body, list) else [body]
    if len(sent) > LARGEST_BATCH:
        raise BadRequest(f"{len(sent)} annotations at once, {LARGEST_BATCH} is the most: send them in batches")
    told = [specs.new_annotation(one) for one in sent]
    with platform.store.write() as session:
        item, dataset = _writable_item(session, caller, item_id)
        made = [one | _ours(platform, caller, item) | {"hash": specs.content_hash(one)} for one in told]
        for one in made:
            session.documents(ANNOTATIONS).insert(one)
            _tell(session, platform, dataset, "Created", one)
        recount(session, [item_id])
    return made


@router.get("/items/{item_id}/annotations")
def list_of_item(platform: PlatformDep, caller: CallerDep, item_id: str) -> list[Document]:
    """All annotations of an item, the oldest first."""
    with platform.store.read() as session:
        access.fetch(session, caller, ITEMS, access.object_id(item_id, "an item"), "item")
        return session.documents(ANNOTATIONS).find(item_id=item_id)


@router.get("/annotations/{annotation_id}")
def get(platform: PlatformDep, caller: CallerDep, annotation_id: str) -> Document:
    """One annotation."""
    with platform.store.read() as session:
        return _fetch(session, caller, annotation_id)


@router.put("/annotations/{annotation_id}")
def update(platform: PlatformDep, caller: CallerDep, annotation_id: str, body: Json, system: bool = False) -> Document:
    """Lay a diff over it: only what changed is sent, and null removes."""
    with platform.store.write() as session:
        annotation = _fetch(session, caller, annotation_id)
        dataset = writable_dataset(session, caller, annotation["datasetId"], "annotator")
        new = specs.changed(annotation, body, system=system)
        _refuse_circle(session, new)
        new |= {"hash": specs.content_hash(new), "updatedAt": platform.now(), "updatedBy": caller.email}
        session.documents(ANNOTATIONS).put(new)
        _tell(session, platform, dataset, "Updated", new)
        return new


@router.delete("/annotations/{annotation_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, annotation_id: str) -> None:
    """One annotation. The ``username`` that the client sends is not needed: the token says who asks."""
    with platform.store.write() as session:
        annotation = _fetch(session, caller, annotation_id)
        dataset = writable_dataset(session, caller, annotation["datasetId"], "annotator")
        remove_annotation(session, platform, dataset, annotation)
        recount(session, [annotation["itemId"]])


@router.get("/scores/tasks/{task_id}/annotations/{annotation_id}")
def list_scores(platform: PlatformDep, caller: CallerDep, annotation_id: str) -> dict[str, object]:
    """No scores: tasks are not kept here."""
    with platform.store.read() as session:
        _fetch(session, caller, annotation_id)
    return page_of([], 0, 1)


def remove_annotation(session: Session, platform: Platform, dataset: Mapping[str, Any], annotation: Document) -> None:
    """Delete it, with its event; the caller recounts its item. For bulk deletes too."""
    session.documents(ANNOTATIONS).delete(annotation["id"])
    _tell(session, platform, dataset, "Deleted", annotation)


def _fetch(session: Session, caller: Caller, annotation_id: str) -> Document:
    access.object_id(annotation_id, "an annotation")
    return access.fetch(session, caller, ANNOTATIONS, annotation_id, "annotation")


def _refuse_circle(session: Session, annotation: Document) -> None:
    """None is above itself: clients follow ``parentId`` until there is none."""
    seen, above = {annotation["id"]}, annotation["metadata"]["system"].get("parentId")
    while isinstance(above, str):
        if above in seen:
            raise BadRequest(f"metadata.system.parentId: annotation {annotation['id']} would be above itself")
        seen.add(above)
        parent = session.documents(ANNOTATIONS).get(above)
        above = parent["metadata"]["system"].get("parentId") if parent else None


def _writable_item(session: Session, caller: Caller, item_id: str) -> tuple[Document, Document]:
    item = access.fetch(session, caller, ITEMS, access.object_id(item_id, "an item"), "item")
    if item["type"] == "dir":
        raise BadRequest("item: a folder cannot be annotated, only the files in it")
    return item, writable_dataset(session, caller, item["datasetId"], "annotator")


def _ours(platform: Platform, caller: Caller, item: Document) -> dict[str, Any]:
    annotation_id, now = platform.new_id(), platform.now()
    return {
        "id": annotation_id,
        "url": f"{platform.gate_url}/annotations/{annotation_id}",
        "itemId": item["id"],
        "item": f"{platform.gate_url}/items/{item['id']}",
        "datasetId": item["datasetId"],
        "dataset": f"{platform.gate_url}/datasets/{item['datasetId']}",
        "projectId": item["projectId"],
        "creator": caller.email,
        "createdAt": now,
        "updatedAt": now,
        "updatedBy": caller.email,
    }


def _tell(
    session: Session, platform: Platform, dataset: Mapping[str, Any], action: str, annotation: Mapping[str, Any]
) -> None:
    if not dataset["system"]:
        emit(session, platform, "Annotation", action, annotation, dataset["projectId"])
