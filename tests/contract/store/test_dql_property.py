"""Whatever the documents and whatever the filter: the database finds what ``matches`` finds."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Engine, Float, MetaData, Text

from faas_agent.model.specs.filters import Query, matches, parse_filter
from faas_agent.ports.store.documents import Column, Documents, DocumentTable

METADATA = MetaData()
TABLE = DocumentTable(
    METADATA,
    "things",
    {"name": Column("name", Text), "hidden": Column("hidden", Boolean), "size": Column("metadata.size", Float)},
)

KEYS = st.sampled_from(["a", "a", "a", "a", "b", "b", "x-y", "é", 'q"', "back\\", "0", "$.a", "[0]", "a b"])
TEXTS = st.sampled_from(
    ["", "a", "A", "ab", "b", "a*b", "1", "true", "é", "50%", "a_b", "[a]", "?", "'", '{"a":1}', "\U0001f600"]
)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, -2.25, 2**53, 2**70, 1e300]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.one_of(st.none(), TEXTS),
    "hidden": st.one_of(st.none(), st.booleans()),
    "metadata": st.fixed_dictionaries({}, optional={"size": st.one_of(st.none(), NUMBERS), "a": VALUES}),
}
DOCUMENTS = st.builds(
    lambda known, free: {**free, **known},
    st.fixed_dictionaries({}, optional=COLUMNS),
    st.dictionaries(KEYS, VALUES, max_size=3),
)

PATHS = st.one_of(
    st.sampled_from(["name", "hidden", "metadata.size", "metadata.a", "metadata", "metadata.a.b"]),
    st.lists(KEYS.filter(lambda key: "." not in key and not key.startswith("$")), min_size=1, max_size=3).map(".".join),
)
GLOBS = st.sampled_from(["*", "a*", "*b", "*a*", "a**b", "[*", "?*", "*%", "*_*"])
OPERANDS = st.one_of(VALUES, GLOBS).filter(
    lambda value: not (isinstance(value, dict) and any(k[:1] == "$" for k in value))
)
LEAVES = st.one_of(
    st.builds(lambda path, value: {path: value}, PATHS, OPERANDS),
    st.builds(lambda path, op, value: {path: {op: value}}, PATHS, st.sampled_from(["$eq", "$ne"]), OPERANDS),
    st.builds(
        lambda path, op, values: {path: {op: values}},
        PATHS,
        st.sampled_from(["$in", "$nin"]),
        st.lists(OPERANDS, max_size=4),
    ),
    st.builds(
        lambda path, op, value: {path: {op: value}},
        PATHS,
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]),
        st.one_of(st.booleans(), NUMBERS, TEXTS),
    ),
    st.builds(lambda path, value: {path: {"$exists": value}}, PATHS, st.booleans()),
    st.builds(lambda path, value: {path: {"$match": value}}, PATHS, TEXTS),
)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda sign, parts: {sign: parts}, st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3)
    )


TREES = st.recursive(LEAVES, _nested, max_leaves=5)
MATCHED = st.builds(lambda path, tree: {path: {"$match": tree}}, PATHS, TREES)
FILTERS = st.recursive(st.one_of(LEAVES, LEAVES, MATCHED), _nested, max_leaves=5)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(raw=FILTERS, docs=st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_the_database_finds_what_matches_finds(engine: Engine, raw: dict[str, object], docs: list[Any]) -> None:
    f = parse_filter(raw)
    numbered = [{**doc, "id": str(number)} for number, doc in enumerate(docs)]
    with engine.connect() as connection:
        METADATA.create_all(connection)
        documents = Documents(connection, TABLE)
        for doc in numbered:
            documents.insert(doc)
        found = documents.ids(Query(filter=f), {})
        connection.rollback()
    assert found == [doc["id"] for doc in numbered if matches(f, doc)]
