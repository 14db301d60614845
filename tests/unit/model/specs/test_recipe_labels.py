"""Labels and attributes of an ontology as trees and lists (ENDPOINTS 7)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs import recipe


def tags(roots: list[dict[str, Any]], above: str = "") -> list[str]:
    """Every path in the tree."""
    found = []
    for root in roots:
        path = above + root["value"]["tag"]
        found += [path, *tags(root["children"], path + ".")]
    return found


def test_nested_labels_are_put_where_their_path_says() -> None:
    roots = recipe.merge_labels([], [{"tag": "a.b.c", "color": "#010203"}, {"tag": "a.d"}], upsert=True)
    assert tags(roots) == ["a", "a.b", "a.b.c", "a.d"]
    assert roots[0]["children"][0]["children"][0]["value"]["color"] == "#010203"


def test_a_label_that_is_there_keeps_what_was_not_sent() -> None:
    before = recipe.merge_labels(
        [], [{"tag": "a", "color": "#010203", "attributes": ["x"]}, {"tag": "a.b"}], upsert=True
    )
    kept = deepcopy(before)
    after = recipe.merge_labels(before, [{"tag": "a", "displayLabel": "Alpha"}], upsert=False)
    assert after[0]["value"] == {"tag": "a", "color": "#010203", "attributes": ["x"], "displayLabel": "Alpha"}
    assert tags(after) == ["a", "a.b"]
    assert before == kept, "the tree that was handed in has changed"


def test_without_upsert_a_label_has_to_be_there() -> None:
    with pytest.raises(BadRequest, match=r"'a\.b' does not exist"):
        recipe.merge_labels(recipe.merge_labels([], [{"tag": "a"}], upsert=True), [{"tag": "a.b"}], upsert=False)


def test_a_label_gets_a_color_of_its_own_and_always_the_same() -> None:
    first, second = recipe.check_roots([{"value": {"tag": "a"}}, {"value": {"tag": "b"}}])
    assert first["value"]["color"] != second["value"]["color"]
    assert recipe.check_roots([{"value": {"tag": "a"}}]) == [first]


@pytest.mark.parametrize("color", ["rgb(1,2,3)", "rgb( 1, 2 , 3)", "#aAbB00"])
def test_colors_a_client_can_read_pass(color: str) -> None:
    assert recipe.check_roots([{"value": {"tag": "a", "color": color}}])[0]["value"]["color"] == color


@pytest.mark.parametrize("color", ["red", "#12345", "rgb(exit())", "rgb(1,2,3)+x", "#000000\n", 5, [1, 2, 3]])
def test_other_colors_never_reach_a_client_that_would_evaluate_them(color: object) -> None:
    with pytest.raises(BadRequest, match="color"):
        recipe.check_roots([{"value": {"tag": "a", "color": color}}])


def test_labels_nest_so_deep_and_no_deeper() -> None:
    root: dict[str, Any] = {"value": {"tag": "a"}}
    for _ in range(recipe.DEEPEST - 1):
        root = {"value": {"tag": "a"}, "children": [root]}
    assert recipe.check_roots([root])
    with pytest.raises(BadRequest, match="deep"):
        recipe.check_roots([{"value": {"tag": "a"}, "children": [root]}])
    with pytest.raises(BadRequest, match="tag"):
        recipe.merge_labels([], [{"tag": ".".join("a" * (recipe.DEEPEST + 1))}], upsert=True)


@pytest.mark.parametrize(
    "nodes", [None, 5, {}, [5], [{}], [{"tag": ""}], [{"tag": "a..b"}], [{"tag": "a", "attributes": 5}]]
)
def test_bad_nodes_are_refused(nodes: object) -> None:
    with pytest.raises(BadRequest):
        recipe.merge_labels([], nodes, upsert=True)


def test_attributes_are_kept_by_key() -> None:
    size = {"title": "Size", "key": "1", "type": "options", "multi": True, "values": ["s"]}
    kept = recipe.merge_attributes([], [size], upsert=False)
    assert kept[0]["scriptData"] == {"title": "Size", "type": "options", "multi": True}
    assert kept[0]["scope"] == ["*"]
    changed = recipe.merge_attributes(kept, [size | {"values": ["s", "l"]}, size | {"key": "2"}], upsert=True)
    assert [(one["key"], one["values"]) for one in changed] == [("1", ["s", "l"]), ("2", ["s"])]
    assert recipe.without_attributes(changed, ["1", "unknown"]) == changed[1:]
    with pytest.raises(BadRequest, match="upsert"):
        recipe.merge_attributes(kept, [size], upsert=False)
