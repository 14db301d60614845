"""The envelope of a query, as the SDK sends it and as nobody should."""

from __future__ import annotations

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import EVERYTHING, Context, Join, Query, parse_filter, parse_query


def test_an_empty_query_asks_for_the_first_page_of_everything() -> None:
    assert parse_query({}) == Query(EVERYTHING, 0, 1000)
    assert parse_query({}, max_page_size=100).page_size == 100


def test_a_page_is_cut_to_the_largest() -> None:
    assert parse_query({"pageSize": 5000}).page_size == 1000
    assert parse_query({"pageSize": 1e300}).page_size == 1000
    assert parse_query({"page": 2.0, "pageSize": 10.0}).page == 2


def test_the_query_for_the_binaries_dataset() -> None:
    query = parse_query(
        {
            "filter": {"$and": [{"name": "Binaries"}]},
            "page": 0,
            "pageSize": 1000,
            "resource": "datasets",
            "context": {"projects": ["p"]},
            "systemSpace": True,
        }
    )
    assert query == Query(
        parse_filter({"name": "Binaries"}),
        context=Context(projects=("p",)),
        system_space=True,
        resource="datasets",
    )


def test_a_bulk_update_and_a_bulk_delete() -> None:
    update = {"metadata": {"user": {"x": 1}, "system": {"y": 2}}}
    query = parse_query({"filter": {}, "update": update, "systemSpace": True})
    assert (query.update, query.system_space, query.delete) == (update, True, False)
    assert parse_query({"filter": {"$and": [{"id": {"$in": ["a"]}}]}, "resource": "items", "delete": True}).delete


def test_references_are_handed_on() -> None:
    references = {"operation": "create", "refs": [{"type": "task", "id": "t"}]}
    assert parse_query({"references": references}).references == references


def test_a_join_as_the_sdk_spells_it() -> None:
    on = {"resource": "annotations", "local": "itemId", "forigen": "id"}
    query = parse_query({"filter": {}, "join": {"on": on, "filter": {"$and": [{"label": "dog"}]}, "page": 0}})
    assert query.join == Join("annotations", ("itemId",), ("id",), parse_filter({"label": "dog"}))
    assert parse_query({"join": None}).join is None
    assert parse_query({"join": {}}).join is None
    assert parse_query({"join": {"on": on, "filter": {"$and": []}}}).join is None


def test_an_order_in_both_spellings() -> None:
    flat = parse_query({"sort": {"metadata.user.x": "descending", "id": "ascending"}})
    nested = parse_query({"sort": {"metadata": {"user": {"x": "descending"}}, "id": "ascending"}})
    assert flat.sort == nested.sort == ((("metadata", "user", "x"), True), (("id",), False))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "a query must be an object"),
        (None, "a query must be an object"),
        ({"page": -1}, "page must be a whole number, 0 or more, not -1"),
        ({"page": 1.5}, "page must be"),
        ({"page": "1"}, "page must be"),
        ({"page": True}, "page must be"),
        ({"page": float("nan")}, "page must be"),
        ({"pageSize": -1}, "pageSize must be a whole number, 0 or more"),
        ({"page": 10**30}, "beyond anything"),
        ({"page": float("inf")}, "page must be"),
        ({"filter": []}, "a filter must be an object"),
        ({"sort": []}, "sort must be an object"),
        ({"sort": {"a": "up"}}, "sort of a must be ascending or descending, not 'up'"),
        ({"sort": {"a": 1}}, "sort of a"),
        ({"sort": {f"f{i}": "ascending" for i in range(11)}}, "at most 10"),
        ({"join": []}, "join must be an object"),
        ({"join": {"on": {"resource": "annotations"}}}, "join.on needs"),
        ({"join": {"on": {"resource": "x", "local": "a..", "forigen": "id"}}}, "is not a field name"),
        ({"join": {"on": {"resource": "x", "local": "a", "forigen": "id"}, "filter": 1}}, "a filter must be an object"),
        ({"context": "p"}, "context must be an object"),
        ({"context": {"projects": "p"}}, "projects must be a list"),
        ({"context": {"datasets": [1]}}, "context.datasets must be a list of ids"),
        ({"systemSpace": "true"}, "systemSpace must be true or false"),
        ({"delete": 1}, "delete must be true or false"),
        ({"resource": 1}, "resource must be a text"),
        ({"update": [1]}, "update must be an object"),
        ({"update": {"metadata": {"user": {"x": "\0"}}}}, "update holds a character"),
        ({"intersect": {}}, "intersect is not supported"),
        ({"except": {"query": {}}}, "except is not supported"),
    ],
)
def test_a_malformed_query_is_refused_by_name(body: object, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_query(body)
