"""People who may log in: made by an admin, changed by themselves. ``GET /users/me`` is in ``tokens.py``.

Not on the SDK's wire: there accounts are made in the console. A password goes in and never comes out.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep, check_password, hash_password
from faas_agent.control.api.orgs import join
from faas_agent.errors import BadRequest, Conflict, Forbidden, NotFound
from faas_agent.model.specs.user import check_email, check_new_password
from faas_agent.ports.store import people
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import PROJECTS, USERS

router = APIRouter(prefix="/users", tags=["users"])


class NewUser(BaseModel):
    """Who, and the password to log in with."""

    email: str
    password: str


class NewPassword(BaseModel):
    """The new one; the current one too, unless an admin sets it for somebody else."""

    password: str
    currentPassword: str = ""  # noqa: N815 - the spelling of the wire


@router.post("", status_code=201)
def create(platform: PlatformDep, caller: CallerDep, body: NewUser) -> dict[str, Any]:
    """A user who can log in; one who was only invited so far can from now on. For admins."""
    _require_admin(caller)
    email, password = check_email(body.email), check_new_password(body.password)
    with platform.store.write() as session:
        join(session, email, platform.now())
        if people.password_hash(session, email) is not None or _user(session, email)["type"] == "bot":
            raise Conflict(f"{email} is known here already: PATCH /users/{email} sets another password")
        people.set_password_hash(session, email, hash_password(password))
        return _user(session, email)


@router.get("")
def list_users(platform: PlatformDep, caller: CallerDep) -> list[dict[str, Any]]:
    """All people. For admins."""
    _require_admin(caller)
    with platform.store.read() as session:
        return session.documents(USERS).find("email", type="user")


@router.patch("/{email}")
def set_password(platform: PlatformDep, caller: CallerDep, email: str, body: NewPassword) -> dict[str, Any]:
    """Change one's own password, or as an admin that of somebody else."""
    password = check_new_password(body.password)
    if caller.kind != "user" or (caller.email != email and not caller.is_admin):
        raise Forbidden("you can change your own password only: ask an admin to change this one")
    with platform.store.write() as session:
        user = _user(session, email)
        if caller.email == email:
            check_password(session, email, body.currentPassword)
        people.set_password_hash(session, email, hash_password(password))
        return user


@router.delete("/{email}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, email: str) -> None:
    """Take somebody out of every project and refuse their tokens from now on. For admins."""
    _require_admin(caller)
    if caller.email == email:
        raise BadRequest("you cannot delete yourself: ask another admin")
    with platform.store.write() as session:
        if _user(session, email)["type"] == "bot":
            raise BadRequest(f"{email} is a bot: delete it in its project")
        alone = _owned_alone(session, email)
        if alone:
            raise BadRequest(
                f"{email} is the last owner of {alone[0]!r}: make somebody else one, or delete the project"
            )
        people.OF_PROJECTS.remove_everywhere(session, email)
        people.OF_ORGS.remove_everywhere(session, email)
        people.forget_password(session, email)
        session.documents(USERS).delete(email)


def _require_admin(caller: Caller) -> None:
    if not caller.is_admin or caller.kind != "user":
        raise Forbidden("this takes an admin of the platform")


def _user(session: Session, email: str) -> dict[str, Any]:
    found = session.documents(USERS).first(email=email)
    if found is None:
        raise NotFound(f"user {email[:60]!r} does not exist")
    return found


def _owned_alone(session: Session, email: str) -> list[str]:
    """Names of the projects with no other owner."""
    owned = people.OF_PROJECTS.places(session, email, "owner")
    alone = [project for project in owned if people.OF_PROJECTS.count(session, project, "owner") == 1]
    return [found["name"] for project in alone if (found := session.documents(PROJECTS).get(project)) is not None]
