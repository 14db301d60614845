"""Whether an entity meets a filter, in memory. Pure; triggers ask it about the entity of an event.

The store's SQL (``ports/store/dql.py``) gives the same answer for the same filter, and a property test holds the two
together. Null is the same as missing; numbers, texts and booleans are never equal to each other, nor ordered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from faas_agent.model.specs.conditions import And, Compare, Filter, Glob, Op, Or, Path

ORDER: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
}
"""The operators that ask for an order; between values of one kind only."""


def matches(f: Filter, entity: Mapping[str, object]) -> bool:
    """Whether the entity is one that the filter asks for."""
    match f:
        case And(parts):
            return all(matches(part, entity) for part in parts)
        case Or(parts):
            return any(matches(part, entity) for part in parts)
        case Compare(path, op, value):
            return _holds(op, value, _found(path, entity))


def kind(value: object) -> type:
    """What a value may be compared with: one kind for all numbers, which booleans are not."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    for container in (str, Mapping, list):
        if isinstance(value, container):
            return container
    return type(None)


def _holds(op: Op, value: Any, found: list[object]) -> bool:
    match op:
        case Op.IN:
            return any(_same(wanted, one) for wanted in value for one in found) or (None in value and not found)
        case Op.NIN:
            return not _holds(Op.IN, value, found)
        case Op.EXISTS:
            return bool(found) is value
        case Op.MATCH if isinstance(value, str):
            return any(isinstance(one, str) and value in one for one in found)
        case Op.MATCH:
            return any(isinstance(one, Mapping) and matches(value, one) for one in found)
        case _:
            return any(kind(one) is kind(value) and ORDER[op](one, value) for one in found)


def _found(path: Path, entity: Mapping[str, object]) -> list[object]:
    """The values at the path, and the elements of those that are arrays; never null."""
    level: list[object] = [entity]
    for step in path:
        level = [thing[step] for value in level for thing in _objects(value) if step in thing]
    present = [value for value in level if value is not None]
    inside = [element for value in present if isinstance(value, list) for element in value if element is not None]
    return present + inside


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, Mapping):
            yield one


def _same(wanted: object, one: object) -> bool:
    """Equality of JSON values: ``1`` is ``1.0`` and is not ``true``; the order of keys says nothing."""
    if isinstance(wanted, Glob):
        return isinstance(one, str) and wanted.fits(one)
    if kind(wanted) is not kind(one):
        return False
    if isinstance(wanted, Mapping) and isinstance(one, Mapping):
        return wanted.keys() == one.keys() and all(_same(wanted[key], one[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(one, list):
        return len(wanted) == len(one) and all(map(_same, wanted, one))
    return wanted == one
