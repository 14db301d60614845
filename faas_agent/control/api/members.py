"""Members of a project and their roles (ENDPOINTS 3). Owners change them; the last owner stays one.

An e-mail that nobody here has yet becomes a user who cannot log in until an admin sets a password (``POST /users``).
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from faas_agent.control.api import access
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bots import delete_bot, refuse_while_serving
from faas_agent.control.api.orgs import join
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs.user import check_email
from faas_agent.ports.store.people import OF_PROJECTS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import USERS

router = APIRouter(prefix="/projects/{project_id}/members", tags=["projects"])

Role = Literal["owner", "engineer", "annotator", "annotationManager"]


class MemberRole(BaseModel):
    """What a member may do."""

    role: Role = "engineer"


@router.get("")
def list_members(platform: PlatformDep, caller: CallerDep, project_id: str) -> list[dict[str, Any]]:
    """The project's people; its bots are listed as bots."""
    with platform.store.read() as session:
        access.fetch_project(session, caller, project_id)
        return OF_PROJECTS.users(session, [project_id])[project_id]


@router.post("/{email}")
def add(
    platform: PlatformDep, caller: CallerDep, project_id: str, email: str, body: MemberRole | None = None
) -> dict[str, Any]:
    """Take somebody in, or change the role of who is in already."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "owner")
        join(session, check_email(email), platform.now())
        role = (body or MemberRole()).role
        if OF_PROJECTS.role(session, project_id, email) is None:
            OF_PROJECTS.add(session, project_id, email, role)
            return _user(session, email, role)
        return _change(session, project_id, email, role)


@router.patch("/{email}")
def update(platform: PlatformDep, caller: CallerDep, project_id: str, email: str, body: MemberRole) -> dict[str, Any]:
    """Give a member another role."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "owner")
        return _change(session, project_id, email, body.role)


@router.delete("/{email}")
def remove(platform: PlatformDep, caller: CallerDep, project_id: str, email: str) -> dict[str, Any]:
    """Let a member go, or delete a bot, that runs no active service. Answers with the user as it was."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "owner")
        user = session.documents(USERS).first(email=email)
        if user is not None and user.get("projectId") == project_id:
            delete_bot(session, project_id, email)
            return user
        role = _must_have_role(session, project_id, email)
        refuse_while_serving(session, project_id, email)
        _refuse_last_owner(session, project_id, email, role)
        OF_PROJECTS.remove(session, project_id, email)
        return _user(session, email, role)


def _change(session: Session, project_id: str, email: str, role: Role) -> dict[str, Any]:
    before = _must_have_role(session, project_id, email)
    if role != "owner":
        _refuse_last_owner(session, project_id, email, before)
    OF_PROJECTS.change(session, project_id, email, role)
    return _user(session, email, role)


def _must_have_role(session: Session, project_id: str, email: str) -> str:
    role = OF_PROJECTS.role(session, project_id, email)
    if role is None:
        raise NotFound(f"{email[:60]!r} is not a member of this project")
    return role


def _refuse_last_owner(session: Session, project_id: str, email: str, role: str) -> None:
    if role == "owner" and OF_PROJECTS.count(session, project_id, "owner") == 1:
        raise BadRequest(f"{email} is the last owner of the project: make somebody else one first")


def _user(session: Session, email: str, role: str) -> dict[str, Any]:
    return (session.documents(USERS).get(email) or {}) | {"role": role}
