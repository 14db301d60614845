"""Copies of items: the same bytes under another id, with what the caller wants to come along (ENDPOINTS 4, 5).

Used by clones and merges, in their transaction. Bytes are shared, not copied: what has nobody any more is deleted, not
what was cloned from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faas_agent.control.api.item_changes import Changes
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.specs.item import FACTS
from faas_agent.model.specs.merging import an_object, merged
from faas_agent.model.specs.place import Place, at
from faas_agent.model.specs.values import show
from faas_agent.ports.store import items as contents
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.tables import ANNOTATIONS, ITEMS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What comes along with the bytes."""

    annotations: bool
    metadata: bool

    @classmethod
    def of(cls, params: object, field: str) -> Wanted:
        """From ``cloneDatasetParams`` and ``mergeDatasetParams``. Raises BadRequest."""
        told = an_object(params, field)
        for key in ("withItemsAnnotations", "withMetadata"):
            if not isinstance(told.get(key, True), bool):
                raise BadRequest(f"{field}.{key} must be true or false, not {show(told[key])}")
        return cls(told.get("withItemsAnnotations", True), told.get("withMetadata", True))


@dataclass(frozen=True, slots=True)
class Copier:
    """Copies files into one dataset. ``into`` is the hand that changes that dataset."""

    into: Changes
    wanted: Wanted

    def copy(self, source: Document, place: Place, more: Mapping[str, Any] | None = None) -> Document:
        """A new item with the source's bytes; ``more``: metadata laid over. Raises Conflict where something is."""
        if self.into.find(place) is not None:
            raise Conflict(f"{place.filename} exists already in the target dataset: choose another path")
        key = contents.blob_key(self.into.session, source["id"])
        if key is None:
            raise BadRequest(f"{source['filename']} is a folder: name files to copy")
        item = {"metadata": merged(self._metadata(source), more or {}), "srcItem": source["id"]}
        if "description" in source:
            item["description"] = source["description"]
        annotations = self._annotations_of(source) if self.wanted.annotations else []
        item |= {"annotationsCount": len(annotations), "annotated": bool(annotations)}
        new = self.into.add_file(place, key, item, "Clone")
        self._annotate(new, annotations)
        return new

    def merge(self, source: Document) -> Document:
        """A copy at the source's own place; on to the item there when it has the same bytes, else under a free name."""
        there = self.into.find(at_own(source))
        if there is None:
            return self.copy(source, at_own(source))
        session = self.into.session
        if contents.blob_key(session, there["id"]) != contents.blob_key(session, source["id"]):
            return self.copy(source, next(place for place in free_names(source) if self.into.find(place) is None))
        annotations = self._annotations_of(source) if self.wanted.annotations else []
        self._annotate(there, annotations)
        count = there["annotationsCount"] + len(annotations)
        changed = there | {"annotationsCount": count, "annotated": count > 0}
        changed["metadata"] = merged(self._metadata(source), there["metadata"])
        session.documents(ITEMS).put(changed)
        return changed

    def _metadata(self, source: Document) -> dict[str, Any]:
        if self.wanted.metadata:
            return dict(source["metadata"])
        system = source["metadata"]["system"]
        return {"system": {key: system[key] for key in FACTS if key in system}}

    def _annotations_of(self, source: Document) -> list[Document]:
        return self.into.session.documents(ANNOTATIONS).find(item_id=source["id"])

    def _annotate(self, item: Document, annotations: list[Document]) -> None:
        gate = self.into.platform.gate_url
        owner = {"itemId": item["id"], "datasetId": item["datasetId"], "projectId": item["projectId"]}
        owner |= {"item": f"{gate}/items/{item['id']}", "dataset": f"{gate}/datasets/{item['datasetId']}"}
        for one in annotations:
            new_id = self.into.platform.new_id()
            own = {"id": new_id, "url": f"{gate}/annotations/{new_id}"}
            self.into.session.documents(ANNOTATIONS).insert(one | owner | own)


def at_own(item: Document) -> Place:
    """The place an item has in its dataset."""
    return Place(item["filename"], item["dir"], item["name"], item["hidden"])


def free_names(item: Document) -> Iterator[Place]:
    """``a (1).jpg``, ``a (2).jpg`` ... beside the item."""
    *above, name = item["filename"].strip("/").split("/")
    stem, dot, ending = name.rpartition(".")
    for number in range(1, 1_000_000):
        yield at([*above, f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"])
