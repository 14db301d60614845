"""What a filter asks of one JSON value, as SQL: of what kind it is, what it equals, what stands below it.

``JsonSql`` is the value; SQLite (``json_sqlite.py``) and PostgreSQL (``json_postgres.py``) each spell it out. Called by
``dql.py`` only. A condition may be NULL where the value is missing, so ``dql.py`` negates only with ``IS NOT true``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeAlias

from sqlalchemy import ColumnElement, FromClause, false, literal_column, or_, select

from faas_agent.model.specs.conditions import Glob, Op, Path
from faas_agent.model.specs.matching import ORDER, kind

Condition: TypeAlias = ColumnElement[bool]
Order: TypeAlias = Callable[[Any, Any], Any]


class JsonSql(ABC):
    """One JSON value in a statement: a whole document, something at a path in it, or an element of an array."""

    @classmethod
    @abstractmethod
    def whole(cls, document: ColumnElement[Any]) -> Self:
        """The value of a JSON column."""

    @abstractmethod
    def at(self, path: Path) -> Self | None:
        """The value there when no array is on the way. None for a path that cannot be asked for in one look."""

    @abstractmethod
    def reach(self, path: Path) -> tuple[Sequence[FromClause], Condition, Self]:
        """Tables whose rows, where the condition holds, have the values at the path, through arrays on the way."""

    @abstractmethod
    def elements(self) -> tuple[FromClause, Self]:
        """A table of the elements; empty where this value is no array."""

    @abstractmethod
    def is_a(self, what: type) -> Condition:
        """``what`` as ``matching.kind`` gives it."""

    @abstractmethod
    def is_present(self) -> Condition:
        """Neither missing nor null."""

    @abstractmethod
    def any_of(self, values: Sequence[object]) -> Condition:
        """Whether it is equal to one of the JSON values, or fits one of the globs."""

    @abstractmethod
    def ordered(self, order: Order, bound: str | float | bool) -> Condition:
        """Whether it is of the kind of ``bound``, and before or after it."""

    @abstractmethod
    def contains(self, text: str) -> Condition:
        """Whether it is a text with ``text`` in it."""

    @abstractmethod
    def sort_key(self) -> ColumnElement[Any]:
        """What to sort by: anything steady."""

    @classmethod
    @abstractmethod
    def glob(cls, column: ColumnElement[Any], pattern: Glob) -> Condition:
        """Whether a text fits, its case counting."""

    @classmethod
    @abstractmethod
    def inside(cls, column: ColumnElement[Any], text: str) -> Condition:
        """Whether a text contains another, its case counting."""

    @classmethod
    def by_code_point(cls, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text column, ordered as Python orders texts."""
        return column

    @classmethod
    def on_column(cls, column: ColumnElement[Any], op: Op, value: Any) -> Condition:
        """A condition on a plain column, in a form that an index serves. A value of another kind is never equal."""
        holds = column.type.python_type
        what: type = float if holds is int else holds
        match op:
            case Op.IN:
                return cls._column_in(column, what, value)
            case Op.EXISTS:
                return column.is_not(None)
            case Op.MATCH:
                return cls.inside(column, value) if what is str and isinstance(value, str) else false()
        if kind(value) is not what:
            return false()
        if what is bool:
            return column.in_(booleans(ORDER[op], value))
        compared: Condition = ORDER[op](cls.by_code_point(column) if what is str else column, value)
        return compared

    @classmethod
    def _column_in(cls, column: ColumnElement[Any], what: type, values: Iterable[object]) -> Condition:
        exact = [value for value in values if kind(value) is what]
        globs = [cls.glob(column, value) for value in values if isinstance(value, Glob) and what is str]
        if exact:
            globs.append(column == exact[0] if len(exact) == 1 else column.in_(exact))
        return or_(false(), *globs)


def booleans(order: Order, bound: object) -> list[bool]:
    """The booleans that are before or after ``bound``."""
    return [one for one in (False, True) if order(one, bound)]


def exists(tables: Sequence[FromClause], condition: Condition) -> Condition:
    """Whether the tables, each made from what stands left of it or outside, have such a row."""
    return select(literal_column("1")).select_from(*tables).where(condition).correlate_except(*tables).exists()
