"""What else is kept: events, replicas, logs, people, secrets, and where the bytes of items are."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.executions.reasons import Reason
from faas_agent.ports.store import events, items, logs, people, replicas, secrets
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.store import Store
from faas_agent.ports.store.tables import ANNOTATIONS, DATASETS, EVENTS, ITEMS, PROJECTS, USERS

AT = "2026-01-02T03:04:05.000Z"


def event(session: Session, resource_id: str, project_id: str = "p") -> None:
    row = {"project_id": project_id, "resource": "Item", "action": "Created", "resource_id": resource_id}
    session.connection.execute(EVENTS.insert().values(**row, body={"id": resource_id, "tags": [1]}, at=1.5))


def item(item_id: str, path: str, dataset_id: str = "d", **more: Any) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    known = {"id": item_id, "datasetId": dataset_id, "projectId": "p", "filename": path, "dir": folder or "/"}
    return known | {"name": name, "type": "file", "hidden": False, "annotated": False, "annotationsCount": 0} | more


# -- events ------------------------------------------------------------------------------------------------------------


def test_events_wait_in_the_order_they_happened_until_they_are_done(store: Store) -> None:
    with store.write() as session:
        for one in ("b", "a", "c"):
            event(session, one)
        group = events.pending(session, 2)
        assert [(one["resource_id"], one["body"], one["at"]) for one in group] == [
            ("b", {"id": "b", "tags": [1]}, 1.5),
            ("a", {"id": "a", "tags": [1]}, 1.5),
        ]
        events.done(session, group)
        event(session, "d", "another")
        events.delete_of_project(session, "p")
        assert [one["resource_id"] for one in events.pending(session, 9)] == ["d"]


def test_a_trigger_fires_once_for_each_resource_until_it_is_forgotten(store: Store) -> None:
    with store.write() as session:
        assert [events.first_firing(session, "t", one, "e") for one in ("i", "i", "j")] == [True, False, True]
        assert events.first_firing(session, "t2", "i", "e")
        events.forget_trigger(session, "t")
        assert events.first_firing(session, "t", "i", "e")
        assert not events.first_firing(session, "t2", "i", "e")


# -- replicas ----------------------------------------------------------------------------------------------------------


def test_a_replica_is_known_from_its_start_to_its_end(store: Store) -> None:
    with store.write() as session:
        replicas.add(session, "r2", "s", "1.0.0", 2.0)
        replicas.add(session, "r1", "s", "1.0.0", 2.0)
        replicas.add(session, "r0", "other", "1.0.0", 1.0)
        values = {"state": "failed", "reason": Reason.OOM, "phases": {"install": 1.5}, "message": "nul \0"}
        assert replicas.change(session, "r1", **values)
        assert not replicas.change(session, "gone", state="ready")
    with store.write() as session:
        row = replicas.get(session, "r1")
        assert row is not None
        assert (row["state"], row["reason"], row["phases"], row["seen_at"]) == ("failed", "oom", {"install": 1.5}, 2.0)
        assert [one["id"] for one in replicas.all_of(session)] == ["r0", "r1", "r2"]
        assert [one["id"] for one in replicas.all_of(session, "s")] == ["r1", "r2"]
        replicas.remove(session, "r1")
        assert replicas.get(session, "r1") is None


def test_what_is_remembered_of_failed_starts_is_replaced_and_forgotten(store: Store) -> None:
    with store.write() as session:
        assert replicas.status(session, "s") is None
        for failures in (1, 2):
            replicas.set_status(session, "s", version="1.0.0", failures=failures, not_before=9.5)
        [found] = replicas.statuses(session).values()
        assert (found["failures"], found["not_before"], found["reason"]) == (2, 9.5, None)
        replicas.forget_status(session, "s")
        assert replicas.statuses(session) == {}


# -- logs --------------------------------------------------------------------------------------------------------------


def line(message: str, **more: Any) -> dict[str, Any]:
    known = {"at": 1.0, "level": "INFO", "message": message, "execution_id": None, "function_name": None}
    return known | {"system": False} | more


@pytest.fixture
def logged(store: Store) -> Store:
    with store.guarded() as session:
        logs.append(session, "s", "r1", [line("Model LOADED", system=True), line("100% of a_b", at=2.0)])
        logs.append(session, "s", "r2", [line("boom", level="ERROR", execution_id="e", function_name="f", at=3.0)])
        logs.append(session, "other", "r3", [line("elsewhere")])
        logs.append(session, "s", "r1", [])
    return store


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["100% of a_b", "boom"]),
        ({"system": True}, ["Model LOADED", "100% of a_b", "boom"]),
        ({"system": True, "text": "loaded"}, ["Model LOADED"]),
        ({"text": "0% OF a_"}, ["100% of a_b"]),
        ({"text": "a%b"}, []),
        ({"level": "WARNING"}, ["boom"]),
        ({"execution_ids": ("e", "x")}, ["boom"]),
        ({"function_name": "f"}, ["boom"]),
        ({"replica_id": "r1"}, ["100% of a_b"]),
        ({"start": 2.0, "end": 2.5}, ["100% of a_b"]),
        ({"system": True, "size": 1}, ["Model LOADED"]),
        ({"after": 2**80}, []),
    ],
)
def test_lines_of_a_service_are_found_by_what_they_are(logged: Store, asked: dict[str, Any], found: list[str]) -> None:
    with logged.read() as session:
        assert [one["message"] for one in logs.page(session, logs.LogQuery("s", **asked))] == found


def test_a_line_may_hold_any_character_and_a_page_goes_on_where_the_last_ended(logged: Store) -> None:
    with logged.guarded() as session:
        logs.append(session, "s", "r1", [line("nul \0 \U0001f600"), line("last")])
    with logged.read() as session:
        [first] = logs.page(session, logs.LogQuery("s", text="nul", size=1))
        assert first["message"] in ("nul \0 \U0001f600", "nul \ufffd \U0001f600")
        assert [one["message"] for one in logs.page(session, logs.LogQuery("s", after=first["id"]))] == ["last"]


def test_the_lines_of_a_service_go_with_it(logged: Store) -> None:
    with logged.write() as session:
        logs.delete_of_service(session, "s")
        assert logs.page(session, logs.LogQuery("s", system=True)) == []
        assert len(logs.page(session, logs.LogQuery("other"))) == 1


# -- people ------------------------------------------------------------------------------------------------------------


def test_people_have_one_role_in_each_place(store: Store) -> None:
    of = people.OF_PROJECTS
    with store.write() as session:
        for email in ("b@x", "a@x"):
            session.documents(USERS).insert({"id": email, "email": email, "type": "person"})
            of.add(session, "p", email, "engineer")
        of.add(session, "q", "a@x", "owner")
        of.change(session, "p", "a@x", "owner")
        assert of.role(session, "p", "a@x") == "owner"
        assert of.role(session, "q", "b@x") is None
        assert sorted(of.places(session, "a@x")) == ["p", "q"]
        assert of.places(session, "b@x", "owner") == []
        assert of.count(session, "p", "owner") == 1
        assert [(one["id"], one["role"]) for one in of.users(session, ["p", "none"])["p"]] == [
            ("a@x", "owner"),
            ("b@x", "engineer"),
        ]
        of.remove(session, "p", "b@x")
        of.remove_place(session, "q")
        assert of.places(session, "a@x") == ["p"]
        of.remove_everywhere(session, "a@x")
        assert of.count(session, "p", "owner") == 0


def test_a_password_and_a_sealed_value_are_replaced_and_forgotten(store: Store) -> None:
    with store.write() as session:
        for kept in ("one", "two"):
            people.set_password_hash(session, "a@x", kept)
            secrets.put(session, "i", b"\0\xff" + kept.encode())
        assert people.password_hash(session, "a@x") == "two"
        assert secrets.get(session, "i") == b"\0\xfftwo"
        people.forget_password(session, "a@x")
        secrets.remove(session, "i")
        assert people.password_hash(session, "a@x") is None
        assert secrets.get(session, "i") is None


# -- items -------------------------------------------------------------------------------------------------------------


def test_bytes_go_with_the_last_item_that_has_them(store: Store) -> None:
    with store.write() as session:
        for number, key in enumerate(("k", "k", "l")):
            session.documents(ITEMS).insert(item(f"i{number}", f"/{number}"))
            items.add_blob_key(session, f"i{number}", key)
        assert items.blob_key(session, "i0") == "k"
        assert items.change_blob_key(session, "i0", "m") == []
        assert items.change_blob_key(session, "i1", "m") == ["k"]
        assert sorted(items.remove_items(session, ["i0", "i2"])) == ["l"]
        session.documents(DATASETS).insert({"id": "d", "projectId": "p", "name": "d"})
        assert items.remove_dataset(session, "d") == ["m"]
        assert session.documents(ITEMS).count() == session.documents(DATASETS).count() == 0


def test_a_dataset_counts_its_files_and_annotations(store: Store) -> None:
    with store.write() as session:
        for one in (item("a", "/a"), item("b", "/b"), item("c", "/c", type="dir"), item("h", "/h", hidden=True)):
            session.documents(ITEMS).insert(one)
        for number in range(2):
            known = {"id": f"n{number}", "projectId": "p", "itemId": "a", "datasetId": "d", "type": "box", "label": "x"}
            session.documents(ANNOTATIONS).insert(known)
        assert [one["id"] for one in items.recount(session, ["a", "b", "gone"])] == ["a"]
        assert items.recount(session, ["a"]) == []
        found = items.counts(session, ["d", "empty"])
        assert (found["d"].items, found["d"].annotated, found["d"].annotations, found["empty"].items) == (2, 1, 2, 0)


def test_what_is_below_a_folder_is_found_in_the_order_of_code_points(store: Store) -> None:
    paths = ["/f/Z.txt", "/f/a.txt", "/f/sub/é", "/f/sub/\U0001f600", "/f-not", "/fa", "/f/_", "/F/a"]
    with store.write() as session:
        for number, path in enumerate(paths):
            session.documents(ITEMS).insert(item(f"i{number}", path))
        found = [one["filename"] for one in items.subtree(session, "d", "/f")]
        assert found == sorted(path for path in paths if path.startswith("/f/"))
        assert [one["name"] for one in session.documents(ITEMS).find("name", dir="/f")] == ["Z.txt", "_", "a.txt"]


def test_the_missing_come_first_and_last_when_descending(store: Store) -> None:
    with store.write() as session:
        for project_id, creator in (("1", "b"), ("2", None), ("3", "a")):
            session.documents(PROJECTS).insert({"id": project_id, "name": project_id, "creator": creator})
        assert [one["id"] for one in session.documents(PROJECTS).find("creator")] == ["2", "3", "1"]
        assert [one["id"] for one in session.documents(PROJECTS).find("-creator")] == ["1", "3", "2"]


def test_a_taken_name_is_said_and_the_transaction_goes_on(store: Store) -> None:
    with store.write() as session:
        session.documents(PROJECTS).insert({"id": "1", "name": "one"})
        with pytest.raises(Taken):
            session.documents(PROJECTS).insert({"id": "2", "name": "one"})
        session.documents(PROJECTS).insert({"id": "2", "name": "two"})
    with pytest.raises(Taken), store.write() as session:
        session.documents(PROJECTS).put({"id": "2", "name": "one"})
    with store.read() as session:
        assert session.documents(PROJECTS).get("2") == {"id": "2", "name": "two"}


@pytest.mark.parametrize("value", ["a\0b", "\ud800", float("inf")])
def test_a_document_that_only_one_database_could_keep_is_refused_by_both(store: Store, value: object) -> None:
    with pytest.raises(BadRequest), store.write() as session:
        session.documents(PROJECTS).insert({"id": "1", "name": "x", "more": value})


def test_a_name_that_no_document_can_have_finds_nothing(store: Store) -> None:
    with store.read() as session:
        assert session.documents(PROJECTS).first(name="a\0b") is None
        assert session.documents(PROJECTS).get("a\0b") is None
