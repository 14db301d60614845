"""A filter as SQL: ``compile_filter`` gives one condition for a WHERE, the same answer as ``matches`` in memory.

A path that has a column meets the column, and so its index; every other path is looked up in the JSON document. Names
and values are always bound parameters. Called by ``documents.py`` and by the queries on executions; decides nothing
about who may see what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import JSON, ColumnElement, and_, case, false, or_, true
from sqlalchemy.sql.elements import Grouping

from faas_agent.model.specs.conditions import And, Compare, Filter, Op, Or, Path
from faas_agent.model.specs.matching import ORDER
from faas_agent.model.specs.query import Sort
from faas_agent.ports.store.json_postgres import PostgresJson
from faas_agent.ports.store.json_sql import Condition, JsonSql, exists
from faas_agent.ports.store.json_sqlite import SqliteJson

Columns: TypeAlias = Mapping[str, ColumnElement[Any]]
"""Path on the wire, with dots -> column. One of a JSON type answers for every path below it too."""

DIALECTS: Mapping[str, type[JsonSql]] = {"sqlite": SqliteJson, "postgresql": PostgresJson}
_GROUP = 100
"""Conditions that stand in a row. SQLite counts each as one level of depth and takes a thousand."""


def compile_filter(
    f: Filter, columns: Columns, doc: ColumnElement[Any] | None, dialect_name: str
) -> ColumnElement[bool]:
    """``doc``: the JSON column that answers for all other paths; without one, such a path is missing everywhere."""
    json_sql = DIALECTS[dialect_name]
    return _Compiler(columns, None if doc is None else json_sql.whole(doc), json_sql).tree(f)


@dataclass(frozen=True, slots=True)
class _Compiler:
    columns: Columns
    root: JsonSql | None
    json_sql: type[JsonSql]

    def tree(self, f: Filter) -> Condition:
        match f:
            case And(parts):
                return _joined(and_, true(), [self.tree(part) for part in parts])
            case Or(parts):
                return _joined(or_, false(), [self.tree(part) for part in parts])
            case Compare(path, op, value):
                return self._compare(path, op, value)

    def sort_key(self, path: Path) -> list[ColumnElement[Any]]:
        """Nothing for a path that cannot be sorted by."""
        column = self.columns.get(".".join(path))
        if column is not None and not isinstance(column.type, JSON):
            return [self.json_sql.by_code_point(column) if column.type.python_type is str else column]
        root, rest = self._document(path)
        found = root and root.at(rest)
        return [found.sort_key()] if found else []

    def _compare(self, path: Path, op: Op, value: Any) -> Condition:
        if op is Op.NIN:
            return self._compare(path, Op.IN, value).is_not(true())
        if op is Op.IN and None in value:
            present = tuple(one for one in value if one is not None)
            return or_(self._compare(path, Op.EXISTS, False), self._compare(path, Op.IN, present))
        if op is Op.EXISTS and value is False:
            return self._compare(path, Op.EXISTS, True).is_not(true())
        column = self.columns.get(".".join(path))
        if column is not None and not isinstance(column.type, JSON):
            return self.json_sql.on_column(column, op, value)
        root, rest = self._document(path)
        return false() if root is None else _anywhere(root, rest, lambda found: self._holds(found, op, value))

    def _document(self, path: Path) -> tuple[JsonSql | None, Path]:
        """The JSON that the path leads into, and the rest of the path."""
        for length in range(len(path), 0, -1):
            column = self.columns.get(".".join(path[:length]))
            if column is not None and isinstance(column.type, JSON):
                return self.json_sql.whole(column), path[length:]
        return self.root, path

    def _holds(self, found: JsonSql, op: Op, value: Any) -> Condition:
        """Whether one value at the path, or one element of it, is what is asked for."""
        match op:
            case Op.IN:
                return found.any_of(value)
            case Op.EXISTS:
                return found.is_present()
            case Op.MATCH if isinstance(value, str):
                return found.contains(value)
            case Op.MATCH:
                return and_(found.is_a(Mapping), _Compiler({}, found, self.json_sql).tree(value))
            case _:
                return found.ordered(ORDER[op], value)


def _anywhere(root: JsonSql, path: Path, holds: Callable[[JsonSql], Condition]) -> Condition:
    """Whether it holds for a value at the path, through arrays of objects on the way and into an array at the end.

    Nearly every document has no array on the way, and then one look at the whole path is enough.
    """

    def here(found: JsonSql) -> Condition:
        elements, element = found.elements()
        return or_(holds(found), exists([elements], holds(element)))

    direct = root.at(path)
    if direct is not None and len(path) < 2:
        return here(direct)
    tables, met, last = root.reach(path)
    through_arrays = exists(tables, and_(met, here(last)))
    if direct is None:
        return through_arrays
    arrays = [root.at(path[:length]) for length in range(1, len(path))]
    return case((or_(*(one.is_a(list) for one in arrays if one is not None)), through_arrays), else_=here(direct))


def _joined(join: Callable[..., Condition], empty: Condition, parts: Sequence[Condition]) -> Condition:
    while len(parts) > _GROUP:
        parts = [Grouping(join(*parts[at : at + _GROUP])) for at in range(0, len(parts), _GROUP)]
    return join(*parts) if parts else empty


def order_by(
    sort: Sort, columns: Columns, doc: ColumnElement[Any] | None, dialect_name: str
) -> list[ColumnElement[Any]]:
    """What to sort by, the missing first of all. ``sort``: paths, and whether descending."""
    json_sql = DIALECTS[dialect_name]
    compiler = _Compiler(columns, None if doc is None else json_sql.whole(doc), json_sql)
    return [
        key.desc().nulls_last() if down else key.asc().nulls_first()
        for path, down in sort
        for key in compiler.sort_key(path)
    ]
