"""What happens to items, one transaction at a time: made, moved, removed, with their folders, bytes and events.

Called by every route that changes items. Enters: an open session and a dataset the caller may write to. Folders make
no events: a function that is to run for each item wants files. Binaries makes none at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller
from faas_agent.control.api.datasets import delete_blobs, writable_dataset
from faas_agent.control.events import emit
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.specs import item as specs
from faas_agent.model.specs.place import ROOT, Place, below, parents
from faas_agent.ports.store import items as contents
from faas_agent.ports.store.documents import Document, Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ITEMS


@dataclass(frozen=True, slots=True)
class Changes:
    """The hand that changes the items of one dataset within one transaction."""

    session: Session
    platform: Platform
    dataset: Mapping[str, Any]
    by: str
    """Whose change it is."""

    @property
    def _origin(self) -> specs.Origin:
        return specs.Origin(self.dataset["id"], self.dataset["projectId"], self.by, self.platform.now())

    def find(self, place: Place) -> Document | None:
        """What is there."""
        return self.session.documents(ITEMS).first(dataset_id=self.dataset["id"], filename=place.filename)

    def make_folder(self, place: Place) -> Document:
        """The folder with all above it, made where missing. Raises Conflict where a file is in the way."""
        there = self.find(place)
        if there is None:
            if place != ROOT:
                self._make_above(place)
            there = specs.new_item(self.platform.new_id(), self._origin, place, "dir")
            self._insert(there)
        if there["type"] != "dir":
            raise Conflict(f"{place.filename} is a file, so it cannot be a folder: choose another path")
        return there

    def _insert(self, item: Document) -> None:
        try:
            self.session.documents(ITEMS).insert(item)
        except Taken:
            raise Conflict(f"{item['filename']} exists already in this dataset: choose another path") from None

    def _make_above(self, place: Place) -> None:
        above = parents(place)
        if above:
            self.make_folder(above[-1])

    def add_file(self, place: Place, key: str, item: Mapping[str, Any], action: str = "Created") -> Document:
        """A file that is not there yet, with its folders. ``item``: what it is to have besides its place and origin."""
        self._make_above(place)
        new = specs.new_item(self.platform.new_id(), self._origin, place, "file") | dict(item)
        self._insert(new)
        contents.add_blob_key(self.session, new["id"], key)
        self.tell(action, new)
        return new

    def give_bytes(self, item: Document, key: str) -> Document:
        """Other bytes for a file, which already says so in its metadata. The old ones go with the commit."""
        delete_blobs(self.session, self.platform, contents.change_blob_key(self.session, item["id"], key))
        return self.put(item)

    def put(self, item: Document) -> Document:
        """Keep a change."""
        changed = item | {"updatedAt": self.platform.now(), "updatedBy": self.by}
        try:
            self.session.documents(ITEMS).put(changed)
        except Taken:
            raise Conflict(f"{item['filename']} exists already in this dataset: choose another filename") from None
        self.tell("Updated", changed)
        return changed

    def move(self, item: Document, place: Place) -> Document:
        """To another place, a folder with all that is in it. Raises Conflict where something is already."""
        if place.filename == item["filename"]:
            return item
        if ROOT.filename in (place.filename, item["filename"]):
            raise BadRequest("filename must not be '/': the root folder stays where it is")
        if (place.filename + "/").startswith(item["filename"] + "/"):
            raise BadRequest(f"filename must not be below {item['filename']}: a folder cannot be moved into itself")
        if self.find(place) is not None:
            raise Conflict(f"{place.filename} exists already in this dataset: choose another filename")
        self._make_above(place)
        inside = list(contents.subtree(self.session, self.dataset["id"], item["filename"]))
        for one in inside if item["type"] == "dir" else ():
            self.put(specs.moved(one, below(place.filename, one["filename"].removeprefix(item["filename"]))))
        return self.put(specs.moved(item, place))

    def remove(self, items: Iterable[Document]) -> int:
        """Files, and folders with all that is in them; the bytes go with the commit. Returns how many it were."""
        gone: dict[str, Document] = {}
        for item in items:
            gone[item["id"]] = item
            if item["type"] == "dir":
                gone |= {one["id"]: one for one in contents.subtree(self.session, self.dataset["id"], item["filename"])}
        for item in gone.values():
            self.tell("Deleted", item)
        delete_blobs(self.session, self.platform, contents.remove_items(self.session, list(gone)))
        return len(gone)

    def tell(self, action: str, item: Mapping[str, Any]) -> None:
        """The event of a change to a file."""
        if item["type"] == "file" and not self.dataset["system"]:
            sent = specs.on_the_wire(item, self.platform.gate_url)
            emit(self.session, self.platform, "Item", action, sent, self.dataset["projectId"])


def fetch_item(session: Session, caller: Caller, item_id: str) -> Document:
    """An item the caller may read. Raises BadRequest, NotFound, Forbidden."""
    return access.fetch(session, caller, ITEMS, access.object_id(item_id, "an item"), "item")


def writable_item(session: Session, caller: Caller, item_id: str) -> tuple[Document, Document]:
    """An item the caller may change, and its dataset. Raises BadRequest, NotFound, Forbidden."""
    item = fetch_item(session, caller, item_id)
    return item, writable_dataset(session, caller, item["datasetId"])
