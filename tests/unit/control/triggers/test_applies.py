"""Which events a trigger waits for (ENDPOINTS 17)."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.control.triggers.engine import applies, asks_for_hidden
from faas_agent.model.specs.filters import parse_filter


def spec(**more: Any) -> dict[str, Any]:
    """A trigger on new items."""
    return {"resource": "Item", "actions": ["Created"], "filter": {}, **more}


def event(action: str = "Created", resource: str = "Item", **body: Any) -> dict[str, Any]:
    """Something that happened to a text file."""
    item = {"id": "i", "name": "a.txt", "datasetId": "d", "hidden": False, "type": "file"}
    return {"resource": resource, "action": action, "resource_id": "i", "body": item | body}


def test_resource_and_action_have_to_be_its_own() -> None:
    assert applies(spec(), event())
    assert not applies(spec(), event("Updated"))
    assert not applies(spec(), event(resource="Dataset"))
    assert applies(spec(actions=["Created", "Updated"]), event("Updated"))


@pytest.mark.parametrize(
    ("condition", "body", "fits"),
    [
        ({"name": "*.txt"}, {}, True),
        ({"name": "*.jpg"}, {}, False),
        ({"datasetId": {"$in": ["d", "e"]}}, {}, True),
        ({"metadata.system.mimetype": "image*"}, {"metadata": {"system": {"mimetype": "image/png"}}}, True),
        ({"metadata.system.mimetype": "image*"}, {}, False),
        ({"metadata.user.n": {"$gt": 1}}, {"metadata": {"user": {"n": 2}}}, True),
    ],
)
def test_the_filter_is_about_the_entity(condition: dict[str, Any], body: dict[str, Any], fits: bool) -> None:
    assert applies(spec(filter={"$and": [condition, {"hidden": False}]}), event(**body)) is fits


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, False),
        ({"$and": [{"hidden": False}]}, False),
        ({"$and": [{"hidden": True}]}, True),
        ({"$or": [{"name": "b"}, {"hidden": True}]}, True),
        ({"$and": [{"hidden": {"$in": [True, False]}}]}, True),
        ({"$and": [{"name": "a.txt"}]}, False),
    ],
)
def test_hidden_items_fire_only_where_the_filter_says_so(wanted: dict[str, Any], fits: bool) -> None:
    assert applies(spec(filter=wanted), event(hidden=True)) is fits
    assert asks_for_hidden(parse_filter(wanted)) is fits
