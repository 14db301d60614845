"""Filters in the words of SQLite (JSON1, 3.38 or newer). See ``dql_words.py`` for what each method says.

A path of JSON1 cannot spell every key: quotes and backslashes have no escape, and other characters are compared as they
happen to be written in the document. Keys of plain ASCII go into a path; every other key is looked up by ``json_each``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faas_agent.model.specs.conditions import Glob, Op, Path
from faas_agent.model.specs.matching import ORDER, kind
from faas_agent.ports.store.dql_words import SIGNS, Below, Words, all_of, any_of

_PLAIN = re.compile(r"""[ !#-\[\]-~]+""")


@dataclass(frozen=True, slots=True)
class _Found:
    """A JSON value: ``type`` is JSON1's word for what it is, ``value`` the value; JSON for arrays and objects only."""

    type: str
    value: str

    def as_json(self, kind_of: str, otherwise: str) -> str:
        """JSON in every case, for a function that would refuse a plain text."""
        return f"CASE {self.type} WHEN '{kind_of}' THEN {self.value} ELSE '{otherwise}' END"


class SqliteWords(Words):
    """JSON1."""

    def compare(self, document: str, path: Path, op: Op, value: Any, below: Below) -> str:
        def holds(found: _Found) -> str:
            return self._holds(found, op, value, below)

        if not all(map(_PLAIN.fullmatch, path)):
            return self._through_arrays(document, path, holds)
        direct = self._with_elements(self._at(document, path), holds)
        if len(path) == 1:
            return direct
        arrays = [f"{self._at(document, path[:length]).type} = 'array'" for length in range(1, len(path))]
        return f"(CASE WHEN {any_of(arrays)} THEN {self._through_arrays(document, path, holds)} ELSE {direct} END)"

    def sort_key(self, document: str, path: Path) -> str:
        return self._at(document, path).value if all(map(_PLAIN.fullmatch, path)) else "NULL"

    def json_object(self, key: str, column: str) -> str:
        return f"json_object({self._bind(key)}, json({column}))"

    def among(self, expression: str, values: list[Any]) -> str:
        listed = f"json_each({self._bind(json.dumps(values))})"
        return f"{expression} IN (SELECT value FROM {listed})"  # noqa: S608  # pieces of our own; values are bound

    def glob(self, expression: str, pattern: Glob) -> str:
        pieces = (re.sub(r"[\[?]", r"[\g<0>]", piece) for piece in pattern.pieces)
        return f"{expression} GLOB {self._bind('*'.join(pieces))}"

    def inside(self, expression: str, part: str) -> str:
        return f"(instr({expression}, {self._bind(part)}) > 0)"

    def by_code_point(self, expression: str) -> str:
        return expression

    def _at(self, document: str, path: Path) -> _Found:
        where = self._bind("$" + "".join(f'."{key}"' for key in path))
        return _Found(f"json_type({document}, {where})", f"json_extract({document}, {where})")

    def _with_elements(self, found: _Found, holds: Callable[[_Found], str]) -> str:
        """Whether it holds for the value, or for an element of it when it is an array."""
        table = self._table()
        elements = f"json_each({found.as_json('array', '[]')}) AS {table}"
        return f"({holds(found)} OR ({found.type} = 'array' AND {_some([elements], [holds(_row(table))])}))"

    def _through_arrays(self, document: str, path: Path, holds: Callable[[_Found], str]) -> str:
        """Key by key: the values under it, opened where they are arrays, and the next key in each object of them."""
        tables, keys, objects = [], [], document
        for depth, key in enumerate(path):
            member = self._table()
            tables.append(f"json_each({objects}) AS {member}")
            keys.append(f"{member}.key = {self._bind(key)}")
            found = _row(member)
            if depth + 1 < len(path):
                element = self._table()
                alone = f"WHEN 'object' THEN json_array(json({found.value}))"
                opened = f"CASE {found.type} WHEN 'array' THEN {found.value} {alone} ELSE '[]' END"
                tables.append(f"json_each({opened}) AS {element}")
                objects = _row(element).as_json("object", "{}")
        return _some(tables, [self._with_elements(found, holds), *keys])

    def _holds(self, found: _Found, op: Op, value: Any, below: Below) -> str:
        match op:
            case Op.IN:
                return self._equal(found, value)
            case Op.EXISTS:
                return f"({found.type} <> 'null')"
            case Op.MATCH if isinstance(value, str):
                return f"({found.type} = 'text' AND {self.inside(found.value, value)})"
            case Op.MATCH:
                return f"({below(value, found.as_json('object', '{}'))} AND {found.type} = 'object')"
        if isinstance(value, bool):
            return any_of(f"{found.type} = '{json.dumps(one)}'" for one in (False, True) if ORDER[op](one, value))
        types = "'text'" if isinstance(value, str) else "'integer', 'real'"
        return f"({found.type} IN ({types}) AND {found.value} {SIGNS[op]} {self._bind(value)})"

    def _equal(self, found: _Found, values: Sequence[object]) -> str:
        parts = [
            f"({found.type} = 'text' AND {self.glob(found.value, one)})" for one in values if isinstance(one, Glob)
        ]
        for what, types in ((str, "'text'"), (float, "'integer', 'real'")):
            wanted = [one for one in values if kind(one) is what]
            if wanted:
                same = self.among(found.value, wanted) if wanted[1:] else f"{found.value} = {self._bind(wanted[0])}"
                parts.append(f"({found.type} IN ({types}) AND {same})")
        for one in values:
            if one is None or isinstance(one, bool):
                parts.append(f"{found.type} = '{json.dumps(one)}'")
            elif isinstance(one, list):
                parts.append(self._same(found, one, "array", "[]"))
            elif isinstance(one, dict):
                parts.append(self._same(found, one, "object", "{}"))
        return any_of(parts)

    def _same(self, found: _Found, wanted: object, what: str, empty: str) -> str:
        """Two JSON trees are equal when they have as many nodes, and each node of one is in the other."""
        theirs, ours = f"json_tree({found.as_json(what, empty)})", f"json_tree({self._bind(json.dumps(wanted))})"
        nodes = "SELECT fullkey, replace(type, 'real', 'integer'), atom FROM"
        others = f"EXISTS ({nodes} {theirs} EXCEPT {nodes} {ours})"
        same_size = f"(SELECT count(*) FROM {theirs}) = (SELECT count(*) FROM {ours})"  # noqa: S608  # no caller's words
        return f"({found.type} = '{what}' AND {same_size} AND NOT {others})"


def _row(table: str) -> _Found:
    """A row of ``json_each``."""
    return _Found(f"{table}.type", f"{table}.value")


def _some(tables: Sequence[str], conditions: Sequence[str]) -> str:
    """Whether the tables, each made from those before it, have such a row."""
    found = f"SELECT 1 FROM {', '.join(tables)} WHERE {all_of(conditions)}"  # noqa: S608  # pieces of our own; values are bound
    return f"EXISTS ({found})"
