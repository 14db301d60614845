"""Packages and their revisions (ENDPOINTS 14). A push or an update adds a revision; none is ever changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import ColumnElement

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs.codebase import ItemCodebase, parse_codebase
from faas_agent.model.specs.names import check_name
from faas_agent.model.specs.package import check_modules, check_requirements, next_version
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ITEMS, PACKAGE_REVISIONS, PACKAGES, SERVICES

router = APIRouter(prefix="/packages", tags=["packages"])
Json = dict[str, Any]
CHANGEABLE = (
    "name", "modules", "codebase", "slots", "serviceConfig", "requirements", "metadata", "type", "global", "uiHooks",
    "panels",
)  # fmt: skip


@router.post("", status_code=201)
def create_package(platform: PlatformDep, caller: CallerDep, body: Json) -> Json:
    """The first revision of a package. 400 for a taken name, 409 for two inputs of one name."""
    project_id = access.uuid_id(str(body.get("projectId") or ""), "a project (projectId)")
    now, package_id = platform.now(), new_uuid()
    with platform.store.write() as session:
        access.require(session, caller, project_id, "engineer")
        package = {
            "id": package_id,
            "name": check_name("package", body.get("name")),
            "version": next_version("0.0.0", body.get("version") or "1.0.0"),
            "projectId": project_id,
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "updatedBy": caller.email,
            "url": f"{platform.gate_url}/packages/{package_id}",
            **_checked(session, project_id, {"type": "faas", "slots": [], "metadata": {}, **_given(body)}),
        }
        try:
            session.documents(PACKAGES).insert(package)
        except Taken:
            raise BadRequest(
                f"the project has a package {package['name']!r} already: push to it, or take another name"
            ) from None
        _add_revision(session, package)
    return package


@router.get("/{package_id}")
def get_package(platform: PlatformDep, caller: CallerDep, package_id: str) -> Json:
    """The latest revision."""
    with platform.store.read() as session:
        return fetch_package(session, caller, package_id)


@router.patch("/{package_id}")
def update_package(platform: PlatformDep, caller: CallerDep, package_id: str, body: Json) -> Json:
    """A new revision with what the caller sent; read-only fields are ignored."""
    with platform.store.write() as session:
        package = fetch_package(session, caller, package_id, "engineer")
        given = _given(body)
        if "name" in given:
            check_name("package", given["name"])
        package |= _checked(
            session, package["projectId"], {**{k: package[k] for k in CHANGEABLE if k in package}, **given}
        )
        version = next_version(package["version"], body.get("version"))
        package |= {"version": version, "updatedAt": platform.now(), "updatedBy": caller.email}
        try:
            session.documents(PACKAGES).put(package)
            _add_revision(session, package)
        except Taken:
            raise Conflict(f"the package has a revision {version} or the project that name already") from None
    return package


@router.get("/{package_id}/revisions")
def list_revisions(platform: PlatformDep, caller: CallerDep, package_id: str) -> list[Json]:
    """Every revision, newest first."""
    with platform.store.read() as session:
        fetch_package(session, caller, package_id)
        found = session.documents(PACKAGE_REVISIONS).find(package_id=package_id)
    newest = sorted(found, key=lambda revision: revision["id"], reverse=True)
    return [{**revision, "id": package_id} for revision in newest]


@router.delete("/{package_id}")
def delete_package(platform: PlatformDep, caller: CallerDep, package_id: str) -> Json:
    """The package and its revisions. 400 while services run it."""
    with platform.store.write() as session:
        fetch_package(session, caller, package_id, "engineer")
        users = session.documents(SERVICES).find(package_id=package_id)
        if users:
            names = ", ".join(service["name"] for service in users)
            raise BadRequest(f"the package is used by the services {names}: delete them first")
        remove_packages(session, PACKAGES.table.c.id == package_id)
    return {"id": package_id}


def remove_packages(session: Session, where: ColumnElement[bool]) -> None:
    """Packages and their revisions; ``where`` is about ``PACKAGES``."""
    ids = PACKAGES.table.select().with_only_columns(PACKAGES.table.c.id).where(where)
    session.documents(PACKAGE_REVISIONS).delete_many(PACKAGE_REVISIONS.table.c.package_id.in_(ids))
    session.documents(PACKAGES).delete_many(where)


def fetch_package(session: Session, caller: Caller, package_id: str, role: str = "annotator") -> Json:
    """A package the caller may see; a global one is everybody's to read."""
    access.uuid_id(package_id, "a package")
    found = session.documents(PACKAGES).get(package_id)
    if found is not None and found.get("global") and role == "annotator":
        return found
    return access.fetch(session, caller, PACKAGES, package_id, "the package", role)


def _given(body: Json) -> Json:
    return {key: body[key] for key in CHANGEABLE if body.get(key) is not None}


def _checked(session: Session, project_id: str, given: Json) -> Json:
    """What a caller may set, checked. Raises BadRequest and Conflict."""
    found = {"global": False, **given, "modules": check_modules(given.get("modules"))}
    if "requirements" in found:
        found["requirements"] = check_requirements(found["requirements"])
    if found.get("codebase") is not None:
        codebase = parse_codebase(found["codebase"])
        if isinstance(codebase, ItemCodebase):
            item = session.documents(ITEMS).get(codebase.item_id)
            if item is None or item.get("projectId") != project_id:
                raise BadRequest(f"codebase.itemId: the project has no item {codebase.item_id}: push the code again")
    return found


def _add_revision(session: Session, package: Json) -> None:
    revision = {**package, "id": new_revision_id(package), "packageId": package["id"]}
    session.documents(PACKAGE_REVISIONS).insert(revision)


def new_revision_id(package: Json) -> str:
    """Unique for the package and its version, so that a revision is written once."""
    return f"{package['id']}@{package['updatedAt']}@{package['version']}"
