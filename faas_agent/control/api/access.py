"""What a caller may do in a project: roles, and the fetch that checks them.

Every handler that touches a project's entity gets it through here, so that "another project's id" is answered alike
everywhere: malformed 400, unknown 404, not yours 403.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from faas_agent.control.api.auth import Caller
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.model.ids import is_object_id, is_uuid
from faas_agent.model.specs.filters import Query
from faas_agent.ports.store.documents import DocumentTable
from faas_agent.ports.store.people import OF_PROJECTS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PROJECTS

ROLES = ("annotator", "annotationManager", "engineer", "owner")
"""From least to most. ``engineer`` is what the console calls developer (ENDPOINTS 3)."""


def role_in(session: Session, caller: Caller, project_id: str) -> str | None:
    """The caller's role in a project; None for an outsider. A bot is an engineer of its own project only."""
    if caller.is_admin:
        return "owner" if session.documents(PROJECTS).count(id=project_id) else None
    if caller.kind != "user":
        return "engineer" if caller.project_id == project_id else None
    return OF_PROJECTS.role(session, project_id, caller.email)


def require(session: Session, caller: Caller, project_id: str, role: str = "annotator") -> None:
    """Raises Forbidden unless the caller has at least that role in the project, NotFound when there is none."""
    found = role_in(session, caller, project_id)
    if found is None and not session.documents(PROJECTS).count(id=project_id):
        raise NotFound(f"project {project_id} does not exist")
    if found is None:
        raise Forbidden("you are not a member of this project: ask one of its owners to add you")
    if ROLES.index(found) < ROLES.index(role):
        raise Forbidden(f"this takes the role {role!r} in the project, yours is {found!r}")


def require_to_share(caller: Caller, wanted: bool) -> None:
    """Raises Forbidden when somebody else than an admin makes a package or service ``global``: everybody's."""
    if wanted and not caller.is_admin:
        raise Forbidden("global: only an administrator of the platform may share something with every project")


def visible_projects(session: Session, caller: Caller, wanted: Iterable[str] | None = None) -> list[str]:
    """Ids of the projects a caller may read; only those among ``wanted`` when given. Unknown ones are left out."""
    if caller.is_admin:
        found = session.documents(PROJECTS).ids(Query(), {})
    elif caller.kind != "user":
        found = [caller.project_id] if caller.project_id else []
    else:
        found = OF_PROJECTS.places(session, caller.email)
    mine = [project for project in found if project is not None]
    return mine if wanted is None else [project for project in mine if project in set(wanted)]


def object_id(text: str, what: str) -> str:
    """The id itself when it has the form of one (24 hex digits). Raises BadRequest naming what it should be of."""
    if not is_object_id(text):
        raise BadRequest(f"{text[:60]!r} is not the id of {what}: an id has 24 hexadecimal digits")
    return text


def uuid_id(text: str, what: str) -> str:
    """The id itself when it is a UUID. Raises BadRequest naming what it should be of."""
    if not is_uuid(text):
        raise BadRequest(f"{text[:60]!r} is not the id of {what}: an id is a UUID")
    return text


def fetch_project(session: Session, caller: Caller, project_id: str, role: str = "annotator") -> dict[str, Any]:
    """A project for a caller with that role. Raises BadRequest, NotFound and Forbidden."""
    project = session.documents(PROJECTS).get(uuid_id(project_id, "a project"))
    if project is None:
        raise NotFound(f"project {project_id} does not exist")
    require(session, caller, project_id, role)
    return project


def fetch(
    session: Session, caller: Caller, table: DocumentTable, entity_id: str, what: str, role: str = "annotator"
) -> dict[str, Any]:
    """An entity with a ``projectId``, for a caller with that role. Raises NotFound and Forbidden."""
    found = session.documents(table).get(entity_id)
    if found is None:
        raise NotFound(f"{what} {entity_id} does not exist")
    require(session, caller, found["projectId"], role)
    return found
