"""Settings as a resource (ENDPOINTS 20): kept and given back; nothing on the platform acts on them.

Who may read or write one follows from its scope: a person's are their own, a project's are its members'.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.orgs import fetch_org, home
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.model.specs.filters import parse_query
from faas_agent.model.specs.setting import check_setting
from faas_agent.ports.store.people import OF_ORGS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS, SETTINGS

router = APIRouter(prefix="/settings", tags=["settings"])

ASKED = ("userId", "orgId", "projectId", "datasetId", "taskId")


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A new setting; a name is there once in a scope."""
    setting = check_setting(body) | {"id": platform.new_id(), "creator": caller.email, "createdAt": platform.now()}
    with platform.store.write() as session:
        _require(session, caller, setting["scope"], "engineer")
        if session.documents(SETTINGS).count(name=setting["name"], scope_id=setting["scope"]["id"]):
            raise BadRequest(f"settings already exist: {setting['name']!r} is there in this scope, update it instead")
        session.documents(SETTINGS).insert(setting)
    return setting


@router.post("/query")
def query(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, object]:
    """A page of the settings the caller may see."""
    with platform.store.read() as session:
        scopes = _visible_scopes(session, caller)
        return session.documents(SETTINGS).query(parse_query(body), {"scope_id": scopes}).to_wire()


@router.post("/resolve")
def resolve(platform: PlatformDep, caller: CallerDep, body: Json) -> list[dict[str, Any]]:
    """Those of the named scopes that the caller may see."""
    asked = [body[name] for name in ASKED if isinstance(body.get(name), str)]
    with platform.store.read() as session:
        scopes = [scope for scope in _visible_scopes(session, caller) if scope in asked]
        return [one for scope in scopes for one in session.documents(SETTINGS).find(scope_id=scope)]


@router.get("/{setting_id}")
def get(platform: PlatformDep, caller: CallerDep, setting_id: str) -> dict[str, Any]:
    """One setting."""
    with platform.store.read() as session:
        return _fetch(session, caller, setting_id, "annotator")


@router.patch("/{setting_id}")
def update(platform: PlatformDep, caller: CallerDep, setting_id: str, body: Json) -> dict[str, Any]:
    """Any field but name and scope."""
    with platform.store.write() as session:
        setting = _fetch(session, caller, setting_id, "engineer")
        changed = setting | check_setting(setting | body | {"name": setting["name"], "scope": setting["scope"]})
        session.documents(SETTINGS).put(changed)
        return changed


@router.delete("/{setting_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, setting_id: str) -> None:
    """The setting."""
    with platform.store.write() as session:
        _fetch(session, caller, setting_id, "engineer")
        session.documents(SETTINGS).delete(setting_id)


def _fetch(session: Session, caller: Caller, setting_id: str, role: str) -> dict[str, Any]:
    found = session.documents(SETTINGS).get(access.object_id(setting_id, "a setting"))
    if found is None:
        raise NotFound(f"setting {setting_id} does not exist")
    _require(session, caller, found["scope"], role)
    return found


def _require(session: Session, caller: Caller, scope: dict[str, Any], role: str) -> None:
    match scope["type"]:
        case "project":
            access.fetch_project(session, caller, scope["id"], role)
        case "dataset":
            access.fetch(session, caller, DATASETS, access.object_id(scope["id"], "a dataset"), "dataset", role)
        case "org":
            fetch_org(session, caller, scope["id"], *(("owner", "admin") if role != "annotator" else ()))
        case "user" if scope["id"] == caller.email:
            pass
        case _ if not caller.is_admin:
            raise Forbidden("this setting is not yours: a person's settings are their own, the platform's the admins'")


def _visible_scopes(session: Session, caller: Caller) -> list[str]:
    """Ids of the scopes whose settings the caller reads: their own, and those of what they belong to."""
    projects = access.visible_projects(session, caller)
    datasets = [one["id"] for project in projects for one in session.documents(DATASETS).find(project_id=project)]
    org_id = home(session)["id"]
    belongs = caller.is_admin or OF_ORGS.role(session, org_id, caller.email) is not None
    return [caller.email, *([org_id] if belongs else []), *projects, *datasets]
