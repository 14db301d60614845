"""Queries on a dataset's items and annotations, and what is done to all that one finds (ENDPOINTS 5, 8).

A change of many is made in groups, each a transaction of its own, so that others can write in between. What was changed
before a failure stays changed; asking again goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.datasets import fetch_dataset, writable_dataset
from faas_agent.control.api.item_annotations import remove_annotation
from faas_agent.control.api.item_changes import Changes
from faas_agent.control.api.items import wired
from faas_agent.control.events import emit
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.annotation import changed, content_hash
from faas_agent.model.specs.filters import Query, parse_query
from faas_agent.model.specs.values import show
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.items import annotations_of, items_of, recount
from faas_agent.ports.store.tables import ANNOTATIONS

router = APIRouter(tags=["items"])

GROUP = 500
"""Items changed in one transaction."""


@router.post("/datasets/{dataset_id}/query")
def query(platform: PlatformDep, caller: CallerDep, dataset_id: str, body: Json) -> dict[str, object]:
    """A page of items or annotations; or, with ``update``, ``references`` or ``delete``, a change of all of them."""
    asked = parse_query(body)
    if asked.resource not in (None, "items", "annotations"):
        raise BadRequest(f"resource must be items or annotations here, not {show(asked.resource)}")
    of_items = asked.resource != "annotations"
    if asked.delete:
        deleted = delete_items if of_items else delete_annotations
        return {"deleted": deleted(platform, caller, dataset_id, asked)}
    if asked.update is not None or asked.references is not None:
        updated = update_items if of_items else update_annotations
        return {"updated": updated(platform, caller, dataset_id, asked)}
    with platform.store.read() as session:
        within = {"dataset_id": [fetch_dataset(session, caller, dataset_id)["id"]]}
        if of_items:
            return wired(platform, items_of(session).query(asked, within))
        return annotations_of(session).query(asked, within).to_wire()


def update_items(platform: Platform, caller: Caller, dataset_id: str, asked: Query) -> int:
    """Lay ``update`` and ``references`` over every item that is found; returns how many that were."""
    refs = _refs(asked.references) if asked.references is not None else None

    def change(changes: Changes, items: list[Document]) -> None:
        for item in items:
            new = specs.patched(item, asked.update or {}, system=asked.system_space)
            if refs is not None:
                new = _referred(new, refs, create=(asked.references or {}).get("operation") != "delete")
            if new != item:
                changes.put(new)

    return for_each_group(platform, caller, dataset_id, asked, change)


def delete_items(platform: Platform, caller: Caller, dataset_id: str, asked: Query) -> int:
    """Delete every item that is found, folders with what is in them; returns how many were found."""

    def change(changes: Changes, items: list[Document]) -> None:
        changes.remove(items)

    return for_each_group(platform, caller, dataset_id, asked, change)


def for_each_group(
    platform: Platform,
    caller: Caller,
    dataset_id: str,
    asked: Query,
    change: Callable[[Changes, list[Document]], None],
) -> int:
    """Hand what the query finds to ``change``, group by group, each read again in the transaction that changes it."""
    with platform.store.read() as session:
        dataset = writable_dataset(session, caller, dataset_id)
        ids = items_of(session).ids(asked, {"dataset_id": [dataset["id"]]})
    for start in range(0, len(ids), GROUP):
        with platform.store.write() as session:
            dataset = writable_dataset(session, caller, dataset_id)
            within = {"dataset_id": [dataset["id"]], "id": ids[start : start + GROUP]}
            group = list(items_of(session).iterate(Query(), within))
            change(Changes(session, platform, dataset, caller.email), group)
    return len(ids)


def _refs(references: Mapping[str, Any]) -> list[Any]:
    refs = references.get("refs")
    if references.get("operation") not in ("create", "delete"):
        raise BadRequest("references.operation must be create or delete")
    if not isinstance(refs, list) or not all(isinstance(one, dict) and {"type", "id"} <= one.keys() for one in refs):
        raise BadRequest("references.refs must be a list of objects with a type and an id")
    return refs


def _referred(item: Document, refs: list[Any], *, create: bool) -> Document:
    named = [(ref["type"], ref["id"]) for ref in refs]
    system = item["metadata"]["system"]
    there = system.get("refs")
    known = [one for one in there if isinstance(one, dict)] if isinstance(there, list) else []
    others = [one for one in known if (one.get("type"), one.get("id")) not in named]
    kept = others + refs if create else others
    return {**item, "metadata": {**item["metadata"], "system": {**system, "refs": kept}}}


# -- annotations -------------------------------------------------------------------------------------------------------


def update_annotations(platform: Platform, caller: Caller, dataset_id: str, asked: Query) -> int:
    """Lay ``update`` over every annotation that is found; returns how many that were."""
    with platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id, "annotator")
        found = list(annotations_of(session).iterate(asked, {"dataset_id": [dataset["id"]]}))
        for one in found:
            new = changed(one, asked.update or {}, system=asked.system_space)
            new |= {"hash": content_hash(new), "updatedAt": platform.now(), "updatedBy": caller.email}
            session.documents(ANNOTATIONS).put(new)
            if not dataset["system"]:
                emit(session, platform, "Annotation", "Updated", new, dataset["projectId"])
    return len(found)


def delete_annotations(platform: Platform, caller: Caller, dataset_id: str, asked: Query) -> int:
    """Delete every annotation that is found; the counts of their items follow. Returns how many that were."""
    with platform.store.write() as session:
        dataset = writable_dataset(session, caller, dataset_id, "annotator")
        found = list(annotations_of(session).iterate(asked, {"dataset_id": [dataset["id"]]}))
        for one in found:
            remove_annotation(session, platform, dataset, one)
        recount(session, {one["itemId"] for one in found})
    return len(found)
