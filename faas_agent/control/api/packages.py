"""Packages and their revisions (ENDPOINTS 14). A push or an update adds a revision; none is ever changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from faas_agent.control import revisions
from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs.codebase import ItemCodebase, parse_codebase, with_type
from faas_agent.model.specs.names import check_name
from faas_agent.model.specs.package import check_package
from faas_agent.model.specs.version import first_version, next_version
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ITEMS, PACKAGES, SERVICES

router = APIRouter(prefix="/packages", tags=["packages"])
Package = dict[str, Any]
CHANGEABLE = (
    "name", "modules", "codebase", "slots", "serviceConfig", "requirements", "metadata", "type", "global", "uiHooks",
    "panels",
)  # fmt: skip


@router.post("", status_code=201)
def create_package(platform: PlatformDep, caller: CallerDep, body: Json) -> Package:
    """The first revision of a package. 400 for a taken name, 409 for two inputs of one name."""
    project_id = access.uuid_id(str(body.get("projectId") or ""), "a project (projectId)")
    now, package_id = platform.now(), new_uuid()
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "engineer")
        package = {
            "id": package_id,
            "name": check_name("package", body.get("name")),
            "version": first_version(body.get("version")),
            "projectId": project_id,
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "updatedBy": caller.email,
            "url": f"{platform.gate_url}/packages/{package_id}",
            **_checked(session, project_id, {"type": "faas", "slots": [], "metadata": {}, **_given(body)}),
        }
        access.require_to_share(caller, package["global"])
        try:
            session.documents(PACKAGES).insert(package)
        except Taken:
            raise BadRequest(
                f"the project has a package {package['name']!r} already: push to it, or take another name"
            ) from None
        revisions.add(session, platform, package)
    return package


@router.get("/{package_id}")
def get_package(platform: PlatformDep, caller: CallerDep, package_id: str) -> Package:
    """The latest revision."""
    with platform.store.read() as session:
        return fetch_package(session, caller, package_id)


@router.patch("/{package_id}")
def update_package(platform: PlatformDep, caller: CallerDep, package_id: str, body: Json) -> Package:
    """A new revision with what the caller sent; read-only fields are ignored."""
    with platform.store.write() as session:
        before = fetch_package(session, caller, package_id, "engineer")
        kept = {key: before[key] for key in CHANGEABLE if key in before}
        package = before | _checked(session, before["projectId"], kept | _given(body))
        check_name("package", package["name"])
        access.require_to_share(caller, package["global"] and not before["global"])
        version = next_version(before["version"], body.get("version"))
        package |= {"version": version, "updatedAt": platform.now(), "updatedBy": caller.email}
        try:
            session.documents(PACKAGES).put(package)
        except Taken:
            raise Conflict(f"name: the project has another package {package['name']!r}") from None
        revisions.add(session, platform, package)
    return package


@router.get("/{package_id}/revisions")
def list_revisions(platform: PlatformDep, caller: CallerDep, package_id: str) -> list[Package]:
    """Every revision, newest first."""
    with platform.store.read() as session:
        fetch_package(session, caller, package_id)
        return revisions.newest_first(session, package_id)


@router.delete("/{package_id}")
def delete_package(platform: PlatformDep, caller: CallerDep, package_id: str) -> dict[str, str]:
    """The package and its revisions. 400 while services run it."""
    with platform.store.write() as session:
        fetch_package(session, caller, package_id, "engineer")
        users = session.documents(SERVICES).find(package_id=package_id)
        if users:
            names = ", ".join(service["name"] for service in users)
            raise BadRequest(f"the package is used by the services {names}: delete them first")
        remove_package(session, package_id)
    return {"id": package_id}


def remove_package(session: Session, package_id: str) -> None:
    """A package and its revisions."""
    revisions.forget(session, package_id)
    session.documents(PACKAGES).delete(package_id)


def fetch_package(session: Session, caller: Caller, package_id: str, role: str = "annotator") -> Package:
    """A package the caller may see; a global one is everybody's to read."""
    access.uuid_id(package_id, "a package")
    found = session.documents(PACKAGES).get(package_id)
    if found is not None and found.get("global") and role == "annotator":
        return found
    return access.fetch(session, caller, PACKAGES, package_id, "the package", role)


def _given(body: Package) -> Package:
    return {key: body[key] for key in CHANGEABLE if body.get(key) is not None}


def _checked(session: Session, project_id: str, given: Package) -> Package:
    """What a caller may set, checked. Raises BadRequest and Conflict."""
    found = check_package(given)
    if found.get("codebase") is not None:
        found["codebase"] = with_type(found["codebase"])
        codebase = parse_codebase(found["codebase"])
        if isinstance(codebase, ItemCodebase):
            item = session.documents(ITEMS).get(codebase.item_id)
            if item is None or item.get("projectId") != project_id:
                raise BadRequest(f"codebase.itemId: the project has no item {codebase.item_id}: push the code again")
    return found
