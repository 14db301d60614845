"""Filters in the words of PostgreSQL: ``jsonb``, whose equality is that of JSON, and paths that go through arrays.

See ``dql_words.py`` for what each method says, and who calls it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from faas_agent.model.specs.conditions import Glob, Op, Path
from faas_agent.ports.store.dql_words import SIGNS, Below, Words, any_of

_SCALAR = '@.type() != "array"'
"""A path opens an array for the condition after it, and opens its elements again for a comparison: that is too much."""


class PostgresWords(Words):
    """jsonb."""

    def compare(self, document: str, path: Path, op: Op, value: Any, below: Below) -> str:
        where = _json_path(path)
        match op:
            case Op.EXISTS:
                return self._path_finds(document, f'{where}.type() ? (@ != "null")', {})
            case Op.IN:
                return any_of(self._equal(document, where, value))
            case Op.MATCH if isinstance(value, str):
                return self._some(document, where + "[*]", lambda found: self._is_text(found, self.inside, value))
            case Op.MATCH:
                return self._some(
                    document,
                    where + "[*]",
                    lambda found: f"({below(value, found)} AND jsonb_typeof({found}) = 'object')",
                )
        return self._path_finds(document, f"{where} ? ({_SCALAR} && @ {SIGNS[op]} $value)", {"value": value})

    def sort_key(self, document: str, path: Path) -> str:
        return f"jsonb_path_query_first({document}, CAST({self._bind(_json_path(path))} AS jsonpath))"

    def json_object(self, key: str, column: str) -> str:
        return f"jsonb_build_object(CAST({self._bind(key)} AS text), {column})"

    def among(self, expression: str, values: list[Any]) -> str:
        return f"{expression} = ANY({self._bind(values)})"

    def glob(self, expression: str, pattern: Glob) -> str:
        pieces = (re.sub(r"[\\%_]", r"\\\g<0>", piece) for piece in pattern.pieces)
        return f"{expression} LIKE {self._bind('%'.join(pieces))}"

    def inside(self, expression: str, part: str) -> str:
        return f"(strpos({expression}, {self._bind(part)}) > 0)"

    def by_code_point(self, expression: str) -> str:
        return f'{expression} COLLATE "C"'

    def _equal(self, document: str, where: str, values: Sequence[object]) -> Iterator[str]:
        scalars = [one for one in values if not isinstance(one, Glob | list | dict)]
        if scalars:
            yield self._path_finds(document, f"{where} ? ({_SCALAR} && @ == $values[*])", {"values": scalars})
        for one in values:
            if isinstance(one, Glob):
                yield self._some(document, where + "[*]", partial(self._is_text, fits=self.glob, value=one))
            elif isinstance(one, list | dict):
                yield self._some(document, where + "[*]", partial(self._same, value=one))
            if isinstance(one, list):
                yield self._some(document, where, partial(self._same, value=one))

    def _path_finds(self, document: str, path: str, values: dict[str, object]) -> str:
        """A path goes through arrays by itself, compares only what is of one kind, and orders texts by code points."""
        return f"jsonb_path_exists({document}, CAST({self._bind(path)} AS jsonpath), {self._json(values)})"

    def _some(self, document: str, path: str, holds: Callable[[str], str]) -> str:
        table = self._table()
        found = f"jsonb_path_query({document}, CAST({self._bind(path)} AS jsonpath)) AS {table}(value)"
        holding = holds(f"{table}.value")
        return f"EXISTS (SELECT 1 FROM {found} WHERE {holding})"  # noqa: S608  # pieces of our own; values are bound

    def _same(self, found: str, value: object) -> str:
        return f"{found} = {self._json(value)}"

    def _is_text(self, found: str, fits: Callable[[str, Any], str], value: object) -> str:
        return f"(jsonb_typeof({found}) = 'string' AND {fits(_text(found), value)})"

    def _json(self, value: object) -> str:
        return f"CAST({self._bind(json.dumps(value))} AS jsonb)"


def _json_path(path: Path) -> str:
    """JSON strings are strings of a path too."""
    return "$" + "".join(f".{json.dumps(key)}" for key in path)


def _text(found: str) -> str:
    return f"({found} #>> '{{}}')"
