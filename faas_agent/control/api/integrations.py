"""Integrations: named secrets of the organisation that services may use (ENDPOINTS 10). Values go in, never out.

Any person of the organisation may add one and lists them by name; its creator and the organisation's owners change it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from faas_agent.control import secrets
from faas_agent.control.api import access, service_control
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.orgs import fetch_org
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs import integration as specs
from faas_agent.ports.store.people import OF_ORGS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import INTEGRATIONS, SERVICES

router = APIRouter(prefix="/orgs/{org_id}", tags=["integrations"])

Reload = Annotated[bool, Query(alias="reloadServices")]


@router.post("/integrations")
def create(platform: PlatformDep, caller: CallerDep, org_id: str, body: Json) -> dict[str, Any]:
    """A new one. Its options are kept apart and do not come back."""
    kind = specs.check_type(body.get("type"))
    options = specs.check_options(kind, body.get("options"))
    integration_id, now = new_uuid(), platform.now()
    integration = {
        "id": integration_id,
        "name": specs.check_name(body.get("name")),
        "type": kind,
        "org": org_id,
        "orgId": org_id,
        "metadata": specs.check_metadata(body.get("metadata")),
        "creator": caller.email,
        "createdAt": now,
        "updatedAt": now,
        "url": f"{platform.gate_url}/orgs/{org_id}/integrations/{integration_id}",
    }
    with platform.store.write() as session:
        fetch_org(session, caller, org_id)
        session.documents(INTEGRATIONS).insert(integration)
        secrets.keep(session, integration_id, options)
    return integration


@router.get("/integrations")
@router.get("/availableIntegrations")
def list_all(platform: PlatformDep, caller: CallerDep, org_id: str) -> list[dict[str, Any]]:
    """All of the organisation, by name, without values."""
    with platform.store.read() as session:
        fetch_org(session, caller, org_id)
        return session.documents(INTEGRATIONS).find("name", org_id=org_id)


@router.get("/integrations/{integration_id}")
def get(platform: PlatformDep, caller: CallerDep, org_id: str, integration_id: str) -> dict[str, Any]:
    """One of them, without its values."""
    with platform.store.read() as session:
        return _fetch(session, caller, org_id, integration_id)


@router.patch("/integrations")
def update(
    platform: PlatformDep, caller: CallerDep, org_id: str, body: Json, *, reload: Reload = False
) -> dict[str, Any]:
    """Another name or other values. With ``reloadServices`` the services that use it restart, where the caller may."""
    integration_id = body.get("integrationId")
    if not isinstance(integration_id, str):
        raise BadRequest("integrationId: the id of the integration to change is needed")
    with platform.store.write() as session:
        integration = _fetch(session, caller, org_id, integration_id, change=True)
        if body.get("name") is not None:
            integration["name"] = specs.check_name(body["name"])
        if body.get("metadata") is not None:
            integration["metadata"] = specs.check_metadata(body["metadata"])
        if body.get("credentials") is not None:
            secrets.keep(session, integration_id, _options(integration["type"], body["credentials"]))
        integration["updatedAt"] = platform.now()
        session.documents(INTEGRATIONS).put(integration)
        using = _services_using(session, caller, integration_id) if reload else []
    for service_id in using:
        service_control.restart_service(platform, caller, service_id)
    return integration


@router.delete("/integrations/{integration_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, org_id: str, integration_id: str) -> None:
    """The integration with its values. What runs goes on with them; what starts from now on does not get them."""
    with platform.store.write() as session:
        _fetch(session, caller, org_id, integration_id, change=True)
        secrets.forget(session, integration_id)
        session.documents(INTEGRATIONS).delete(integration_id)


def _fetch(
    session: Session, caller: Caller, org_id: str, integration_id: str, *, change: bool = False
) -> dict[str, Any]:
    fetch_org(session, caller, org_id)
    found = session.documents(INTEGRATIONS).first(id=access.uuid_id(integration_id, "an integration"), org_id=org_id)
    if found is None:
        raise NotFound(f"integration {integration_id} does not exist in this organisation")
    owner = caller.is_admin or OF_ORGS.role(session, org_id, caller.email) == "owner"
    if change and not owner and found["creator"] != caller.email:
        raise Forbidden(f"only {found['creator']} and the owners of the organisation may change this integration")
    return found


def _options(kind: str, credentials: object) -> dict[str, Any]:
    if not isinstance(credentials, dict) or credentials.get("type") not in (None, kind):
        raise BadRequest(f"credentials: an object with 'options' is needed; the type stays {kind!r}")
    return specs.check_options(kind, credentials.get("options"))


def _services_using(session: Session, caller: Caller, integration_id: str) -> list[str]:
    """Ids of the active services that name it, in projects where the caller may restart them."""
    found = []
    for service in session.documents(SERVICES).find(active=True):
        named = [one.get("value") for one in service.get("integrations") or [] if isinstance(one, dict)]
        role = access.role_in(session, caller, service["projectId"])
        if integration_id in [*named, *(service.get("secrets") or [])] and role in ("owner", "engineer"):
            found.append(service["id"])
    return found
