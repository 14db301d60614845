"""What a function returned, as the wire keeps it (ENDPOINTS 16).

Enters: the value and the declared outputs. Leaves: JSON values, an entity as its id. Raises ``CallError`` for a
declared output that JSON cannot say and for one over the limit; an undeclared value that is not JSON is simply not
kept.
"""

from __future__ import annotations

import json
from typing import Any, List

from .failures import CallError
from .wire import Frame

TOO_LARGE = (
    "The function execution was successful, but the output couldn't be saved because it was larger than the maximum "
    "size allowed of {:.1f}MB"
)


def wire_output(declared: List[Frame], value: Any, limit: int) -> Any:
    """Nothing or one declared: the value as returned. Several: a tuple or list becomes an object by output name."""
    if len(declared) > 1:
        value = _named([str(entry["name"]) for entry in declared], value)
    try:
        text = json.dumps(value, default=_as_id, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        if not declared:
            return None
        raise CallError("output-not-json", f"The function's output cannot be stored as JSON: {error}") from None
    if len(text) > limit:
        raise CallError("output-too-large", TOO_LARGE.format(limit / 1_000_000))
    return json.loads(text)


def _named(names: List[str], value: Any) -> Any:
    if not isinstance(value, (tuple, list)):
        return value
    if len(value) != len(names):
        message = f"The function declares {len(names)} outputs ({', '.join(names)}) and returned {len(value)} values"
        raise CallError("error", message)
    return dict(zip(names, value))  # noqa: B905 - of equal length, and strict is newer than 3.8


def _as_id(value: Any) -> Any:
    """An SDK entity is kept as its id; anything else here is not JSON."""
    if hasattr(value, "to_json") and isinstance(getattr(value, "id", None), str):
        return value.id
    raise TypeError(f"an object of type {type(value).__name__} is not JSON")
