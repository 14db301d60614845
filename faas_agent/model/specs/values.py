"""JSON values that a database can keep and compare: no NUL, no half of a surrogate pair, no infinity.

Python's JSON reader lets all of these in; each of them would break a statement later. Called for what a filter compares
with (``parsing.py``) and for every document before it is written (``ports/store/documents.py``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeVar, cast

from faas_agent.errors import BadRequest

T = TypeVar("T")
MAX_NESTING = 100
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LARGEST_INTEGER = 2**63 - 1


def json_value(name: str, value: T, depth: int = 0) -> T:
    """The value, with integers beyond 64 bits as floats, as databases read them. Raises BadRequest naming ``name``."""
    if depth > MAX_NESTING:
        raise BadRequest(f"{name} is nested deeper than {MAX_NESTING} levels")
    return cast(T, _kept(name, value, depth))


def show(value: object) -> str:
    """A short, quoted form for messages."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kept(name: str, value: object, depth: int) -> object:
    match value:
        case str():
            return _text(name, value)
        case None | bool():
            return value
        case int() | float():
            return _number(name, value)
        case Mapping():
            return {_text(name, key): json_value(name, one, depth + 1) for key, one in value.items()}
        case list() | tuple():
            return [json_value(name, one, depth + 1) for one in value]
    raise BadRequest(f"{name} holds {show(value)}, which is not JSON")


def _text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise BadRequest(f"{name} has a key that is not a text: {show(text)}")
    if _UNSTORABLE.search(text):
        raise BadRequest(f"{name} holds a character that cannot be stored: leave out NUL and lone surrogates")
    return text


def _number(name: str, number: float) -> float:
    try:
        kept = number if abs(number) <= _LARGEST_INTEGER else float(number)
    except OverflowError:
        kept = math.inf
    if not math.isfinite(kept):
        raise BadRequest(f"{name} holds a number that is too large or not a number: {show(number)}")
    return kept
