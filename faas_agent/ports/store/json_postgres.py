"""JSON values in PostgreSQL: ``jsonb``, whose equality is that of JSON.

See ``json_sql.py`` for what each method says, and who calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, FromClause, Text, and_, case, cast, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from faas_agent.model.specs.conditions import Glob, Path
from faas_agent.model.specs.matching import kind
from faas_agent.ports.store.json_sql import Condition, JsonSql, Order, booleans

_TYPES: dict[type, str] = {
    bool: "boolean",
    float: "number",
    str: "string",
    list: "array",
    Mapping: "object",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class PostgresJson(JsonSql):
    """``value``: an expression of type jsonb."""

    value: ColumnElement[Any]

    @classmethod
    def whole(cls, document: ColumnElement[Any]) -> Self:
        return cls(document)

    def at(self, path: Path) -> Self:
        if not path:
            return self
        return type(self)(self.value.op("#>", return_type=JSONB())(cast(list(path), ARRAY(Text))))

    def reach(self, path: Path) -> tuple[Sequence[FromClause], Condition, Self]:
        tables: list[Any] = []
        found = self
        for step in path[:-1]:
            table = _elements(found.at((step,))._objects())
            tables.append(table)
            found = type(self)(table.c.value)
        return tables, found.is_a(Mapping), found.at(path[-1:])

    def elements(self) -> tuple[FromClause, Self]:
        table = _elements(case((self.is_a(list), self.value), else_=_json([])))
        return table, type(self)(table.c.value)

    def is_a(self, what: type) -> Condition:
        return func.jsonb_typeof(self.value) == _TYPES[what]

    def is_present(self) -> Condition:
        return func.jsonb_typeof(self.value) != "null"

    def any_of(self, values: Sequence[object]) -> Condition:
        parts = [and_(self.is_a(str), self.glob(self._text(), one)) for one in values if isinstance(one, Glob)]
        exact = [one for one in values if not isinstance(one, Glob)]
        if len(exact) == 1:
            parts.append(self.value == _json(exact[0]))
        elif exact:
            parts.append(self.value.in_(select(_elements(_json(exact)).c.value)))
        return or_(false(), *parts)

    def ordered(self, order: Order, bound: str | float | bool) -> Condition:
        if isinstance(bound, bool):
            return self.any_of(booleans(order, bound))
        if isinstance(bound, str):
            return and_(self.is_a(str), order(self.by_code_point(self._text()), bound))
        return and_(self.is_a(kind(bound)), order(self.value, _json(bound)))

    def contains(self, text: str) -> Condition:
        return and_(self.is_a(str), self.inside(self._text(), text))

    def sort_key(self) -> ColumnElement[Any]:
        return self.value

    @classmethod
    def glob(cls, column: ColumnElement[Any], pattern: Glob) -> Condition:
        pieces = (re.sub(r"[\\%_]", r"\\\g<0>", piece) for piece in pattern.pieces)
        return column.like("%".join(pieces), escape="\\")

    @classmethod
    def inside(cls, column: ColumnElement[Any], text: str) -> Condition:
        return func.strpos(column, text) > 0

    @classmethod
    def by_code_point(cls, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column.collate("C")

    def _text(self) -> ColumnElement[Any]:
        return self.value.op("#>>", return_type=Text())(cast([], ARRAY(Text)))

    def _objects(self) -> ColumnElement[Any]:
        """An array of the objects to look into: the elements of this one, or the value itself."""
        alone = func.jsonb_build_array(self.value)
        return case((self.is_a(list), self.value), (self.is_a(Mapping), alone), else_=_json([]))


def _json(value: object) -> ColumnElement[Any]:
    return cast(literal(value, JSONB()), JSONB())


def _elements(source: ColumnElement[Any]) -> Any:
    return func.jsonb_array_elements(source, type_=JSONB()).table_valued("value", joins_implicitly=True)
