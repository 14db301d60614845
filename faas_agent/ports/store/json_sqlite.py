"""JSON values in SQLite (JSON1, 3.38 or newer). See ``json_sql.py`` for what each method says.

A path of JSON1 cannot spell every key: quotes and backslashes have no escape, and other characters are compared as they
happen to be written in the document. Keys of plain ASCII go into a path; every other key is looked up by ``json_each``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, FromClause, and_, case, false, func, literal, or_, select

from faas_agent.model.specs.conditions import Glob, Path
from faas_agent.model.specs.matching import kind
from faas_agent.ports.store.json_sql import Condition, JsonSql, Order, booleans, exists

_PLAIN = re.compile(r"""[ !#-\[\]-~]+""")
_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("true", "false"),
    float: ("integer", "real"),
    str: ("text",),
    list: ("array",),
    Mapping: ("object",),
    type(None): ("null",),
}


@dataclass(frozen=True, slots=True)
class SqliteJson(JsonSql):
    """``text`` is JSON that has the value at ``path``; ``word`` is JSON1's word for its type."""

    text: ColumnElement[Any]
    path: str
    word: ColumnElement[Any]
    value: ColumnElement[Any]

    @classmethod
    def whole(cls, document: ColumnElement[Any]) -> Self:
        return cls._in(document, "$")

    @classmethod
    def _in(cls, text: ColumnElement[Any], path: str) -> Self:
        return cls(text, path, func.json_type(text, path), func.json_extract(text, path))

    @classmethod
    def _row(cls, table: Any) -> Self:
        """A row of ``json_each``: its value is JSON only when it is an array or an object."""
        text = case((table.c.type.in_(("array", "object")), table.c.value), else_="null")
        return cls(text, "$", table.c.type, table.c.value)

    def at(self, path: Path) -> Self | None:
        if not all(map(_PLAIN.fullmatch, path)):
            return None
        return self._in(self.text, self.path + "".join(f'."{step}"' for step in path)) if path else self

    def reach(self, path: Path) -> tuple[Sequence[FromClause], Condition, Self]:
        tables: list[Any] = []
        found, met = self, []
        for step in path:
            if tables:
                tables.append(_each(found._objects()))
                found = self._row(tables[-1])
            tables.append(_each(case((found.is_a(Mapping), found._json()), else_="{}")))
            met.append(tables[-1].c.key == step)
            found = self._row(tables[-1])
        return tables, and_(*met), found

    def elements(self) -> tuple[FromClause, Self]:
        table = _each(case((self.is_a(list), self._json()), else_="[]"))
        return table, self._row(table)

    def is_a(self, what: type) -> Condition:
        words = _TYPES[what]
        return self.word == words[0] if len(words) == 1 else self.word.in_(words)

    def is_present(self) -> Condition:
        return self.word != "null"

    def any_of(self, values: Sequence[object]) -> Condition:
        parts = [and_(self.is_a(str), self.glob(self.value, one)) for one in values if isinstance(one, Glob)]
        for what in (str, float):
            wanted = [one for one in values if kind(one) is what]
            if wanted:
                parts.append(and_(self.is_a(what), self._value_in(wanted)))
        parts += [self.word == json.dumps(one) for one in values if one is None or isinstance(one, bool)]
        parts += [self._same_list(one) for one in values if isinstance(one, list)]
        parts += [self._same_object(one) for one in values if isinstance(one, Mapping)]
        return or_(false(), *parts)

    def ordered(self, order: Order, bound: str | float | bool) -> Condition:
        if isinstance(bound, bool):
            return self.word.in_([json.dumps(one) for one in booleans(order, bound)])
        return and_(self.is_a(kind(bound)), order(self.value, bound))

    def contains(self, text: str) -> Condition:
        return and_(self.is_a(str), self.inside(self.value, text))

    def sort_key(self) -> ColumnElement[Any]:
        return self.value

    @classmethod
    def glob(cls, column: ColumnElement[Any], pattern: Glob) -> Condition:
        pieces = (re.sub(r"[\[?]", r"[\g<0>]", piece) for piece in pattern.pieces)
        return column.op("GLOB", is_comparison=True, return_type=Boolean())("*".join(pieces))

    @classmethod
    def inside(cls, column: ColumnElement[Any], text: str) -> Condition:
        return func.instr(column, text) > 0

    def _json(self) -> ColumnElement[Any]:
        """The value as JSON of its own, where it is an array or an object."""
        return self.text if self.path == "$" else func.json_extract(self.text, self.path)

    def _objects(self) -> ColumnElement[Any]:
        """An array of the objects to look into: the elements of this one, or the value itself."""
        alone = func.json_array(func.json(self._json()))
        return case((self.is_a(list), self._json()), (self.is_a(Mapping), alone), else_="[]")

    def _value_in(self, wanted: list[object]) -> Condition:
        if len(wanted) == 1:
            return self.value == wanted[0]
        return self.value.in_(select(_each(literal(json.dumps(wanted))).c.value))

    def _same_list(self, wanted: list[object]) -> Condition:
        items = [self._in(self.text, f"{self.path}[{at}]").any_of([one]) for at, one in enumerate(wanted)]
        return and_(self.is_a(list), func.json_array_length(self.text, self.path) == len(wanted), *items)

    def _same_object(self, wanted: Mapping[str, object]) -> Condition:
        keys = select(func.count()).select_from(_each(self.text, self.path)).scalar_subquery()
        members = [self._has(key, one) for key, one in wanted.items()]
        return and_(self.is_a(Mapping), keys == len(wanted), *members)

    def _has(self, key: str, wanted: object) -> Condition:
        direct = self.at((key,))
        if direct is not None:
            return direct.any_of([wanted])
        tables, met, found = self.reach((key,))
        return exists(tables, and_(met, found.any_of([wanted])))


def _each(*source: Any) -> Any:
    return func.json_each(*source).table_valued("key", "value", "type", joins_implicitly=True)
