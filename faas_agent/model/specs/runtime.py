"""The runtime of a service: how large, how many, how many at once (ENDPOINTS 15). Pure.

Enters: the JSON of a deploy. Leaves: the same with defaults, as the SDK writes it. Raises BadRequest naming the field.
Keys nobody knows (``gpu: false``) are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.values import show

DEFAULTS: dict[str, Any] = {"podType": "regular-s", "numReplicas": 1, "concurrency": 10, "autoscaler": None}
SCALERS: dict[str, dict[str, Any]] = {
    "rabbitmq": {"minReplicas": 0, "maxReplicas": 1, "queueLength": 1000},
    "rps": {"minReplicas": 0, "maxReplicas": 1, "rateSeconds": 30, "threshold": 10},
}
"""The two that the SDK can read back, with its own defaults."""
MOST_REPLICAS, MOST_AT_ONCE = 1000, 1000
_BOUNDS = {
    "minReplicas": (0, MOST_REPLICAS),
    "maxReplicas": (1, MOST_REPLICAS),
    "queueLength": (1, 1_000_000_000),
    "rateSeconds": (1, 86_400),
    "threshold": (1, 1_000_000_000),
    "cooldownPeriod": (0, 86_400),
    "pollingInterval": (1, 86_400),
}
_TYPES: dict[str, tuple[type, str]] = {
    "podType": (str, "a text such as regular-s"),
    "runnerImage": (str, "the name of an image"),
    "preemptible": (bool, "true or false"),
    "singleAgent": (bool, "true or false"),
    "dynamicConcurrency": (bool, "true or false"),
}


def check_runtime(raw: object) -> dict[str, Any]:
    """A runtime, complete; a null takes the default."""
    if not isinstance(raw, Mapping | None):
        raise BadRequest(f"runtime: an object is needed, not {show(raw)}")
    runtime = DEFAULTS | {key: value for key, value in (raw or {}).items() if value is not None}
    for name, (kind, words) in _TYPES.items():
        if name in runtime and not isinstance(runtime[name], kind):
            raise BadRequest(f"runtime.{name}: {words} is needed, not {show(runtime[name])}")
    integer(runtime, "concurrency", 1, MOST_AT_ONCE, "runtime.")
    integer(runtime, "numReplicas", 0, MOST_REPLICAS, "runtime.")
    return runtime | {"autoscaler": _autoscaler(runtime["autoscaler"])}


def integer(found: dict[str, Any], name: str, least: int, most: int, prefix: str = "") -> None:
    """Make a field that is there a whole number within bounds. Raises BadRequest."""
    value = found.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise BadRequest(f"{prefix}{name}: a whole number is needed, not {show(value)}")
    if not least <= value <= most:
        raise BadRequest(f"{prefix}{name}: between {least} and {most}, not {show(value)}")
    found[name] = int(value)


def _autoscaler(raw: object) -> dict[str, Any] | None:
    if raw is None:
        return None
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(kind, str) or kind not in SCALERS:
        raise BadRequest(f"runtime.autoscaler.type: one of {', '.join(SCALERS)} is needed, not {show(kind)}")
    scaler = SCALERS[kind] | {key: value for key, value in raw.items() if value is not None}
    for name, (least, most) in _BOUNDS.items():
        integer(scaler, name, least, most, "runtime.autoscaler.")
    if scaler["minReplicas"] > scaler["maxReplicas"]:
        raise BadRequest("runtime.autoscaler: minReplicas is larger than maxReplicas")
    return scaler
