"""The input of an execution against what its function declares (ENDPOINTS 14, 16)."""

from __future__ import annotations

from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.inputs import check_input


def function(kind: str = "String", **more: Any) -> dict[str, Any]:
    """With one input ``a`` that has to be there."""
    return {"name": "run", "input": [{"name": "a", "type": kind, "mandatory": True, **more}]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "6500397081943346e28"),
        ("Integer", 3),
        ("Integer", 3.0),
        ("Number", 1.5),
        ("Float", 2),
        ("Boolean", False),
        ("Json", {"a": [None]}),
        ("Json", None),
        ("String", None),
        ("String[]", ["a", "b"]),
        ("Item", "0" * 24),
        ("Item", {"item_id": "0" * 24, "dataset_id": None}),
        ("Item", {"id": "0" * 24}),
        ("Item", ["0" * 24, {"item_id": "1" * 24}]),
        ("Item[]", [{"item_id": "0" * 24}]),
        ("Dataset", {"dataset_id": "0" * 24}),
    ],
)
def test_what_fits_is_kept_as_it_is(kind: str, value: Any) -> None:
    assert check_input(function(kind), {"a": value}) == {"a": value}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", 1),
        ("Integer", "1"),
        ("Integer", 1.5),
        ("Integer", True),
        ("Number", "1"),
        ("Float", True),
        ("Boolean", 0),
        ("String[]", "a"),
        ("String[]", ["a", 1]),
        ("Item", 1),
        ("Item", ""),
        ("Item", {}),
        ("Item", {"dataset_id": "0" * 24}),
        ("Item[]", "0" * 24),
    ],
)
def test_what_does_not_fit_is_refused_by_name(kind: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=r"^input\.a"):
        check_input(function(kind), {"a": value})


def test_what_is_missing_or_unknown_is_refused_by_name() -> None:
    with pytest.raises(BadRequest, match=r"^input\.a: the function 'run' needs it \(String\)"):
        check_input(function(), {})
    with pytest.raises(BadRequest, match=r"^input\.b: .*no input 'b', it has a"):
        check_input(function(), {"a": "x", "b": 1})


def test_a_declared_value_fills_in_and_null_is_none() -> None:
    assert check_input(function(value="x"), None) == {"a": "x"}
    assert check_input(function(value="x"), {"a": "y"}) == {"a": "y"}
    with pytest.raises(BadRequest, match="needs it"):
        check_input(function(value=None), {})


def test_what_is_not_mandatory_is_left_to_the_function() -> None:
    assert check_input(function(mandatory=False), {}) == {}
    with pytest.raises(BadRequest, match=r"^input\.a"):
        check_input(function(mandatory=False), {"a": 1})


@pytest.mark.parametrize("given", ["a", 1, ["a"], True])
def test_an_input_that_is_no_object_is_refused(given: Any) -> None:
    with pytest.raises(BadRequest, match=r"^input: an object by parameter name"):
        check_input(function(), given)


def test_a_function_without_inputs_takes_nothing() -> None:
    assert check_input({"name": "run", "input": None}, None) == {}
