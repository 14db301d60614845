"""The arguments of a call, from what the wire has: matched by name, read by declared type.

Enters: declared inputs, the target's parameters, the values given. Leaves: keyword arguments. Raises ``InputError``
with a sentence that names the input; the caller adds the function's name and the reason.
"""

from __future__ import annotations

import inspect
import json
from typing import Any, Callable, Dict, Iterable, List, Mapping

from . import sdk
from .wire import Frame

Parameters = Mapping[str, inspect.Parameter]

_WORDS = {"true": True, "false": False}


class InputError(Exception):
    """A value that is missing, of the wrong type, or for a parameter that does not exist."""


def parameters_of(target: Callable[..., Any]) -> Parameters:
    """By name, without ``self``."""
    return inspect.signature(target).parameters


def takes_anything(parameters: Parameters) -> bool:
    """Whether there is a ``**kwargs``."""
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())


def refuse_unknown(given: Iterable[str], declared: List[Frame], parameters: Parameters) -> None:
    """An input that nobody declared and no parameter takes was meant for something else: better said than dropped."""
    known = {str(entry["name"]) for entry in declared} | set(parameters)
    for name in given:
        if name not in known and not takes_anything(parameters):
            raise InputError(f"there is no input {name!r}; it takes {_listed(known)}")


def arguments(
    declared: List[Frame], parameters: Parameters, given: Frame, injected: Frame, text: bool = False
) -> Frame:
    """What to call the target with. ``injected`` fills parameters that nothing was given for.

    ``text``: values may be text for any type (a service's ``initParams`` often are), so Json text is parsed too.
    """
    types: Dict[str, str] = {str(entry["name"]): str(entry.get("type") or "Json") for entry in declared}
    values = {entry["name"]: entry["value"] for entry in declared if entry.get("value") is not None}
    values.update(given)
    arguments = {name: read(name, types.get(name, "Json"), value, text) for name, value in values.items()}
    for name, thing in injected.items():
        if name in parameters:
            arguments.setdefault(name, thing)
    _refuse_missing(arguments, parameters, types)
    return arguments


def _refuse_missing(arguments: Frame, parameters: Parameters, types: Dict[str, str]) -> None:
    fixed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for name, parameter in parameters.items():
        if name not in arguments and parameter.default is inspect.Parameter.empty and parameter.kind not in fixed:
            of_type = f" ({types[name]})" if name in types else ""
            raise InputError(f"the input {name!r}{of_type} is missing")
    for name in arguments:
        if name not in parameters and not takes_anything(parameters):
            raise InputError(f"the input {name!r} is declared, but the function has no parameter of that name")


def read(name: str, kind: str, value: Any, text: bool = False) -> Any:
    """One value by its declared type. None is None for every type."""
    if value is None:
        return None
    if kind.endswith("[]"):
        if not isinstance(value, list):
            if kind[:-2] not in sdk.KINDS:
                raise InputError(f"the input {name!r} is {kind} and needs a list, not {sdk.shown(value)}")
            value = [value]
        return [read(name, kind[:-2], element, text) for element in value]
    if kind in sdk.KINDS:
        return _entity(name, kind, value)
    return _plain(name, kind, value, text)


def _entity(name: str, kind: str, value: Any) -> Any:
    try:
        return sdk.fetch(kind, value)
    except LookupError as error:
        raise InputError(f"the input {name!r} is of type {kind}: {error.args[0]}") from None


def _plain(name: str, kind: str, value: Any, text: bool) -> Any:
    if kind == "Json":
        return _json(value) if text and isinstance(value, str) else value
    if kind in _READERS:
        try:
            return _READERS[kind](value)
        except (ValueError, TypeError, KeyError):
            raise InputError(f"the input {name!r} is of type {kind}, not {sdk.shown(value)}") from None
    raise InputError(f"the input {name!r} is of type {kind!r}, which this runner does not know")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError
    return _WORDS[value.lower()]


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(value)


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _number(value: Any) -> Any:
    if isinstance(value, str):
        value = json.loads(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError
    return value


def _json(value: str) -> Any:
    """Text that holds an object or a list is that; any other text is meant as text."""
    if not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


_READERS: Dict[str, Callable[[Any], Any]] = {
    "String": _string,
    "Boolean": _boolean,
    "Float": _float,
    "Integer": _integer,
    "Number": _number,
}


def _listed(names: Iterable[str]) -> str:
    listed = sorted(name for name in names if name not in {"progress", "context"})
    return ", ".join(repr(name) for name in listed) if listed else "none"
