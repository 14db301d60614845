"""JSON values that a database can keep and compare: no NUL, no half of a surrogate pair, no infinity.

Python's JSON reader lets all of these in; each of them would break a statement later. Called for what a filter compares
with (``parsing.py``) and for every document before it is written (``ports/store/documents.py``).
"""

from __future__ import annotations

import math
import re
from typing import TypeVar

from faas_agent.errors import BadRequest

T = TypeVar("T")
MAX_NESTING = 100
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def json_value(name: str, value: T) -> T:
    """The value, as it is. Raises BadRequest naming ``name`` for what is not JSON, or not JSON that can be kept."""
    _check(name, value, 0)
    return value


def show(value: object) -> str:
    """A short, quoted form for messages."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check(name: str, value: object, depth: int) -> None:
    match value:
        case None | bool():
            pass
        case str():
            if _UNSTORABLE.search(value):
                raise BadRequest(f"{name} holds a character that cannot be stored: leave out NUL and lone surrogates")
        case int() | float():
            if not _finite(value):
                raise BadRequest(f"{name} holds a number that is too large or not a number: {show(value)}")
        case list() | tuple() | dict() if depth == MAX_NESTING:
            raise BadRequest(f"{name} is nested deeper than {MAX_NESTING} levels")
        case list() | tuple():
            for one in value:
                _check(name, one, depth + 1)
        case dict():
            for key, one in value.items():
                _check_key(name, key)
                _check(name, one, depth + 1)
        case _:
            raise BadRequest(f"{name} holds {show(value)}, which is not JSON")


def _check_key(name: str, key: object) -> None:
    if not isinstance(key, str):
        raise BadRequest(f"{name} has a key that is not a text: {show(key)}")
    _check(name, key, 0)


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
