"""A service: one module of one revision with a runtime (ENDPOINTS 15). Pure.

Enters: the JSON of a deploy or an update. Leaves: the whole document with every default filled in. Raises BadRequest
naming the field. Keys nobody knows are kept: the SDK sends back everything it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest

MIN_SECONDS, MAX_SECONDS = 1, 30 * 24 * 3600
DEFAULTS: dict[str, Any] = {
    "moduleName": None,
    "active": True,
    "useUserJwt": False,
    "initParams": {},
    "versions": {},
    "driverId": None,
    "runExecutionAsProcess": False,
    "executionTimeout": 3600,
    "drainTime": 600,
    "onReset": "failed",
    "maxAttempts": 3,
    "queueLengthLimit": None,
    "global": False,
    "type": "regular",
    "mode": {"type": "regular"},
    "archive": False,
    "config": None,
    "settings": None,
    "app": None,
    "panels": None,
    "scope": None,
}
RUNTIME: dict[str, Any] = {"podType": "regular-s", "numReplicas": 1, "concurrency": 10}
READ_ONLY = frozenset(
    {"id", "projectId", "packageId", "orgId", "version", "creator", "createdAt", "updatedAt", "updatedBy", "url"}
    | {"botUserName", "crashloop"}
)
DROPPED_WHEN_EMPTY = ("metadata", "secrets", "integrations", "queueLengthLimit", "config", "settings", "app", "panels")
"""Keys the SDK leaves out of its own JSON when they are empty; callers compare the two (ENDPOINTS 15)."""


def with_defaults(body: Mapping[str, Any]) -> dict[str, Any]:
    """A service's own settings, checked; a null takes the default."""
    found = DEFAULTS | {key: value for key, value in body.items() if value is not None}
    found["runtime"] = _runtime(found.get("runtime"))
    found["initParams"] = _init_params(found["initParams"])
    _seconds(found, "executionTimeout", MIN_SECONDS)
    _seconds(found, "drainTime", 0)
    _integer(found, "maxAttempts", 1, 1000)
    if found["onReset"] not in ("failed", "rerun"):
        raise BadRequest(f"onReset: 'failed' or 'rerun', not {found['onReset']!r}")
    for name in ("active", "useUserJwt", "runExecutionAsProcess", "global"):
        if not isinstance(found[name], bool):
            raise BadRequest(f"{name}: true or false, not {found[name]!r}")
    if found["executionTimeout"] > 24 * 3600 or found["maxAttempts"] == 1:
        found["runtime"].setdefault("preemptible", False)
    for name in ("secrets", "integrations"):
        if not isinstance(found.get(name, []), list):
            raise BadRequest(f"{name}: a list is needed")
    return {key: value for key, value in found.items() if not (key in DROPPED_WHEN_EMPTY and value in (None, {}, []))}


def updated(service: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The service after an update with the whole entity or a part of it; what is read-only stays."""
    changes = {key: value for key, value in body.items() if key not in READ_ONLY}
    return {**with_defaults({**service, **changes}), **{key: service[key] for key in READ_ONLY if key in service}}


def _runtime(raw: object) -> dict[str, Any]:
    if raw is None:
        return dict(RUNTIME)
    if not isinstance(raw, Mapping):
        raise BadRequest("runtime: an object is needed")
    runtime = RUNTIME | {key: value for key, value in raw.items() if value is not None}
    _integer(runtime, "concurrency", 1, 1000, "runtime.")
    _integer(runtime, "numReplicas", 0, 1000, "runtime.")
    scaler = runtime.get("autoscaler")
    if scaler is None:
        return runtime
    if not isinstance(scaler, Mapping) or scaler.get("type") not in ("rabbitmq", "rps"):
        raise BadRequest("runtime.autoscaler.type: 'rabbitmq' or 'rps'")
    runtime["autoscaler"] = scaler = dict(scaler)
    _integer(scaler, "minReplicas", 0, 1000, "runtime.autoscaler.")
    _integer(scaler, "maxReplicas", 1, 1000, "runtime.autoscaler.")
    if scaler.get("minReplicas", 0) > scaler.get("maxReplicas", 1):
        raise BadRequest("runtime.autoscaler: minReplicas is larger than maxReplicas")
    return runtime


def _init_params(raw: object) -> dict[str, Any]:
    """By name; the SDK may send a list of ``{name, type, value}`` as well."""
    if isinstance(raw, Mapping):
        return dict(raw)
    if isinstance(raw, list) and all(isinstance(one, Mapping) and "name" in one for one in raw):
        return {str(one["name"]): one.get("value") for one in raw}
    raise BadRequest("initParams: an object by parameter name is needed")


def _seconds(found: dict[str, Any], name: str, least: int) -> None:
    _integer(found, name, least, MAX_SECONDS)


def _integer(found: dict[str, Any], name: str, least: int, most: int, prefix: str = "") -> None:
    value = found.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise BadRequest(f"{prefix}{name}: a whole number is needed, not {value!r}")
    if not least <= value <= most:
        raise BadRequest(f"{prefix}{name}: between {least} and {most}, not {value}")
    found[name] = int(value)
