"""A filter as SQL: ``compile_filter`` gives one condition for a WHERE, the same answer as ``matches`` in memory.

A path that has a column meets the column, and so its index; every other path is looked up in the JSON document. Names
and values are always bound parameters. Called by ``documents.py`` and by the queries on executions; decides nothing
about who may see what. It writes text and no expression objects: for a filter of a thousand conditions those take
seconds to build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import JSON, ColumnElement, TextClause, and_, bindparam, text, true

from faas_agent.model.specs.conditions import And, Compare, Filter, Glob, Op, Or, Path
from faas_agent.model.specs.matching import kind
from faas_agent.model.specs.query import Sort
from faas_agent.ports.store.dql_postgres import PostgresWords
from faas_agent.ports.store.dql_sqlite import SqliteWords
from faas_agent.ports.store.dql_words import SIGNS, Binds, Words, all_of, any_of

Columns: TypeAlias = Mapping[str, ColumnElement[Any]]
"""Path on the wire, with dots -> column. A JSON column stands for a root key, and for every path below it."""

_WORDS: Mapping[str, type[Words]] = {"sqlite": SqliteWords, "postgresql": PostgresWords}


def compile_filter(
    f: Filter, columns: Columns, doc: ColumnElement[Any] | None, dialect_name: str
) -> ColumnElement[bool]:
    """``doc``: the JSON column that answers for all other paths; without one, such a path is missing everywhere."""
    compiler = _Compiler.of(columns, doc, dialect_name)
    return and_(true(), compiler.clause(compiler.tree(f)))


def order_by(sort: Sort, columns: Columns, doc: ColumnElement[Any] | None, dialect_name: str) -> list[TextClause]:
    """What to sort by, the missing before all others. ``sort``: paths, and whether descending."""
    ordered = []
    for path, down in sort:
        compiler = _Compiler.of(columns, doc, dialect_name)
        ordered.append(compiler.clause(compiler.sort_key(path) + (" DESC NULLS LAST" if down else " ASC NULLS FIRST")))
    return ordered


@dataclass(frozen=True, slots=True)
class _Compiler:
    columns: Columns
    doc: ColumnElement[Any] | None
    words: Words
    binds: Binds

    @classmethod
    def of(cls, columns: Columns, doc: ColumnElement[Any] | None, dialect_name: str) -> _Compiler:
        binds = Binds()
        return cls(columns, doc, _WORDS[dialect_name](binds), binds)

    def clause(self, sql: str) -> TextClause:
        values = self.binds.values.items()
        return text(sql).bindparams(*(bindparam(name, value, unique=True) for name, value in values))

    def tree(self, f: Filter, within: str | None = None) -> str:
        """``within``: the JSON object that the filter is about, when it is not the entity itself."""
        match f:
            case And(parts):
                return all_of(self.tree(part, within) for part in _deepest_first(parts))
            case Or(parts):
                return any_of(self.tree(part, within) for part in _deepest_first(parts))
            case Compare(path, op, value):
                return self._compare(path, op, value, within)

    def sort_key(self, path: Path) -> str:
        column = self._column(path)
        if column is not None:
            name = str(column)
            return self.words.by_code_point(name) if column.type.python_type is str else name
        return self.words.sort_key(self._document(path), path)

    def _compare(self, path: Path, op: Op, value: Any, within: str | None) -> str:
        if op is Op.NIN:
            return f"(({self._compare(path, Op.IN, value, within)}) IS NOT TRUE)"
        if op is Op.EXISTS and value is False:
            return f"(({self._compare(path, Op.EXISTS, True, within)}) IS NOT TRUE)"
        if op is Op.IN and None in value:
            present = tuple(one for one in value if one is not None)
            missing = self._compare(path, Op.EXISTS, False, within)
            return f"({missing} OR {self._compare(path, Op.IN, present, within)})" if present else missing
        column = None if within else self._column(path)
        if column is not None:
            return self._on_column(column, op, value)
        return self.words.compare(within or self._document(path), path, op, value, self.tree)

    def _column(self, path: Path) -> ColumnElement[Any] | None:
        column = self.columns.get(".".join(path))
        return None if column is None or isinstance(column.type, JSON) else column

    def _document(self, path: Path) -> str:
        """The JSON object to look the path up in."""
        own = self.columns.get(path[0])
        if own is not None and isinstance(own.type, JSON):
            return self.words.json_object(path[0], str(own))
        return self.words.json_object("", "NULL") if self.doc is None else str(self.doc)

    def _on_column(self, column: ColumnElement[Any], op: Op, value: Any) -> str:
        """In a form that an index serves. A value of another kind than the column's is never equal to it."""
        name = str(column)
        what = float if column.type.python_type is int else column.type.python_type
        if op is Op.EXISTS:
            return f"({name} IS NOT NULL)"
        if op is Op.IN:
            exact = [one for one in value if kind(one) is what]
            globs = [one for one in value if isinstance(one, Glob) and what is str]
            return any_of([*self._among(name, exact), *(self.words.glob(name, one) for one in globs)])
        if kind(value) is not what:
            return "(1=0)"
        if op is Op.MATCH:
            return self.words.inside(name, value)
        return f"({self.words.by_code_point(name) if what is str else name} {SIGNS[op]} {self.binds.add(value)})"

    def _among(self, name: str, exact: list[object]) -> Iterable[str]:
        if len(exact) == 1:
            yield f"{name} = {self.binds.add(exact[0])}"
        elif exact:
            yield self.words.among(name, exact)


def _deepest_first(parts: tuple[Filter, ...]) -> list[Filter]:
    """SQLite reads with a stack of a hundred words, on which everything stays that stands left of something nested."""
    return sorted(parts, key=_depth, reverse=True)


def _depth(f: Filter) -> int:
    match f:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts), default=0)
        case Compare(_, Op.MATCH, And() | Or() | Compare() as below):
            return 1 + _depth(below)
    return 0
