"""What a filter may be, and how it is refused. What it finds is in ``tests/contract/store/test_dql.py``."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.filters import EVERYTHING, And, Compare, Glob, Op, matches, parse_filter


def _deep(levels: int) -> dict[str, object]:
    raw: dict[str, object] = {"a": 1}
    for _ in range(levels):
        raw = {"$and": [raw, {"b": 2}]}
    return raw


def _nested_list(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ([], r"a filter must be an object, not \[\]"),
        ("x", "a filter must be an object"),
        ({"$and": {"a": 1}}, r"\$and takes a list"),
        ({"$or": 1}, r"\$or takes a list"),
        ({"$or": []}, r"\$or needs at least one"),
        ({"$and": [1]}, "a filter must be an object, not 1"),
        ({"$nor": [{"a": 1}]}, r"unknown operator '\$nor'"),
        ({"a": {"$regex": "x"}}, r"unknown operator '\$regex' of a"),
        ({"a": {"$gt": 1, "b": 2}}, "unknown operator 'b' of a"),
        ({"a": {"$in": 1}}, r"\$in of a takes a list, not 1"),
        ({"a": {"$nin": {"b": 1}}}, r"\$nin of a takes a list"),
        ({"a": {"$in": "text"}}, r"\$in of a takes a list"),
        ({"a": {"$exists": 1}}, r"\$exists of a takes true or false, not 1"),
        ({"a.b": {"$gt": None}}, r"\$gt of a.b takes a number, a text or a boolean"),
        ({"a": {"$lte": [1]}}, r"\$lte of a takes a number"),
        ({"a": {"$match": 1}}, r"\$match of a takes a text or an object"),
        ({"a": {"$match": {"b": {"$match": {"c": 1}}}}}, r"\$match of a.b stands inside another"),
        ({"a": {"$match": {"$and": 1}}}, r"\$and takes a list"),
        ({"": 1}, "'' is not a field name"),
        ({"a..b": 1}, "'a..b' is not a field name"),
        ({".a": 1}, "is not a field name"),
        ({".".join("a" * 13): 1}, "is not a field name"),
        ({"a\0": 1}, "a field name holds a character"),
        ({"a": "x\0"}, "a holds a character that cannot be stored"),
        ({"a": {"$in": ["\ud800"]}}, "a holds a character that cannot be stored"),
        ({"a": {"b": [{"\udfff": 1}]}}, "a holds a character that cannot be stored"),
        ({"a": float("inf")}, "a holds a number that is too large"),
        ({"a": {"$gt": float("nan")}}, "a holds a number"),
        ({"a": 10**400}, "a holds a number that is too large"),
        ({"a": _nested_list(200)}, "a is nested deeper than 100"),
        ({"createdAt": {"$gt": "yesterday"}}, "createdAt is a date"),
        ({"createdAt": {"$gt": "0001-01-01T00:00:00+14:00"}}, "createdAt is a date"),
        ({"name": "*" + "x" * 4000}, "the pattern for name is longer"),
        (_deep(21), "nested deeper than 20"),
        ({"$or": [{"a": i} for i in range(1001)]}, "more than 1000 conditions"),
        ({"$or": [{"a.b.c": i} for i in range(700)]}, "the filter is too large"),
        ({"name": {"$in": ["a*"] * 2001}}, "the filter is too large"),
        ({"a": {"$in": ["x"] * 10_001}}, "more than 10000 values"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(raw: object, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_filter(raw)


def test_no_filter_asks_for_everything() -> None:
    assert parse_filter(None) == parse_filter({}) == parse_filter({"$and": []}) == EVERYTHING
    assert matches(EVERYTHING, {})


def test_a_condition_is_what_it_says() -> None:
    assert parse_filter({"a.b": {"$ne": 1}}) == Compare(("a", "b"), Op.NIN, (1,))
    assert parse_filter({"dir": "/x/"}) == Compare(("dir",), Op.IN, ("/x", "/x/"))
    assert parse_filter({"name": "a**b*"}) == Compare(("name",), Op.IN, (Glob(("a", "b", "")),))
    assert parse_filter({"projectId": None}) == EVERYTHING
    assert parse_filter({"a": {"$gt": 1, "$lt": 2}}) == And(
        (Compare(("a",), Op.GT, 1), Compare(("a",), Op.LT, 2)),
    )


def test_dates_are_ordered_in_utc() -> None:
    f = parse_filter({"createdAt": {"$gte": "2018-01-01T00:00:00+02:00"}})
    assert f == Compare(("createdAt",), Op.GTE, "2017-12-31T22:00:00.000Z")


def test_integers_beyond_64_bits_are_read_as_databases_read_them() -> None:
    assert matches(parse_filter({"a": 2**70}), {"a": 2**70})
    assert matches(parse_filter({"a": {"$lt": 2**71}}), {"a": 2**70})


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "acb", False),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "aba", False),
        ("*.p[n]g", "x.png", False),
        ("*.p[n]g", "x.p[n]g", True),
        ("?*", "a", False),
        ("*\n*", "a\nb", True),
    ],
)
def test_a_glob_knows_stars_and_nothing_else(pattern: str, text: str, fits: bool) -> None:
    assert Glob.of(pattern).fits(text) is fits


def test_no_pattern_makes_a_glob_slow() -> None:
    assert not Glob.of("*a" * 2_000).fits("a" * 1_999 + "b" * 100_000)


SAVED: dict[str, Any] = {
    "id": "1",
    "type": "file",
    "hidden": False,
    "filename": "/dogs/rex.png",
    "dir": "/dogs",
    "name": "rex.png",
    "createdAt": "2024-01-01T00:00:00.000Z",
    "metadata": {
        "system": {"mimetype": "image/png", "refs": [{"id": "t", "type": "task", "metadata": {"status": "x"}}]}
    },
}


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ({"$and": [{"hidden": False}, {"type": "file"}]}, True),
        ({"$and": [{"hidden": False}, {"filename": "/codebases/abc/*"}, {"type": "dir"}]}, False),
        ({"$and": [{"type": "file"}, {"filename": "/dogs/rex.png"}]}, True),
        ({"$and": [{"filename": "/dogs/**"}, {"filename": {"$in": ["/x/**", "/dogs/rex.png"]}}]}, True),
        ({"$or": [{"dir": "/dogs"}, {"dir": "/dogs/*"}], "$and": [{"hidden": False}, {"type": "file"}]}, True),
        ({"$and": [{"global": {"$ne": True}}, {"projectId": None}]}, True),
        ({"$and": [{"createdAt": {"$gt": "2018-01-01T00:00:00+02:00"}}, {"metadata.system.mimetype": "*png"}]}, True),
        (
            {
                "$and": [
                    {"hidden": False},
                    {
                        "metadata.system.refs": {
                            "$match": {"id": "t", "type": "task", "metadata": {"status": {"$exists": True}}}
                        }
                    },
                ]
            },
            True,
        ),
        ({"$and": [{"collections0": {"$exists": False}}, {"collections1": {"$exists": False}}]}, True),
        ({"$or": [{"$and": [{"metadata.user.split": "train"}, {"annotated": True}]}, {"dir": "/x"}]}, False),
    ],
)
def test_what_the_sdk_writes_is_understood(raw: object, meant: bool) -> None:
    assert matches(parse_filter(raw), SAVED) is meant
