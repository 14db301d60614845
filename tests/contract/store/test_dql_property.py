"""Whatever the documents and whatever the filter: the database finds what ``matches`` finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
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

GLOBS = st.sampled_from(["*", "a*", "*b", "*a*", "a**b", "[*", "?*", "*%", "*_*"])


def _plain(value: object) -> bool:
    """Whether it is no object of operators."""
    return not (isinstance(value, dict) and any(key.startswith("$") for key in value))


def _contents(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every path that leads somewhere, and what is there."""
    if isinstance(value, list):
        for element in value:
            yield from _contents(element, path)
    if isinstance(value, dict):
        for key, below in value.items():
            if not key.startswith("$"):
                yield from _contents(below, (*path, key))
    if path and _plain(value):
        yield ".".join(path), value


def _leaves(contents: list[tuple[str, object]]) -> st.SearchStrategy[Any]:
    """Conditions on what is there, with its value, with that of a neighbour, or with any."""
    paths = st.sampled_from([path for path, _ in contents])
    known = st.sampled_from([value for _, value in contents])
    values = st.one_of(known, known, known, GLOBS, VALUES.filter(_plain))
    bounds = st.one_of(known.filter(lambda value: isinstance(value, int | float | str)), st.booleans(), NUMBERS, TEXTS)
    operands = st.one_of(
        st.tuples(st.sampled_from(["$eq", "$ne"]), values),
        st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(values, max_size=4)),
        st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), bounds),
        st.tuples(st.just("$exists"), st.booleans()),
        st.tuples(st.just("$match"), TEXTS),
    )
    exact = st.sampled_from(contents).map(lambda content: {content[0]: content[1]})
    return st.one_of(exact, st.builds(lambda path, operand: {path: dict([operand])}, paths, operands))


def _trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        signs = st.sampled_from(["$and", "$or"])
        return st.builds(lambda sign, parts: {sign: parts}, signs, st.lists(inner, min_size=1, max_size=3))

    return st.recursive(leaves, nested, max_leaves=4)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Any], dict[str, Any]]:
    """Documents, and a filter about what is in them."""
    docs = [{**doc, "id": str(number)} for number, doc in enumerate(draw(st.lists(DOCUMENTS, min_size=1, max_size=4)))]
    contents = [content for doc in docs for content in _contents(doc)]
    objects = [(path, below) for path, value in contents if (below := list(_contents(value)))]
    leaves = _leaves(contents)
    if objects:
        path, below = draw(st.sampled_from(objects))
        leaves = st.one_of(leaves, leaves, _trees(_leaves(below)).map(lambda tree: {path: {"$match": tree}}))
    return docs, draw(_trees(leaves))


@pytest.fixture(scope="module", autouse=True)
def tables(engine: Engine) -> None:
    METADATA.create_all(engine)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_the_database_finds_what_matches_finds(engine: Engine, case: tuple[list[Any], dict[str, Any]]) -> None:
    docs, raw = case
    f = parse_filter(raw)
    with engine.connect() as connection:
        documents = Documents(connection, TABLE)
        for doc in docs:
            documents.insert(doc)
        found = documents.ids(Query(filter=f), {})
        connection.rollback()
    assert found == [doc["id"] for doc in docs if matches(f, doc)]
