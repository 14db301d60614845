"""What a package may be, and what is said of one that may not (ENDPOINTS 14)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faas_agent.errors import BadRequest, Conflict, FaasError
from faas_agent.model.specs.package import check_modules, check_package, check_requirements, find_function, find_module

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def module(*inputs: dict[str, Any], name: str = "default_module", **more: Any) -> dict[str, Any]:
    """One with one function."""
    run = {"name": "run", "description": "", "input": list(inputs), "output": []}
    return {"name": name, "entryPoint": "main.py", "initInputs": [], "functions": [run], **more}


def test_modules_come_back_as_they_were_but_for_a_null_compute_config() -> None:
    sent = module({"name": "a", "type": "Item[]", "description": "", "value": None}, anything={"else": []})
    kept = copy.deepcopy(sent)
    assert check_modules([sent | {"computeConfig": None}]) == [kept]
    assert check_modules([sent | {"computeConfig": "gpu"}]) == [kept | {"computeConfig": "gpu"}]
    assert (check_modules(None), check_modules([])) == ([], [])


@pytest.mark.parametrize("where", ["input", "output"])
def test_two_parameters_of_one_name_are_a_conflict(where: str) -> None:
    sent = module()
    sent["functions"][0][where] = [{"name": "a", "type": "String"}] * 2
    with pytest.raises(Conflict, match=rf"modules\[0\]\.functions\[0\]\.{where}: the name 'a'"):
        check_modules([sent])


@pytest.mark.parametrize("sent", [[module(), module()], [module(functions=[{"name": "run"}] * 2)]])
def test_two_of_one_name_are_a_conflict(sent: list[dict[str, Any]]) -> None:
    with pytest.raises(Conflict, match="is there twice"):
        check_modules(sent)


@given(JSON)
def test_no_json_gets_through_unnoticed_or_breaks_the_check(sent: Any) -> None:
    for check in (check_modules, check_requirements, lambda raw: check_package({"modules": raw, "slots": raw})):
        try:
            found = check(sent)
        except FaasError as error:
            assert error.status in (400, 409)
        else:
            assert found is not None


@given(JSON, st.sampled_from(["name", "entryPoint", "className", "functions", "initInputs"]))
def test_no_value_in_a_module_breaks_the_check(value: Any, field: str) -> None:
    try:
        check_modules([module() | {field: value}])
    except FaasError as error:
        assert f"modules[0].{field}" in error.message


def test_a_module_is_found_by_name_as_the_only_one_or_as_the_default() -> None:
    one, other = module(name="one"), module(name="default_module")
    assert find_module({"modules": [one]}, None) is one
    assert find_module({"modules": [one, other]}, None) is other
    assert find_module({"modules": [one, other]}, "one") is one
    with pytest.raises(BadRequest, match="no module 'two', it has one, default_module"):
        find_module({"modules": [one, other]}, "two")
    with pytest.raises(BadRequest, match="it has none"):
        find_module({}, None)


def test_a_function_is_found_by_name() -> None:
    assert find_function(module(), "run")["name"] == "run"
    with pytest.raises(BadRequest, match="no function 'walk', it has run"):
        find_function(module(), "walk")


def test_requirements_hold_what_the_sdk_can_read_back() -> None:
    sent = [{"name": "numpy"}, {"name": "pandas", "version": "2.0", "operator": "=="}, {"name": "six", "version": None}]
    assert check_requirements(sent) == sent
