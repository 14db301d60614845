"""Every rule of filters (ENDPOINTS 8), asked of the database and of ``matches``: both have to find the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Connection, Integer, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import Query, matches, parse_filter
from faas_agent.ports.store.documents import Column as Path
from faas_agent.ports.store.documents import Documents, DocumentTable
from faas_agent.ports.store.dql import compile_filter, order_by

METADATA = MetaData()
ITEMS = DocumentTable(
    METADATA,
    "items",
    {
        "filename": Path("filename", Text),
        "dir": Path("dir", Text),
        "hidden": Path("hidden", Boolean),
        "size": Path("metadata.system.size", Integer),
        "created_at": Path("createdAt", Text),
    },
)
CAT: dict[str, Any] = {
    "id": "1",
    "filename": "/a/b/cat.png",
    "dir": "/a/b",
    "name": "cat.png",
    "hidden": False,
    "projectId": "p",
    "createdAt": "2024-05-01T10:00:00.000Z",
    "resources": [{"id": "r1", "type": "item"}, {"id": "r2", "type": "task"}],
    "metadata": {
        "system": {"size": 100, "mimetype": "image/png", "refs": [{"id": "t", "metadata": {"status": "done"}}]},
        "user": {"tags": ["new", "red"], "n": 3, "ok": True, "none": None, "my-key": 1, 'quo"te': 2, "ключ": 3, "0": 4},
    },
}
DOG: dict[str, Any] = {
    "id": "2",
    "filename": "/a/dog_50%.jpg",
    "dir": "/a",
    "name": "dog_50%.jpg",
    "hidden": False,
    "projectId": "p",
    "createdAt": "2024-06-01T10:00:00.000Z",
    "resources": [{"id": "r2", "type": "item"}],
    "metadata": {
        "system": {
            "size": 2000,
            "mimetype": "image/jpeg",
            "refs": [{"id": "t"}, {"id": "u", "metadata": {"status": 1}}],
        },
        "user": {
            "tags": "red",
            "n": 3.5,
            "ok": 1,
            "box": {"x": 1, "y": [1, {"z": None}]},
            "empty": [],
            "deep": [[1, [2]]],
        },
    },
}
FOLDER: dict[str, Any] = {"id": "3", "filename": "/a[b]", "dir": "/", "name": "a[b]", "hidden": True, "type": "dir"}
ALL = [CAT, DOG, FOLDER]
REFS = "metadata.system.refs"

CASES: list[tuple[str, object, str]] = [
    ("nothing asked", {}, "123"),
    ("no filter", None, "123"),
    ("two fields of one object", {"filename": "/a/b/cat.png", "hidden": False}, "1"),
    ("$and of nothing", {"$and": []}, "123"),
    ("$and", {"$and": [{"hidden": False}, {"dir": "/a"}]}, "2"),
    ("$or", {"$or": [{"dir": "/"}, {"dir": "/a"}]}, "23"),
    ("$and beside $or", {"$and": [{"hidden": False}], "$or": [{"dir": "/"}, {"dir": "/a"}]}, "2"),
    ("$or in $and in $or", {"$or": [{"$and": [{"hidden": False}, {"$or": [{"dir": "/a"}, {"id": "3"}]}]}]}, "2"),
    ("the same field twice", {"$and": [{"projectId": "p"}, {"projectId": "q"}]}, ""),
    ("projectId null", {"$and": [{"projectId": None}, {"hidden": True}]}, "3"),
    ("$eq", {"id": {"$eq": "2"}}, "2"),
    ("$ne", {"metadata.user.n": {"$ne": 3}}, "23"),
    ("$ne on a column", {"metadata.system.size": {"$ne": 100}}, "23"),
    ("$in", {"id": {"$in": ["1", "3", "4"]}}, "13"),
    ("$in on JSON", {"metadata.user.n": {"$in": [1, 2, 3, "3.5"]}}, "1"),
    ("$in of nothing", {"id": {"$in": []}}, ""),
    ("$nin", {"metadata.user.tags": {"$nin": ["new", "blue"]}}, "23"),
    ("$nin on a column", {"dir": {"$nin": ["/a", "/x"]}}, "13"),
    ("$nin of nothing", {"id": {"$nin": []}}, "123"),
    ("$gt and $lte together", {"metadata.user.n": {"$gt": 3, "$lte": 3.5}}, "2"),
    ("$gte", {"metadata.system.size": {"$gte": 100}}, "12"),
    ("$lt on a column with a fraction", {"metadata.system.size": {"$lt": 100.5}}, "1"),
    ("keyset", {"id": {"$gt": "1"}}, "23"),
    ("texts in the order of code points", {"name": {"$gt": "a[a"}}, "123"),
    ("a number written as a text", {"metadata.user.n": {"$gt": "3.2"}}, "2"),
    ("size written as a text", {"metadata.system.size": {"$lt": "2000"}}, "1"),
    ("text is not a number", {"metadata.user.n": {"$gt": "x"}}, ""),
    ("an empty list is the same as none", {"metadata.system.refs": []}, "3"),
    ("something in the list", {"metadata.system.refs": {"$ne": []}}, "12"),
    ("number is not a text", {"metadata.user.tags": {"$gt": 0}}, ""),
    ("true is after false", {"metadata.user.ok": {"$gt": False}}, "1"),
    ("booleans of a column", {"hidden": {"$gte": True}}, "3"),
    ("true is not 1", {"metadata.user.ok": True}, "1"),
    ("1 is not true", {"metadata.user.ok": 1}, "2"),
    ("0 is not false", {"hidden": 0}, ""),
    ("1.0 is 1", {"metadata.user.ok": 1.0}, "2"),
    ("a number is no text", {"id": 1}, ""),
    ("$exists", {"metadata.user.box": {"$exists": True}}, "2"),
    ("$exists false", {"metadata.user.box": {"$exists": False}}, "13"),
    ("$exists on a column", {"metadata.system.size": {"$exists": False}}, "3"),
    ("an empty array exists", {"metadata.user.empty": {"$exists": True}}, "2"),
    ("null does not exist", {"metadata.user.none": {"$exists": True}}, ""),
    ("null is missing", {"metadata.user.n": None}, "3"),
    ("null in $in", {"metadata.user.n": {"$in": [None, 3]}}, "13"),
    ("not null", {"metadata.user.n": {"$ne": None}}, "12"),
    ("null on a column", {"metadata.system.size": None}, "3"),
    ("equality on an array contains", {"metadata.user.tags": "red"}, "12"),
    ("equality with the whole array", {"metadata.user.tags": ["new", "red"]}, "1"),
    ("not with half of it", {"metadata.user.tags": ["new"]}, ""),
    ("an array in an array is not opened", {"metadata.user.deep": 1}, ""),
    ("comparison on an array", {"metadata.user.tags": {"$lt": "p"}}, "1"),
    ("equality with an object", {"metadata.user.box": {"y": [1.0, {"z": None}], "x": 1}}, "2"),
    ("not with a part of it", {"metadata.user.box": {"x": 1}}, ""),
    ("null in an object is not a missing key", {"metadata.user.box": {"x": 1, "y": [1, {}]}}, ""),
    ("an object in an array", {"resources": {"id": "r2", "type": "item"}}, "2"),
    ("an object and a column", {"filename": {"x": 1}}, ""),
    ("path through an array", {"resources.id": "r2"}, "12"),
    ("path through an array, $ne", {"resources.id": {"$ne": "r1"}}, "23"),
    ("path through an array, $in", {"resources.type": {"$in": ["task", "x"]}}, "1"),
    ("path through an array, $exists", {"metadata.system.refs.metadata.status": {"$exists": True}}, "12"),
    ("path through an array, deeper", {"metadata.system.refs.metadata.status": "done"}, "1"),
    ("path into a text", {"name.x": 1}, ""),
    ("$match: one element has all of it", {"resources": {"$match": {"id": "r2", "type": "item"}}}, "2"),
    (
        "$match: with what is below",
        {"metadata.system.refs": {"$match": {"id": "t", "metadata": {"status": "done"}}}},
        "1",
    ),
    (
        "$match: with operators",
        {"metadata.system.refs": {"$match": {"id": "u", "metadata.status": {"$exists": True}}}},
        "2",
    ),
    ("$match: with $or", {"resources": {"$match": {"$or": [{"id": "r1"}, {"type": "x"}]}}}, "1"),
    ("$match: an object alone", {"metadata.user.box": {"$match": {"x": {"$gt": 0}}}}, "2"),
    ("$match: a text contained", {"name": {"$match": "g_5"}}, "2"),
    ("$match: a text on a column", {"filename": {"$match": "50%"}}, "2"),
    ("$match: an object and a column", {"filename": {"$match": {"x": 1}}}, ""),
    ("$match: case counts", {"name": {"$match": "CAT"}}, ""),
    ("glob across folders", {"filename": "/a/*"}, "12"),
    ("two stars say the same", {"filename": "/a/**"}, "12"),
    ("glob at both ends", {"name": "*a*"}, "13"),
    ("glob at the start", {"metadata.system.mimetype": "*png"}, "1"),
    ("glob, not", {"metadata.system.mimetype": {"$ne": "image*"}}, "3"),
    ("globs in $in", {"filename": {"$in": ["/x/**", "/a/b/*", "/a[b]"]}}, "13"),
    ("percent and underscore mean themselves", {"filename": "/a/dog_5_%*"}, ""),
    ("percent and underscore are found", {"filename": "/a/dog_50%*"}, "2"),
    ("brackets and question marks mean themselves", {"name": "a[b*"}, "3"),
    ("a question mark is no joker", {"name": "?at*"}, ""),
    ("glob: case counts", {"filename": "/A/*"}, ""),
    ("other fields know no globs", {"metadata.user.tags": "r*"}, ""),
    ("dir with a final slash", {"dir": "/a/"}, "2"),
    ("the root folder", {"dir": "/"}, "3"),
    ("dir and what is below", {"$or": [{"dir": "/a"}, {"dir": "/a/*"}]}, "12"),
    ("a date with a zone", {"createdAt": {"$gt": "2024-05-01T11:59:59+02:00"}}, "12"),
    ("a date after", {"createdAt": {"$gt": "2024-05-01T12:00:00+02:00"}}, "2"),
    ("a day", {"createdAt": {"$lt": "2024-06-01"}}, "1"),
    ("a key with a dash", {"metadata.user.my-key": 1}, "1"),
    ("a key with a quote", {'metadata.user.quo"te': 2}, "1"),
    ("a key in another alphabet", {"metadata.user.ключ": 3}, "1"),
    ("a key that is a digit", {"metadata.user.0": 4}, "1"),
    ("a digit is no place in an array", {"resources.0.id": "r1"}, ""),
    ("a key that is SQL", {"metadata.user.x') OR 1=1 --": 1}, ""),
    ("a value that is SQL", {"filename": "' OR 1=1 --"}, ""),
    ("a key that is a placeholder", {"metadata.user.:dql0": 1}, ""),
]


@pytest.fixture
def documents(connection: Connection) -> Documents:
    METADATA.create_all(connection)
    documents = Documents(connection, ITEMS)
    for doc in ALL:
        documents.insert(doc)
    return documents


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_database_and_memory_find_what_the_wire_says(documents: Documents, raw: object, expected: str) -> None:
    f = parse_filter(raw)
    assert "".join(doc["id"] for doc in ALL if matches(f, doc)) == expected
    assert "".join(documents.ids(Query(filter=f), {})) == expected


@pytest.mark.parametrize("path", ["id", "metadata.user.n", "metadata.user.ключ"])
def test_the_largest_filter_that_is_taken_is_one_the_database_takes(documents: Documents, path: str) -> None:
    raw = {"$or": [{path: number} for number in range(2000 // len(path.split(".")))][:1000]}
    assert documents.ids(Query(filter=parse_filter(raw)), {}) == (["1"] if path != "id" else [])


def test_ten_thousand_values_are_one_condition(documents: Documents) -> None:
    values: list[object] = [f"{number}" for number in range(9_999)]
    assert documents.ids(Query(filter=parse_filter({"id": {"$in": values}})), {}) == ["1", "2", "3"]
    assert documents.ids(Query(filter=parse_filter({"metadata.user.n": {"$in": [*values, 3]}})), {}) == ["1"]


@pytest.mark.parametrize("leaf", [{"name.b.c": {"$in": [{"z": [1]}, 1, "x", None]}}, {"hidden": True}])
@pytest.mark.parametrize("matched", [False, True])
def test_the_deepest_filter_that_is_taken_is_one_the_database_takes(
    documents: Documents, leaf: dict[str, object], matched: bool
) -> None:
    raw: dict[str, object] = {"a.b": {"$match": leaf}} if matched else leaf
    taken = 0
    while True:
        try:
            f = parse_filter(raw)
        except BadRequest:
            break
        documents.ids(Query(filter=f), {})
        taken += 1
        raw = {"$or" if taken % 2 else "$and": [{"name": "x"}, {"name.y": {"$ne": 1}}, raw]}
    assert taken == (9 if matched else 21)


def test_a_long_pattern_is_one_the_database_takes(documents: Documents) -> None:
    assert documents.ids(Query(filter=parse_filter({"name": "[" * 3_990 + "*?*"})), {}) == []


@pytest.mark.parametrize("operand", ["d", {"$in": ["d", "e"]}, {"$gt": "d"}])
def test_a_condition_on_a_column_meets_its_index(operand: object) -> None:
    metadata = MetaData()
    table = DocumentTable(metadata, "indexed", {"dataset_id": Path("datasetId", Text, index=True)})
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        where = compile_filter(parse_filter({"datasetId": operand}), table.paths, table.table.c.doc, "sqlite")
        statement = select(table.table.c.id).where(where).compile(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(statement.params.values())).all()
    engine.dispose()
    assert "INDEX ix_indexed_dataset_id" in plan[0][-1]


def test_a_table_of_columns_is_asked_like_a_document(connection: Connection) -> None:
    metadata = MetaData()
    json = JSON().with_variant(JSONB(), "postgresql")
    table = Table(
        "executions",
        metadata,
        Column("id", Text, primary_key=True),
        Column("state", Text),
        Column("latest", json),
        Column("doc", json),
    )
    metadata.create_all(connection)
    rows = [
        {"id": "1", "state": "failed", "latest": {"status": "old", "percentComplete": 50}, "doc": {"x": 1}},
        {"id": "2", "state": "success", "latest": [{"percentComplete": 100}], "doc": {"x": [2]}},
    ]
    connection.execute(insert(table), rows)
    columns = {"id": table.c.id, "latestStatus.status": table.c.state, "latestStatus": table.c.latest}
    for raw, expected in (
        ({"latestStatus.status": "failed"}, ["1"]),
        ({"latestStatus.percentComplete": {"$gt": 10}}, ["1", "2"]),
        ({"latestStatus": {"status": "old", "percentComplete": 50}}, ["1"]),
        ({"x": 2}, ["2"]),
    ):
        where = compile_filter(parse_filter(raw), columns, table.c.doc, connection.dialect.name)
        assert list(connection.scalars(select(table.c.id).where(where).order_by(table.c.id))) == expected
    where = compile_filter(parse_filter({"x": {"$exists": True}}), columns, None, connection.dialect.name)
    assert list(connection.scalars(select(table.c.id).where(where))) == []
    keys = order_by(((("latestStatus", "status"), True),), columns, table.c.doc, connection.dialect.name)
    assert list(connection.scalars(select(table.c.id).order_by(*keys))) == ["2", "1"]
