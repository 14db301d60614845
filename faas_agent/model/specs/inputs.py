"""The input of an execution against what the function declares (ENDPOINTS 14, 16). Pure.

A wrong input is refused when the execution is created, not when it has waited in a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.package import ENTITY_TYPES


def check_input(function: Mapping[str, Any], given: object) -> dict[str, Any]:
    """The input to keep, declared defaults filled in. A ``value`` of null is no default.

    What is not ``mandatory`` may be left out: its parameter has a default of its own, or the runner says that it has
    not. Raises BadRequest naming function and input.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise BadRequest(f"input: an object by parameter name is needed, not {_kind(given)}")
    declared = {parameter["name"]: parameter for parameter in function.get("input") or []}
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise BadRequest(f"input.{name}: the function {function['name']!r} has no input {name!r}, it has {known}")
    found: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name in given or parameter.get("value") is not None:
            found[name] = given.get(name, parameter.get("value"))
            _check(parameter["type"], found[name], f"input.{name}")
        elif parameter.get("mandatory"):
            raise BadRequest(f"input.{name}: the function {function['name']!r} needs it ({parameter['type']})")
    return found


def _check(kind: str, value: Any, where: str) -> None:
    if value is None:
        return
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise BadRequest(f"{where}: a list is needed ({kind}), not {_kind(value)}")
        for number, one in enumerate(value):
            _check(kind[:-2], one, f"{where}[{number}]")
    elif kind in ENTITY_TYPES:
        _check_entity(kind, value, where)
    elif not _PLAIN[kind](value):
        raise BadRequest(f"{where}: {kind} is needed, not {_kind(value)}")


def _check_entity(kind: str, value: Any, where: str) -> None:
    """An id, an object with one (``{"item_id": ...}``), or an array of either: the SDK sends all three."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            _check_entity(kind, one, f"{where}[{number}]")
        return
    key = f"{kind.lower()}_id"
    found = value.get(key, value.get("id")) if isinstance(value, Mapping) else value
    if not isinstance(found, str) or not found:
        raise BadRequest(f'{where}: the id of one {kind} is needed, as text or as {{"{key}": ...}}, not {_kind(value)}')


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "Json": lambda _value: True,
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Number": _is_number,
    "Float": _is_number,
    "Integer": lambda value: _is_number(value) and float(value).is_integer(),
}


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
