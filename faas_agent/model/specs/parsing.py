"""From the ``filter`` of a request (DQL, ENDPOINTS 8) to a ``Filter``. Pure.

Every rule of the wire is settled here: ``eq`` is a list of one, ``*`` makes a glob on the fields that know globs, a
final slash of ``dir`` says nothing, ``projectId: null`` restricts nothing, dates are ordered in UTC, a list that is
empty is the same as none, a number may be written as a text. What cannot be right is a BadRequest that names the field;
the limits keep a filter within what a database takes as one statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.conditions import EVERYTHING, And, Compare, Filter, Glob, Op, Or, Path
from faas_agent.model.specs.values import json_value, show
from faas_agent.model.times import from_wire, to_wire

MAX_DEPTH = 20
MAX_CONDITIONS = 1000
MAX_VALUES = 10_000
MAX_STEPS = 12
MAX_SIZE = 2000
"""Steps of paths, globs, and compared arrays and objects, all together; those in ``$match`` are written four times."""
MAX_GLOB = 4000
"""Characters; SQLite takes 50,000 bytes."""
_MATCH_DEPTH = 12
"""Levels that a ``$match`` counts as, for its share of what a database reads at once."""

_GLOBBED = frozenset({"filename", "dir", "name", "metadata.system.mimetype"})
_DATES = frozenset({"createdAt", "updatedAt", "latestStatus.timestamp", "spec.startAt", "spec.endAt"})
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_OPERATORS = ("$eq", "$ne", *(f"${op}" for op in Op))


def parse_filter(raw: object) -> Filter:
    """The filter of a query or a trigger. ``None`` and ``{}`` ask for everything."""
    return EVERYTHING if raw is None else _Parser().tree(raw, _Place())


def field_path(name: str) -> Path:
    """``metadata.user.x`` as steps. Raises BadRequest."""
    steps = tuple(json_value("a field name", name).split("."))
    if not all(steps) or len(steps) > MAX_STEPS:
        raise BadRequest(f"{show(name)} is not a field name: write 1 to {MAX_STEPS} keys with a dot between them")
    return steps


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the filter the parser is: ``matched`` leads to the object that ``$match`` looks into, ``prefix`` goes on
    from there."""

    matched: Path = ()
    prefix: Path = ()
    depth: int = 0

    def name(self, path: Path) -> str:
        return ".".join((*self.matched, *self.prefix, *path))

    def deeper(self, **changes: Path) -> _Place:
        return replace(self, depth=self.depth + 1, **changes)


@dataclass(slots=True)
class _Parser:
    """Counts what it meets, so that the limits hold for the filter as a whole."""

    conditions: int = 0
    values: int = 0
    size: int = 0

    def tree(self, raw: object, place: _Place) -> Filter:
        if not isinstance(raw, Mapping):
            raise BadRequest(f"a filter must be an object, not {show(raw)}")
        if place.depth > MAX_DEPTH:
            raise BadRequest(f"the filter is nested deeper than {MAX_DEPTH} levels: make it flatter")
        return _all([self._clause(key, value, place) for key, value in raw.items()])

    def _clause(self, key: str, value: object, place: _Place) -> Filter:
        if not key.startswith("$"):
            return self._field(field_path(key), value, place)
        if key not in {"$and", "$or"}:
            raise BadRequest(f"unknown operator {show(key)}: use $and, $or or the name of a field here")
        if not isinstance(value, list):
            raise BadRequest(f"{key} takes a list of conditions, not {show(value)}")
        parts = [self.tree(one, place.deeper()) for one in value]
        if key == "$and":
            return _all(parts)
        if not parts:
            raise BadRequest("$or needs at least one condition")
        return Or(tuple(parts))

    def _field(self, path: Path, value: object, place: _Place) -> Filter:
        if value is None and place.name(path) == "projectId":
            return EVERYTHING
        if isinstance(value, Mapping) and any(key.startswith("$") for key in value):
            return _all([self._compare(path, operator, operand, place) for operator, operand in value.items()])
        if isinstance(value, Mapping) and place.matched:  # in $match an object says what has to hold below the key
            return self.tree(value, place.deeper(prefix=place.prefix + path))
        return self._compare(path, "$eq", value, place)

    def _compare(self, path: Path, operator: str, operand: object, place: _Place) -> Filter:
        name = place.name(path)
        self._count(1, len(path), place)
        path = place.prefix + path
        match operator:
            case "$eq" | "$ne":
                wanted: list[object] = [operand, None] if operand == [] else [operand]
                return Compare(path, Op.IN if operator == "$eq" else Op.NIN, self._wanted(name, wanted, place))
            case "$in" | "$nin":
                values = _expect(list, "a list", operator, name, operand)
                return Compare(path, Op(operator[1:]), self._wanted(name, values, place))
            case "$exists":
                return Compare(path, Op.EXISTS, _expect(bool, "true or false", operator, name, operand))
            case "$match" if isinstance(operand, Mapping):
                return Compare(path, Op.MATCH, self._below(name, path, operand, place))
            case "$match":
                return Compare(path, Op.MATCH, _expect(str, "a text or an object", operator, name, operand))
            case "$gt" | "$gte" | "$lt" | "$lte":
                bound = _expect((str, int, float), "a number, a text or a boolean", operator, name, operand)
                return self._ordered(path, Op(operator[1:]), _in_utc(name, bound), place)
        raise BadRequest(f"unknown operator {show(operator)} of {name}: use one of {' '.join(_OPERATORS)}")

    def _ordered(self, path: Path, op: Op, bound: object, place: _Place) -> Filter:
        as_sent = Compare(path, op, bound)
        if not isinstance(bound, str) or not _NUMBER.fullmatch(bound):
            return as_sent
        self._count(1, len(path), place)
        return Or((as_sent, Compare(path, op, float(bound))))

    def _below(self, name: str, path: Path, operand: Mapping[str, object], place: _Place) -> Filter:
        if place.matched:
            raise BadRequest(f"$match of {name} stands inside another $match: name the fields below it instead")
        return self.tree(operand, _Place(path, (), place.depth + _MATCH_DEPTH))

    def _wanted(self, name: str, values: list[object], place: _Place) -> tuple[object, ...]:
        self.values += len(values)
        if self.values > MAX_VALUES:
            raise BadRequest(f"the filter has more than {MAX_VALUES} values: ask in several queries")
        wanted = json_value(name, values)
        if name == "dir":
            wanted = [spelling for value in wanted for spelling in _folder(value)]
        if name in _GLOBBED:
            wanted = [_glob(name, one) if isinstance(one, str) and "*" in one else one for one in wanted]
        found = tuple(wanted)
        self._count(0, sum(isinstance(one, Glob | list | dict) for one in found), place)
        return found

    def _count(self, conditions: int, size: int, place: _Place) -> None:
        self.conditions += conditions
        self.size += 4 * size if place.matched else size
        if self.conditions > MAX_CONDITIONS:
            raise BadRequest(f"the filter has more than {MAX_CONDITIONS} conditions: use $in for many values")
        if self.size > MAX_SIZE:
            raise BadRequest("the filter is too large: use $in for many values, or ask in several queries")


def _all(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _expect(kind: type | tuple[type, ...], words: str, operator: str, name: str, operand: object) -> Any:
    if not isinstance(operand, kind):
        raise BadRequest(f"{operator} of {name} takes {words}, not {show(operand)}")
    return json_value(name, operand)


def _glob(name: str, text: str) -> Glob:
    if len(text) > MAX_GLOB:
        raise BadRequest(f"the pattern for {name} is longer than {MAX_GLOB} characters")
    return Glob.of(text)


def _folder(value: object) -> tuple[object, ...]:
    """A folder with and without its final slash."""
    if not isinstance(value, str) or not value.strip("/"):
        return (value,)
    bare = value.rstrip("/")
    return (bare, bare + "/")


def _in_utc(name: str, bound: object) -> object:
    """A date as the platform writes its own, so that their order as texts is their order in time."""
    if name not in _DATES or not isinstance(bound, str):
        return bound
    try:
        return to_wire(from_wire(bound))
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} is a date: compare it with an ISO-8601 text, not {show(bound)}") from None
