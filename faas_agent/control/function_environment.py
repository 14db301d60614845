"""The variables that a service's secrets become in its functions (ENDPOINTS 10). Values leave towards its agent only.

Called when a service is written, to refuse what does not exist, and when a replica boots, to hand the values over.
Only integrations of the service's own organisation count. Never logs a value; nothing that answers a user calls
``environment_of``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from faas_agent.control import revisions, secrets
from faas_agent.errors import BadRequest
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import INTEGRATIONS

_VARIABLE = re.compile(r"[^=\0]+")


def environment_of(session: Session, service: Mapping[str, Any]) -> dict[str, str]:
    """Variable -> value, of the service's secrets and integrations and of the credentials of its git codebase.

    What has been deleted meanwhile is left out: the function then meets a variable that is not set.
    """
    found: dict[str, str] = {}
    named = [*_secrets(service), *_integrations(service), *_git(session, service)]
    for integration_id, key, variable in named:
        options = _options(session, service, integration_id)
        if options is not None:
            name = variable or str(options.get("key") or "")
            if _VARIABLE.fullmatch(name):
                found[name] = _value(options, key)
    return found


def check_integrations(session: Session, service: Mapping[str, Any]) -> None:
    """Refuse a service that names an integration its organisation does not have. Raises BadRequest."""
    for field, named in (("secrets", _secrets(service)), ("integrations", _integrations(service))):
        for integration_id, _, variable in named:
            if _integration(session, service, integration_id) is None:
                raise BadRequest(f"{field}: the organisation has no integration {integration_id[:60]!r}")
            if variable and not _VARIABLE.fullmatch(variable):
                raise BadRequest(f"{field}: {variable[:60]!r} is not the name of an environment variable")


Named = tuple[str, str, str]
"""An integration's id, which of its options, and the variable; the last two may be empty."""


def _secrets(service: Mapping[str, Any]) -> Iterator[Named]:
    for integration_id in service.get("secrets") or []:
        yield integration_id, "", ""


def _integrations(service: Mapping[str, Any]) -> Iterator[Named]:
    for one in service.get("integrations") or []:
        yield one["value"], one.get("key") or "", one.get("env") or ""


def _git(session: Session, service: Mapping[str, Any]) -> Iterator[Named]:
    codebase = revisions.of_service(session, service).get("codebase") or {}
    for one in (codebase.get("credentials") or {}).values():
        if one:
            yield one["id"], "", one["key"]


def _integration(session: Session, service: Mapping[str, Any], integration_id: str) -> dict[str, Any] | None:
    return session.documents(INTEGRATIONS).first(id=integration_id, org_id=service["orgId"])


def _options(session: Session, service: Mapping[str, Any], integration_id: str) -> dict[str, Any] | None:
    if _integration(session, service, integration_id) is None:
        return None
    return secrets.reveal(session, integration_id)


def _value(options: Mapping[str, Any], key: str) -> str:
    """The option that is named, the value of a ``key_value``, or all options as JSON."""
    value = options.get(key, options.get("value", dict(options))) if key else options.get("value", dict(options))
    return value if isinstance(value, str) else json.dumps(value)
