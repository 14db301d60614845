"""Filters in the words of PostgreSQL: ``jsonb``, whose equality is that of JSON, and paths that go through arrays.

See ``dql_words.py`` for what each method says, and who calls it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from faas_agent.model.specs.conditions import Glob, Op, Path
from faas_agent.model.specs.matching import ORDER
from faas_agent.ports.store.dql_words import SIGNS, Below, Words, any_of


class PostgresWords(Words):
    """jsonb."""

    def compare(self, document: str, path: Path, op: Op, value: Any, below: Below) -> str:
        opened = op is not Op.EXISTS  # an empty array exists
        whole = not opened or (op is Op.IN and any(isinstance(one, list) for one in value))
        ends = [""] * whole + ["[*]"] * opened
        return any_of(self._some(document, _json_path(path) + end, op, value, below) for end in ends)

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

    def _some(self, document: str, path: str, op: Op, value: Any, below: Below) -> str:
        table = self._table()
        found = f"jsonb_path_query({document}, CAST({self._bind(path)} AS jsonpath)) AS {table}(value)"
        holds = self._holds(f"{table}.value", op, value, below)
        return f"EXISTS (SELECT 1 FROM {found} WHERE {holds})"  # noqa: S608  # pieces of our own; values are bound

    def _holds(self, found: str, op: Op, value: Any, below: Below) -> str:
        match op:
            case Op.IN:
                return self._equal(found, value)
            case Op.EXISTS:
                return f"jsonb_typeof({found}) <> 'null'"
            case Op.MATCH if isinstance(value, str):
                return f"(jsonb_typeof({found}) = 'string' AND {self.inside(_text(found), value)})"
            case Op.MATCH:
                return f"(jsonb_typeof({found}) = 'object' AND {below(value, found)})"
        return self._ordered(found, op, value)

    def _ordered(self, found: str, op: Op, value: Any) -> str:
        if isinstance(value, bool):
            return self._equal(found, [one for one in (False, True) if ORDER[op](one, value)])
        if isinstance(value, str):
            compared = f"{self.by_code_point(_text(found))} {SIGNS[op]} {self._bind(value)}"
            return f"(jsonb_typeof({found}) = 'string' AND {compared})"
        return f"(jsonb_typeof({found}) = 'number' AND {found} {SIGNS[op]} {self._json(value)})"

    def _equal(self, found: str, values: Sequence[object]) -> str:
        exact = [one for one in values if not isinstance(one, Glob)]
        globs = [self.glob(_text(found), one) for one in values if isinstance(one, Glob)]
        parts = [f"(jsonb_typeof({found}) = 'string' AND {one})" for one in globs]
        return any_of([*parts, f"{found} IN (SELECT jsonb_array_elements({self._json(exact)}))"])

    def _json(self, value: object) -> str:
        return f"CAST({self._bind(json.dumps(value))} AS jsonb)"


def _json_path(path: Path) -> str:
    """JSON strings are strings of a path too."""
    return "$" + "".join(f".{json.dumps(key)}" for key in path)


def _text(found: str) -> str:
    return f"({found} #>> '{{}}')"
