"""Items in a real store and a real folder of blobs: which events a change makes, and which bytes it leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faas_agent.control.api.auth import Caller
from faas_agent.control.api.copying import Copier, Wanted
from faas_agent.control.api.datasets import create_binaries, create_dataset, delete_blobs, delete_datasets_of
from faas_agent.control.api.item_changes import Changes
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.ids import ObjectIds, new_uuid
from faas_agent.model.specs.item import facts
from faas_agent.model.specs.place import place
from faas_agent.ports.blobs.folder import FolderBlobs
from faas_agent.ports.broker.embedded import EmbeddedBroker
from faas_agent.ports.store.documents import Document
from faas_agent.ports.store.events import pending
from faas_agent.ports.store.store import open_store
from faas_agent.ports.store.tables import DATASETS
from faas_agent.settings import Settings

PROJECT = new_uuid()
CALLER = Caller("me@here", "user", is_admin=True)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    store = open_store(tmp_path / "faas.db")
    blobs, ids = FolderBlobs(tmp_path / "blobs"), ObjectIds(b"tests")
    yield Platform(Settings(), store, blobs, EmbeddedBroker(), bytes(32), "http://here", time.time, ids)
    store.close()


@pytest.fixture
def dataset(platform: Platform) -> Document:
    with platform.store.write() as session:
        create_binaries(session, platform, PROJECT, CALLER.email)
        return create_dataset(session, platform, CALLER, PROJECT, "data", {})


@contextmanager
def changing(platform: Platform, dataset: Document) -> Iterator[Changes]:
    with platform.store.write() as session:
        yield Changes(session, platform, dataset, CALLER.email)


def blob(platform: Platform, content: bytes) -> str:
    incoming, key = platform.blobs.create(), platform.new_id()
    incoming.write(content)
    platform.blobs.keep(key, incoming)
    return key


def add(platform: Platform, dataset: Document, path: str, content: bytes = b"x") -> tuple[Document, str]:
    key, where = blob(platform, content), place(path)
    with changing(platform, dataset) as changes:
        return changes.add_file(where, key, {"metadata": {"system": facts(where.name, len(content), content)}}), key


def told(platform: Platform) -> list[tuple[str, str]]:
    """Events about items: what happened, where."""
    with platform.store.read() as session:
        events = pending(session, 1000)
    return [(one["action"], one["body"]["filename"]) for one in events if one["resource"] == "Item"]


def test_a_file_makes_an_event_and_its_folders_make_none(platform: Platform, dataset: Document) -> None:
    add(platform, dataset, "/a/b/c.txt")
    assert told(platform) == [("Created", "/a/b/c.txt")]


def test_every_change_of_a_file_is_told_once(platform: Platform, dataset: Document) -> None:
    item, _ = add(platform, dataset, "/a/b.txt")
    with changing(platform, dataset) as changes:
        item = changes.move(item, place("/c/d.txt"))
    with changing(platform, dataset) as changes:
        changes.remove([item])
    assert told(platform) == [("Created", "/a/b.txt"), ("Updated", "/c/d.txt"), ("Deleted", "/c/d.txt")]


def test_what_happens_in_binaries_is_told_to_nobody(platform: Platform, dataset: Document) -> None:
    with platform.store.read() as session:
        binaries = session.documents(DATASETS).first(system=True)
    assert binaries is not None
    item, _ = add(platform, binaries, "/codebases/a/0.zip")
    with changing(platform, binaries) as changes:
        changes.remove([item])
    assert told(platform) == []


def test_an_event_has_the_item_as_the_wire_has_it(platform: Platform, dataset: Document) -> None:
    item, key = add(platform, dataset, "/a.txt")
    with platform.store.read() as session:
        body = next(one["body"] for one in pending(session, 10) if one["resource"] == "Item")
    assert body["stream"] == f"http://here/api/v1/items/{item['id']}/stream"
    assert key not in str(body)


def test_a_change_that_fails_leaves_no_folder_and_no_event(platform: Platform, dataset: Document) -> None:
    add(platform, dataset, "/a.txt")
    with pytest.raises(Conflict, match="is a file"):
        add(platform, dataset, "/a.txt/b.txt")
    item, _ = add(platform, dataset, "/b.txt")
    with pytest.raises(Conflict, match="exists already"), changing(platform, dataset) as changes:
        changes.make_folder(place("/half/done"))
        changes.move(item, place("/a.txt"))
    assert told(platform) == [("Created", "/a.txt"), ("Created", "/b.txt")]
    with changing(platform, dataset) as changes:
        assert changes.find(place("/half")) is None


def test_a_folder_is_not_moved_into_itself(platform: Platform, dataset: Document) -> None:
    with changing(platform, dataset) as changes:
        folder = changes.make_folder(place("/a"))
    with pytest.raises(BadRequest, match="below"), changing(platform, dataset) as changes:
        changes.move(folder, place("/a/b"))


def test_a_folder_keeps_neighbours_with_a_name_that_begins_alike(platform: Platform, dataset: Document) -> None:
    for path in ("/a/x", "/a-b/x", "/a.b/x", "/a0/x", "/A/x", "/a/b/x"):
        add(platform, dataset, path)
    with changing(platform, dataset) as changes:
        folder = changes.find(place("/a"))
        assert folder is not None
        assert changes.remove([folder]) == 4
        left = [path for path in ("/a-b/x", "/a.b/x", "/a0/x", "/A/x") if changes.find(place(path))]
    assert left == ["/a-b/x", "/a.b/x", "/a0/x", "/A/x"]


def test_bytes_of_a_clone_outlive_the_original_and_go_with_the_last(platform: Platform, dataset: Document) -> None:
    item, key = add(platform, dataset, "/a.txt", b"shared")
    with changing(platform, dataset) as changes:
        clone = Copier(changes, Wanted(annotations=True, metadata=True)).copy(item, place("/b.txt"))
    assert told(platform)[-1] == ("Clone", "/b.txt")
    with changing(platform, dataset) as changes:
        changes.remove([item])
    assert b"".join(platform.blobs.read(key)) == b"shared"
    with changing(platform, dataset) as changes:
        changes.remove([clone])
    assert platform.blobs.size(key) is None


def test_bytes_stay_when_the_transaction_does_not(platform: Platform, dataset: Document) -> None:
    item, key = add(platform, dataset, "/a.txt", b"kept")
    with pytest.raises(RuntimeError), changing(platform, dataset) as changes:
        changes.remove([item])
        raise RuntimeError
    assert platform.blobs.size(key) == 4


def test_a_project_takes_all_its_bytes_along(platform: Platform, dataset: Document) -> None:
    keys = [add(platform, dataset, f"/{number}.txt")[1] for number in range(3)]
    with platform.store.write() as session:
        freed = delete_datasets_of(session, platform, PROJECT)
        delete_blobs(session, platform, freed)
    assert sorted(freed) == sorted(keys)
    assert [platform.blobs.size(key) for key in keys] == [None] * 3
