"""The user's SDK: logged in before user code is imported, and asked for entities only where a function wants them.

Enters: the platform's url, the service's token, entity ids. Leaves: environment variables, a cookie file of this
replica's own, entities. dtlpy is imported on first need only; a service that never needs it never pays for it. The
user's ``~/.dataloop`` is not touched.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
from typing import Any, Dict, Optional, Tuple

from .wire import Frame

KINDS: Dict[str, Tuple[str, str]] = {
    "Dataset": ("datasets", "dataset_id"),
    "Item": ("items", "item_id"),
    "Annotation": ("annotations", "annotation_id"),
    "Execution": ("executions", "execution_id"),
    "Task": ("tasks", "task_id"),
    "Assignment": ("assignments", "assignment_id"),
    "Service": ("services", "service_id"),
    "Package": ("packages", "package_id"),
    "Project": ("projects", "project_id"),
    "Recipe": ("recipes", "recipe_id"),
    "Model": ("models", "model_id"),
    "Pipeline": ("pipelines", "pipeline_id"),
}
"""Type -> the SDK's repository of it, and the name of its id there and on the wire (ENDPOINTS 14)."""

REFUSED = frozenset({"400", "401", "403", "404"})
"""Statuses, as the SDK has them, that mean a wrong id or one of somebody else. Any other is not the caller's fault."""


def log_in(login: Frame, folder: str) -> None:
    """Makes ``import dtlpy`` find itself registered and logged in: the SDK reads both from its cookie file.

    ``folder`` is where that file goes unless ``DATALOOP_PATH`` says so already. Where the agent offers fresh tokens
    (``AGENT_PROXY_MAIN_PORT``), the SDK is told to renew from there.
    """
    os.environ["DTLPY_CUSTOM_ENV"] = login["custom_env"]
    os.environ.setdefault("DATALOOP_PATH", folder)
    if "AGENT_PROXY_MAIN_PORT" in os.environ:
        os.environ.setdefault("DTLPY_REFRESH_TOKEN_METHOD", "proxy")
    path = os.path.join(os.environ["DATALOOP_PATH"], "cookie.json")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(cookie(login), file)


def cookie(login: Frame) -> Frame:
    """What the SDK would have written after ``setenv`` and a login."""
    url = login["environment"]
    custom = json.loads(base64.b64decode(login["custom_env"]))
    known = {"alias": "custom", "verify_ssl": True, **custom.get(url, {})}
    if isinstance(known["verify_ssl"], str):
        known["verify_ssl"] = known["verify_ssl"].lower() == "true"
    return {"url": url, "login_parameters": {url: {**known, "token": login["token"], "refresh_token": None}}}


def module() -> Any:
    """dtlpy. Raises ImportError where the environment has none."""
    return importlib.import_module("dtlpy")


def entity(kind: str, wire: Frame) -> Any:
    """An entity from its wire form, without a call; the wire form itself where there is no SDK."""
    try:
        dl = module()
    except ImportError:
        return wire
    extra = {"project": None} if kind in {"Service", "Package", "Execution"} else {}
    return getattr(dl, kind).from_json(_json=wire, client_api=dl.client_api, **extra)


def fetch(kind: str, value: Any) -> Any:
    """One entity, read as the service's bot. Raises LookupError with a sentence when it cannot be."""
    repository, name = KINDS[kind]
    entity_id = id_of(kind, value)
    if entity_id is None:
        raise LookupError(f"give the {kind.lower()}'s id, or an object with {name!r}, not {shown(value)}")
    dl = module()
    try:
        found = getattr(dl, repository).get(**{name: entity_id})
    except Exception as error:
        if getattr(error, "status_code", None) not in REFUSED:
            raise
        said = getattr(error, "message", error)
        raise LookupError(f"the service cannot read {kind.lower()} {entity_id!r}: {said}") from None
    if found is None:
        raise LookupError(f"there is no {kind.lower()} {entity_id!r} that the service may read")
    return found


def id_of(kind: str, value: Any) -> Optional[str]:
    """The id in ``"5f..."`` or ``{"item_id": "5f...", "dataset_id": ...}``; None when there is none."""
    if isinstance(value, dict):
        value = value.get(KINDS[kind][1], value.get("id"))
    return value if isinstance(value, str) and value else None


def shown(value: Any) -> str:
    """A value in a message: short, and as its sender wrote it."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 80 else text[:77] + "..."
