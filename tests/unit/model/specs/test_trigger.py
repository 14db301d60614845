"""What a trigger may be, and what its function gets (ENDPOINTS 17)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.trigger import check_call, check_trigger, input_for

OPERATION = {"type": "function", "serviceId": "s", "functionName": "run"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
ITEM = {"id": "i", "datasetId": "d", "name": "a.txt"}


def event(**spec: Any) -> dict[str, Any]:
    """A trigger with that in its spec."""
    return {"spec": {"operation": OPERATION, **spec}}


def function(**inputs: str) -> dict[str, Any]:
    """With inputs that have to be there."""
    return {"name": "run", "input": [{"name": n, "type": kind, "mandatory": True} for n, kind in inputs.items()]}


def test_an_event_trigger_gets_its_defaults() -> None:
    assert check_trigger(event()) == {
        "type": "Event",
        "active": True,
        "spec": {
            "filter": {},
            "resource": "Item",
            "actions": ["Created"],
            "executionMode": "Once",
            "operation": OPERATION,
        },
    }
    assert check_trigger(event(actions="Updated"))["spec"]["actions"] == ["Updated"]


def test_an_action_is_one_of_its_resource() -> None:
    with pytest.raises(BadRequest) as refused:
        check_trigger(event(resource="Annotation", actions=["Created", "Clone"]))
    text = "Received an unsupported action type as input, type: Clone for resource type: Annotation"
    assert refused.value.message == text


@given(st.sampled_from(["filter", "resource", "actions", "executionMode", "input", "operation", "cron"]), JSON)
def test_no_value_in_a_spec_breaks_the_check(field: str, value: Any) -> None:
    try:
        found = check_trigger(event(**{field: value}))
    except BadRequest as error:
        assert error.message
    else:
        assert check_trigger(found) == found, "what is kept is taken again"


@pytest.mark.parametrize("name", ["filter", "resource", "actions", "executionMode"])
def test_a_cron_trigger_has_nothing_of_an_event(name: str) -> None:
    with pytest.raises(BadRequest, match=f"^spec.{name}: a cron trigger has none"):
        check_trigger({"type": "Cron", "spec": {"operation": OPERATION, "cron": "0 2 * * *", name: "x"}})


@pytest.mark.parametrize(
    ("inputs", "resource", "given"),
    [
        ({"item": "Item"}, "Item", {"item": {"item_id": "i", "dataset_id": "d"}}),
        ({"picture": "Item", "note": "String"}, "Item", {"picture": {"item_id": "i", "dataset_id": "d"}}),
        ({"first": "Item", "item": "Item"}, "Item", {"item": {"item_id": "i", "dataset_id": "d"}}),
        ({"item": "Json"}, "Item", {"item": {"item_id": "i", "dataset_id": "d"}}),
        ({"item": "Item"}, "ItemStatus", {"item": {"item_id": "i", "dataset_id": "d"}}),
        ({"note": "String"}, "Item", {}),
        ({}, "Item", {}),
    ],
)
def test_the_entity_goes_where_it_fits(inputs: dict[str, str], resource: str, given: dict[str, Any]) -> None:
    assert input_for(function(**inputs), resource, ITEM) == given


def test_annotations_and_datasets_are_named_by_their_own_ids() -> None:
    annotation = {"id": "a", "itemId": "i", "datasetId": "d"}
    expected = {"annotation_id": "a", "item_id": "i", "dataset_id": "d"}
    assert input_for(function(annotation="Annotation"), "Annotation", annotation) == {"annotation": expected}
    assert input_for(function(dataset="Dataset"), "Dataset", {"id": "d"}) == {"dataset": {"dataset_id": "d"}}


def test_an_input_of_a_trigger_has_to_fit_the_function_and_may_be_incomplete() -> None:
    spec = check_trigger(event(input={"note": "x"}))["spec"]
    check_call(spec, function(item="Item", note="String"))
    check_call(spec, function(item="Item", note="String", other="String"))
    with pytest.raises(BadRequest, match=r"^spec\.input\.note: "):
        check_call(spec, function(item="Item", note="Integer"))
    with pytest.raises(BadRequest, match=r"^spec\.input\.note: .*no input 'note'"):
        check_call(spec, function(item="Item"))
