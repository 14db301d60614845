"""Changes to a document as the wire sends them (ENDPOINTS 0, PATCH): a diff is laid over what is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.values import show


def merged(old: object, diff: Mapping[str, Any]) -> dict[str, Any]:
    """``diff`` over ``old``: objects merge, null removes, anything else replaces. Neither is changed."""
    new = dict(old) if isinstance(old, Mapping) else {}
    for key, value in diff.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = merged(new.get(key), value) if isinstance(value, Mapping) else value
    return new


def an_object(value: object, field: str) -> dict[str, Any]:
    """The object itself; an empty one for null. Raises BadRequest naming ``field`` for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{field} must be an object, not {show(value)}")
    return value
