"""Tables of documents: what is put in comes out, in pages, within the caller's scope, and columns follow documents."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Float, Integer, MetaData, Text, select

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import Query, parse_query
from faas_agent.ports.store.documents import Column, Documents, DocumentTable, Page, Taken

METADATA = MetaData()
ITEMS = DocumentTable(
    METADATA,
    "items",
    {
        "dataset_id": Column("datasetId", Text, index=True),
        "filename": Column("filename", Text),
        "hidden": Column("hidden", Boolean),
        "size": Column("metadata.system.size", Integer),
        "score": Column("score", Float),
        "project_id": Column("projects.0", Text),
        "slug": Column("slug", Text, unique=True),
    },
    unique=[("dataset_id", "filename")],
)
ANNOTATIONS = DocumentTable(
    METADATA, "annotations", {"item_id": Column("itemId", Text), "label": Column("label", Text)}
)
STRICT = DocumentTable(METADATA, "services", {}, fields=frozenset({"name", "config"}))


@pytest.fixture
def items(connection: Connection) -> Documents:
    METADATA.create_all(connection)
    return Documents(connection, ITEMS, {"annotations": ANNOTATIONS})


def _item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"{number:03d}", "datasetId": "d", "filename": f"/{number}", **more}


def _query(**body: Any) -> Query:
    return parse_query(body)


def test_a_document_comes_out_as_it_went_in(items: Documents) -> None:
    doc = _item(1, z=None, a=[1, 2.5, True, {}], text="ключ \u2028 \"'", big=2**70, metadata={"system": {"size": 7}})
    items.insert(doc)
    assert items.get("001") == doc
    assert items.get("001", lock=True) == doc
    assert items.get("002") is None


def test_columns_follow_their_document(items: Documents, connection: Connection) -> None:
    items.insert(_item(1, hidden=True, projects=["p", "q"], metadata={"system": {"size": 7}}, score=1))
    c = ITEMS.table.c
    assert connection.execute(select(c.hidden, c.size, c.score, c.project_id)).one() == (True, 7, 1.0, "p")
    assert items.put(_item(1, hidden=False, projects=[], metadata=None))
    assert connection.execute(select(c.hidden, c.size, c.score, c.project_id)).one() == (False, None, None, None)


def test_a_put_changes_what_is_there_and_adds_nothing(items: Documents) -> None:
    assert not items.put(_item(1))
    assert items.count() == 0


def test_a_taken_id_or_value_is_told_and_the_transaction_goes_on(items: Documents) -> None:
    items.insert(_item(1, slug="s"))
    for taken in (_item(1, filename="/new"), _item(2, filename="/1"), _item(2, slug="s")):
        with pytest.raises(Taken):
            items.insert(taken)
    items.insert(_item(2))
    assert items.count() == 2


def test_a_put_onto_a_taken_value_is_told(items: Documents) -> None:
    items.insert(_item(1))
    items.insert(_item(2))
    with pytest.raises(Taken):
        items.put(_item(2, filename="/1"))


def test_null_is_taken_by_nobody(items: Documents) -> None:
    items.insert(_item(1, slug=None))
    items.insert(_item(2, slug=None))
    assert items.count(slug=None) == 2


@pytest.mark.parametrize(
    ("doc", "named"),
    [
        ({}, "id"),
        ({"id": 7}, "id"),
        (_item(1, hidden="yes"), "hidden"),
        (_item(1, hidden=1), "hidden"),
        (_item(1, slug=["x"]), "slug"),
        (_item(1, score=True), "score"),
        (_item(1, metadata={"system": {"size": 1.5}}), "metadata.system.size"),
        (_item(1, metadata={"system": {"size": 2**63}}), "metadata.system.size"),
        ({"id": "1", "nul\0": 1}, "a field name"),
        (_item(1, metadata={"user": {"x": "nul \0"}}), "metadata"),
        (_item(1, metadata={"user": {"\ud800": 1}}), "metadata"),
        (_item(1, metadata={"user": float("nan")}), "metadata"),
        (_item(1, score=10**400), "score"),
        (_item(1, metadata={"user": {1, 2}}), "metadata"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(items: Documents, doc: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        items.insert(doc)
    assert items.count() == 0


def test_delete_says_whether_there_was_one(items: Documents) -> None:
    items.insert(_item(1))
    assert items.delete("001")
    assert not items.delete("001")


def test_delete_many_says_how_many(items: Documents) -> None:
    for number in range(5):
        items.insert(_item(number))
    assert items.delete_many(ITEMS.table.c.id < "003") == 3
    assert items.count() == 2


def test_find_first_and_count_ask_columns(items: Documents) -> None:
    for number in range(4):
        items.insert(_item(number, hidden=number % 2 == 0, score=10 - number))
    assert [doc["id"] for doc in items.find(hidden=True)] == ["000", "002"]
    assert [doc["id"] for doc in items.find("-id", hidden=True)] == ["002", "000"]
    assert [doc["id"] for doc in items.find("score", limit=2, dataset_id="d")] == ["003", "002"]
    assert items.first("-score", hidden=False) == _item(1, hidden=False, score=9)
    assert items.first(dataset_id="other") is None
    assert items.count(hidden=True, dataset_id="d") == 2
    assert items.count(slug=None) == 4


def test_pages_tell_how_many_there_are(items: Documents) -> None:
    for number in range(5):
        items.insert(_item(number))
    wire = [items.query(_query(page=page, pageSize=2), {}).to_wire() for page in range(4)]
    assert [[item["id"] for item in page["items"]] for page in wire] == [["000", "001"], ["002", "003"], ["004"], []]
    assert [page["hasNextPage"] for page in wire] == [True, True, False, False]
    assert {page["totalItemsCount"] for page in wire} == {5}
    assert {page["totalPagesCount"] for page in wire} == {3}


def test_a_full_last_page_has_no_next_one(items: Documents) -> None:
    for number in range(4):
        items.insert(_item(number))
    page = items.query(_query(page=1, pageSize=2), {})
    assert (page.total, page.to_wire()["hasNextPage"]) == (4, False)


def test_an_empty_answer_has_no_pages() -> None:
    assert Page([], 0, 0, 10).to_wire() == {
        "items": [],
        "hasNextPage": False,
        "totalItemsCount": 0,
        "totalPagesCount": 0,
    }


def test_a_page_far_away_is_empty(items: Documents) -> None:
    items.insert(_item(1))
    assert items.query(_query(page=10**9, pageSize=1000), {}).total == 1


def test_nobody_sees_beyond_the_scope(items: Documents) -> None:
    items.insert(_item(1, datasetId="mine"))
    items.insert(_item(2, datasetId="other"))
    query = _query(filter={"$or": [{"datasetId": "other"}, {"datasetId": "mine"}]})
    assert [doc["id"] for doc in items.query(query, {"dataset_id": ["mine"]}).items] == ["001"]
    assert items.query(query, {"dataset_id": []}).total == 0
    assert items.ids(query, {"dataset_id": {"mine"}}) == ["001"]
    assert [doc["id"] for doc in items.iterate(query, {"dataset_id": ("mine",)})] == ["001"]


def test_keyset_paging_meets_each_item_once(items: Documents) -> None:
    for number in range(7):
        items.insert(_item(number))
    seen: list[str] = []
    while True:
        after = {"$and": [{"id": {"$gt": seen[-1]}}] if seen else []}
        page = items.query(_query(filter=after, sort={"id": "ascending"}, pageSize=3), {}).to_wire()
        seen += [item["id"] for item in page["items"]]
        if not page["hasNextPage"]:
            break
    assert seen == [f"{number:03d}" for number in range(7)]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ({}, "012"),
        ({"id": "descending"}, "210"),
        ({"score": "ascending"}, "201"),
        ({"score": "descending"}, "102"),
        ({"metadata.user.x": "ascending"}, "102"),
        ({"metadata": {"user": {"x": "descending"}}}, "201"),
        ({"hidden": "ascending", "score": "descending"}, "102"),
        ({"filename": "descending"}, "210"),
        ({"ascending": "ascending"}, "012"),
        ({'metadata.user.quo"te': "descending"}, "012"),
    ],
)
def test_order(items: Documents, sort: dict[str, object], expected: str) -> None:
    items.insert({"id": "0", "score": 1, "hidden": True, "filename": "/A", "metadata": {"user": {"x": 5}}})
    items.insert({"id": "1", "score": 2, "hidden": False, "filename": "/B"})
    items.insert({"id": "2", "hidden": True, "filename": "/a", "metadata": {"user": {"x": 10}}})
    assert "".join(doc["id"] for doc in items.query(_query(sort=sort), {}).items) == expected


def test_the_default_order_gives_way_to_one_that_was_asked(items: Documents) -> None:
    for number in range(3):
        items.insert(_item(number, score=number))
    assert [doc["id"] for doc in items.query(_query(), {}, ["-score"]).items] == ["002", "001", "000"]
    page = items.query(_query(sort={"id": "ascending"}), {}, ["-score"])
    assert [doc["id"] for doc in page.items] == ["000", "001", "002"]


def test_documents_may_change_while_they_are_iterated(items: Documents) -> None:
    for number in range(7):
        items.insert(_item(number, hidden=False))
    seen = []
    for doc in items.iterate(_query(filter={"hidden": False}, pageSize=1), {}, chunk=2):
        seen.append(doc["id"])
        items.put({**doc, "hidden": True})
    assert seen == [f"{number:03d}" for number in range(7)]
    assert items.count(hidden=True) == 7


def test_a_field_that_an_entity_does_not_have_is_refused(connection: Connection, items: Documents) -> None:
    services = Documents(connection, STRICT)
    services.insert({"id": "1", "name": "s", "config": {"any": 1}})
    assert services.ids(_query(filter={"config.any": 1, "id": "1", "name": {"$ne": "x"}}), {}) == ["1"]
    assert services.ids(_query(sort={"ascending": "ascending"}), {}) == ["1"]
    with pytest.raises(BadRequest, match="nmae"):
        services.query(_query(filter={"$or": [{"name": "s"}, {"$and": [{"nmae": "s"}]}]}), {})


def _joined(local: str, foreign: str, resource: str = "annotations") -> dict[str, object]:
    on = {"resource": resource, "local": local, "forigen": foreign}
    return {"on": on, "filter": {"$and": [{"label": "dog"}, {"metadata.sure": {"$exists": True}}]}}


def test_a_join_finds_items_by_their_annotations(items: Documents, connection: Connection) -> None:
    annotations = Documents(connection, ANNOTATIONS, {"items": ITEMS})
    for number in range(3):
        items.insert(_item(number, hidden=number == 2))
        label = "cat" if number == 1 else "dog"
        for copy in "ab":
            annotations.insert(
                {"id": f"{number}{copy}", "itemId": f"{number:03d}", "label": label, "metadata": {"sure": 1}}
            )
    query = _query(filter={"hidden": False}, join=_joined("itemId", "id"))
    assert items.ids(query, {"dataset_id": ["d"]}) == ["000"]
    assert items.query(query, {"dataset_id": ["d"]}).total == 1
    on = {"resource": "items", "local": "id", "forigen": "itemId"}
    back = _query(filter={"label": "dog"}, join={"on": on, "filter": {"hidden": True}})
    assert annotations.ids(back, {}) == ["2a", "2b"]


@pytest.mark.parametrize("join", [_joined("itemId", "id", "users"), _joined("label", "filename"), _joined("x", "id")])
def test_a_join_to_what_is_not_related_is_refused(items: Documents, join: dict[str, object]) -> None:
    with pytest.raises(BadRequest, match="joined"):
        items.query(_query(join=join), {})
