"""What ``dql.py`` needs to have said in SQL, and both databases say differently. Each method gives a piece of SQL.

``SqliteWords`` and ``PostgresWords`` are the two. Every value, and every key of a path, goes through ``Binds``; the
pieces themselves hold nothing that a caller wrote.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from faas_agent.model.specs.conditions import Filter, Glob, Op, Path

Below: TypeAlias = Callable[[Filter, str], str]
"""Compiles a filter about the JSON object that the piece of SQL stands for."""

SIGNS = {Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
GROUP = 100
"""Conditions that stand in a row. SQLite counts each as one level of depth and takes a thousand."""


class Binds:
    """The values of one statement, and names for its tables."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._tables = 0

    def add(self, value: object) -> str:
        """The placeholder for a value. Integers beyond 64 bits go as floats, as databases read those of a document."""
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            value = float(value)
        name = f"dql{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def table(self) -> str:
        """A name that nothing else in the statement has."""
        self._tables += 1
        return f"dql_{self._tables}"


class Words(ABC):
    """One database."""

    def __init__(self, binds: Binds) -> None:
        self._bind = binds.add
        self._table = binds.table

    @abstractmethod
    def compare(self, document: str, path: Path, op: Op, value: Any, below: Below) -> str:
        """Whether it holds for a value at the path: through arrays of objects on the way, and inside one at its end.

        ``op`` is none of the negative ones, and ``value`` holds no null at its top.
        """

    @abstractmethod
    def sort_key(self, document: str, path: Path) -> str:
        """The value at the path, where no array is on the way."""

    @abstractmethod
    def json_object(self, key: str, column: str) -> str:
        """A JSON object with a JSON column under the key."""

    @abstractmethod
    def among(self, expression: str, values: list[Any]) -> str:
        """Whether it is one of many values of one kind; all go in as one."""

    @abstractmethod
    def glob(self, expression: str, pattern: Glob) -> str:
        """Whether a text fits, its case counting."""

    @abstractmethod
    def inside(self, expression: str, part: str) -> str:
        """Whether a text has the part in it, its case counting."""

    @abstractmethod
    def by_code_point(self, expression: str) -> str:
        """A text that is ordered as Python orders texts."""


def any_of(parts: Iterable[str]) -> str:
    """One of them at least; of none, nothing. Each part is in parentheses, or needs none beside an OR."""
    return _joined(" OR ", list(parts)) or "(1=0)"


def all_of(parts: Iterable[str]) -> str:
    """Every one of them; of none, everything. Each part is in parentheses, or needs none beside an AND."""
    return _joined(" AND ", list(parts)) or "(1=1)"


def _joined(sign: str, parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    while len(parts) > GROUP:
        parts = [f"({sign.join(parts[at : at + GROUP])})" for at in range(0, len(parts), GROUP)]
    return f"({sign.join(parts)})"
