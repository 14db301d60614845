"""A service: one module of one revision with a runtime (ENDPOINTS 15). Pure.

Enters: the JSON of a deploy or an update. Leaves: the whole document with every default filled in. Raises BadRequest
naming the field. Keys nobody knows are kept: the SDK sends back everything it was given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.runtime import check_runtime, integer
from faas_agent.model.specs.values import show

MAX_SECONDS = 30 * 24 * 3600
LONG_SECONDS = 3600
"""An execution that may take longer than this is not put where the machine may be taken away."""
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
    "global": False,
    "type": "regular",
    "mode": {"type": "regular"},
    "archive": False,
}
READ_ONLY = frozenset(
    {"id", "projectId", "packageId", "orgId", "version", "creator", "createdAt", "updatedAt", "updatedBy", "url"}
    | {"botUserName", "crashloop"}
)
DROPPED_WHEN_EMPTY = frozenset(
    {"metadata", "secrets", "integrations", "queueLengthLimit", "config", "settings", "app", "panels", "scope"}
)
"""Keys the SDK leaves out of its own JSON when they are empty; callers compare the two (ENDPOINTS 15)."""
_TYPES: dict[str, tuple[type, str]] = {
    "moduleName": (str, "a text"),
    "driverId": (str, "a text"),
    "type": (str, "a text"),
    "versions": (dict, 'an object such as {"dtlpy": "1.126.5"}'),
    "mode": (dict, "an object"),
    "metadata": (dict, "an object"),
    **dict.fromkeys(("active", "useUserJwt", "runExecutionAsProcess", "global", "archive"), (bool, "true or false")),
}
_SDK_VERSION = re.compile(r"\d+(\.\w+){1,4}")


def with_defaults(body: Mapping[str, Any]) -> dict[str, Any]:
    """A service's own settings, checked; a null takes the default."""
    found = DEFAULTS | {key: value for key, value in body.items() if value is not None}
    for name, (kind, words) in _TYPES.items():
        if found.get(name) is not None and not isinstance(found[name], kind):
            raise BadRequest(f"{name}: {words} is needed, not {show(found[name])}")
    found["initParams"] = _init_params(found["initParams"])
    integer(found, "executionTimeout", 1, MAX_SECONDS)
    integer(found, "drainTime", 0, MAX_SECONDS)
    integer(found, "maxAttempts", 1, 1000)
    integer(found, "queueLengthLimit", 0, 10_000_000)
    if found["onReset"] not in ("failed", "rerun"):
        raise BadRequest(f"onReset: 'failed' or 'rerun', not {show(found['onReset'])}")
    found["runtime"] = check_runtime(found.get("runtime"))
    if found["executionTimeout"] > LONG_SECONDS or found["maxAttempts"] == 1:
        found["runtime"]["preemptible"] = False
    _check_sdk(found["versions"].get("dtlpy"))
    _check_secrets(found)
    return {key: value for key, value in found.items() if not (key in DROPPED_WHEN_EMPTY and value in (None, {}, []))}


def updated(service: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The service after an update with the whole entity or a part of it; what is read-only stays."""
    changes = {key: value for key, value in body.items() if key not in READ_ONLY}
    if changes.get("name") is None:
        changes["name"] = service["name"]
    return {**with_defaults({**service, **changes}), **{key: service[key] for key in READ_ONLY if key in service}}


def _init_params(raw: object) -> dict[str, Any]:
    """By name; the SDK may send a list of ``{name, type, value}`` as well."""
    if isinstance(raw, Mapping):
        return dict(raw)
    if isinstance(raw, list) and all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in raw):
        return {one["name"]: one.get("value") for one in raw}
    raise BadRequest("initParams: an object by parameter name is needed")


def _check_sdk(version: object) -> None:
    """The version becomes a requirement of the runner's environment."""
    if version is not None and not (isinstance(version, str) and _SDK_VERSION.fullmatch(version)):
        raise BadRequest(f"versions.dtlpy: a version such as 1.126.5 is needed, not {show(version)}")


def _check_secrets(found: Mapping[str, Any]) -> None:
    """``secrets`` are ids of integrations, ``integrations`` objects that hold one as their ``value``."""
    secrets, integrations = found.get("secrets", []), found.get("integrations", [])
    if not isinstance(secrets, list) or not all(isinstance(one, str) for one in secrets):
        raise BadRequest("secrets: a list of ids of integrations is needed")
    if not isinstance(integrations, list):
        raise BadRequest("integrations: a list is needed")
    for number, one in enumerate(integrations):
        if not isinstance(one, Mapping) or not isinstance(one.get("value"), str):
            raise BadRequest(f"integrations[{number}].value: the id of an integration is needed")
        if not isinstance(one.get("env") or "", str) or not isinstance(one.get("key") or "", str):
            raise BadRequest(f"integrations[{number}]: key and env are texts")
