"""Projects: what everything else belongs to (ENDPOINTS 3). Names are unique on the platform and free again at once.

A project is born with its Binaries dataset, one bot, and its creator as owner. Deleting it deletes what is in it, in
one transaction.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.control.api.bots import create_bot
from faas_agent.control.api.datasets import create_binaries
from faas_agent.control.api.orgs import fetch_org, home
from faas_agent.control.api.project_removal import remove_project
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs.names import check_project_name
from faas_agent.ports.store.documents import Taken
from faas_agent.ports.store.people import OF_PROJECTS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PROJECTS

router = APIRouter(tags=["projects"])

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
_BODY = {
    "requestBody": {"required": True, "content": {kind: {"schema": _NAME} for kind in (*_FORMS, "application/json")}}
}


async def sent_name(request: Request) -> str:
    """The name of a new project: from a form, as the SDK sends it, or from JSON."""
    try:
        return check_project_name(await _name(request))
    except BadRequest as error:
        raise BadRequest(f"Failed to create project: {error.message}") from None


async def _name(request: Request) -> object:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        async with request.form() as form:
            return form.get("name")
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadRequest("send its name, as a form or as a JSON object")
    return body.get("name")


@router.post("/projects", openapi_extra=_BODY)
def create(platform: PlatformDep, caller: CallerDep, name: Annotated[str, Depends(sent_name)]) -> dict[str, Any]:
    """A new project, with what every push needs already in it."""
    if caller.kind != "user":
        raise Forbidden("a bot cannot create projects: log in as a person")
    project_id, now = new_uuid(), platform.now()
    with platform.store.write() as session:
        org = home(session)
        project: dict[str, Any] = {
            "id": project_id,
            "name": name,
            "creator": caller.email,
            "createdAt": now,
            "updatedAt": now,
            "org": {"id": org["id"], "name": org["name"]},
            "account": org.get("account"),
            "isBlocked": False,
            "archived": False,
            "featureConstraints": [],
            "systemProject": False,
            "url": f"{platform.gate_url}/projects/{project_id}",
        }
        try:
            session.documents(PROJECTS).insert(project)
        except Taken:
            raise BadRequest(f"Failed to create project: the name {name!r} is taken, choose another") from None
        OF_PROJECTS.add(session, project_id, caller.email, "owner")
        create_bot(session, platform, project_id, name)
        create_binaries(session, platform, project_id, caller.email)
        return _wire(session, caller, [project])[0]


@router.get("/projects")
def list_projects(platform: PlatformDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's projects; an admin's are all."""
    with platform.store.read() as session:
        return _visible(session, caller)


@router.get("/orgs/{org_id}/projects")
def list_of_org(platform: PlatformDep, caller: CallerDep, org_id: str) -> list[dict[str, Any]]:
    """The caller's projects in an organisation."""
    with platform.store.read() as session:
        fetch_org(session, caller, org_id)
        return _visible(session, caller)


@router.get("/projects/{name:path}/name")
def get_by_name(platform: PlatformDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    """An array with the project of that name, for its members."""
    with platform.store.read() as session:
        project = session.documents(PROJECTS).first(name=name)
        if project is None or access.role_in(session, caller, project["id"]) is None:
            raise NotFound(f"project {name[:100]!r} does not exist, or you are not a member of it")
        return _wire(session, caller, [project])


@router.get("/projects/{project_id}")
def get(platform: PlatformDep, caller: CallerDep, project_id: str) -> dict[str, Any]:
    """One project, for its members."""
    with platform.store.read() as session:
        return _wire(session, caller, [access.fetch_project(session, caller, project_id)])[0]


@router.patch("/projects/{project_id}")
def update(platform: PlatformDep, caller: CallerDep, project_id: str, body: Json) -> dict[str, Any]:
    """Another name; every other field of a whole project is ignored."""
    with platform.store.write() as session:
        project = access.fetch_project(session, caller, project_id, "owner")
        if body.get("name") not in (None, project["name"]):
            project |= {"name": check_project_name(body["name"]), "updatedAt": platform.now()}
            try:
                session.documents(PROJECTS).put(project)
            except Taken:
                raise BadRequest(f"the name {project['name']!r} is taken, choose another") from None
        return _wire(session, caller, [project])[0]


@router.delete("/projects/{project_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, project_id: str) -> None:
    """The project with everything in it; its name is free at once."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "owner")
        remove_project(session, platform, project_id)


@router.post("/projects/{project_id}/mail", status_code=400)
def send_mail(platform: PlatformDep, caller: CallerDep, project_id: str) -> None:
    """Refused: the platform has no mail server."""
    with platform.store.read() as session:
        access.fetch_project(session, caller, project_id)
    raise BadRequest("this platform sends no mail: use a trigger or a webhook of your own instead")


def _visible(session: Session, caller: Caller) -> list[dict[str, Any]]:
    mine = set(access.visible_projects(session, caller))
    return _wire(session, caller, [one for one in session.documents(PROJECTS).find("name") if one["id"] in mine])


def _wire(session: Session, caller: Caller, projects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With people and the caller's own role: every field the client's lazy project looks for."""
    people = OF_PROJECTS.users(session, [project["id"] for project in projects])
    return [
        project | {"contributors": people[project["id"]], "role": access.role_in(session, caller, project["id"])}
        for project in projects
    ]
