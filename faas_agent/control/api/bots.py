"""Bots: the identities services act as (ENDPOINTS 9). A project is born with one; it goes with its project.

Also called where a service is deployed (``chosen_bot``) and where a project is made or removed.
"""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from faas_agent.control.api import access
from faas_agent.control.api.auth import CallerDep, PlatformDep, hash_password
from faas_agent.control.api.orgs import home
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs import user as users
from faas_agent.model.specs.values import show
from faas_agent.ports.store import people
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICES, USERS

router = APIRouter(prefix="/projects/{project_id}/bots", tags=["bots"])


class NewBot(BaseModel):
    """A name to know it by, and whether a password is wanted to log in as it."""

    name: str = Field(min_length=1, max_length=255)
    returnCredentials: bool = False  # noqa: N815 - the wire's name


def create_bot(session: Session, platform: Platform, project_id: str, name: str) -> dict[str, Any]:
    """A bot of that project, which nobody can log in as."""
    email = f"bot-{secrets.token_hex(4)}@bot.faas.local"
    made = users.bot(email, name, project_id, home(session)["id"], platform.now())
    session.documents(USERS).insert(made)
    return made


def project_bot(session: Session, project_id: str) -> str:
    """The e-mail of the bot a new service of that project acts as: the oldest."""
    found = session.documents(USERS).first("created_at", project_id=project_id, type="bot")
    if found is None:
        raise BadRequest("the project has no bot left for a service to act as: create one (POST /projects/{id}/bots)")
    return str(found["email"])


def chosen_bot(session: Session, project_id: str, email: object) -> str:
    """The bot that older SDKs name in a deploy, or the project's own where none is named. Raises BadRequest."""
    if not email:
        return project_bot(session, project_id)
    if not isinstance(email, str) or not session.documents(USERS).first(email=email, project_id=project_id, type="bot"):
        raise BadRequest(f"botUserName: {show(email)} is no bot of this project: create one, or leave botUserName out")
    return email


def delete_bots_of(session: Session, project_id: str) -> None:
    """All bots of a project that goes."""
    for found in session.documents(USERS).find(project_id=project_id, type="bot"):
        _delete(session, found["email"])


def refuse_while_serving(session: Session, project_id: str, email: str) -> None:
    """Raises BadRequest when an active service of the project acts as that user."""
    service = session.documents(SERVICES).first(project_id=project_id, bot=email, active=True)
    if service is not None:
        raise BadRequest(f"{email} runs the active service {service['name']!r}: pause or delete the service first")


def delete_bot(session: Session, project_id: str, email: str) -> None:
    """One bot. Raises NotFound, and BadRequest while an active service acts as it."""
    _bot_of(session, project_id, email)
    refuse_while_serving(session, project_id, email)
    _delete(session, email)


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, project_id: str, body: NewBot) -> dict[str, Any]:
    """A new bot; its password comes back once, here, when it was asked for."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "engineer")
        made = create_bot(session, platform, project_id, body.name)
        if not body.returnCredentials:
            return made
        password = secrets.token_urlsafe(18)
        people.set_password_hash(session, made["email"], hash_password(password))
        return made | {"password": password}


@router.get("")
def list_bots(platform: PlatformDep, caller: CallerDep, project_id: str) -> list[dict[str, Any]]:
    """The project's bots, the oldest first."""
    with platform.store.read() as session:
        access.fetch_project(session, caller, project_id)
        return session.documents(USERS).find("created_at", project_id=project_id, type="bot")


@router.get("/{bot_id}")
def get(platform: PlatformDep, caller: CallerDep, project_id: str, bot_id: str) -> dict[str, Any]:
    """One bot; its id is its e-mail."""
    with platform.store.read() as session:
        access.fetch_project(session, caller, project_id)
        return _bot_of(session, project_id, bot_id)


@router.delete("/{bot_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, project_id: str, bot_id: str) -> None:
    """A bot that no active service acts as."""
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "engineer")
        delete_bot(session, project_id, bot_id)


def _bot_of(session: Session, project_id: str, email: str) -> dict[str, Any]:
    found = session.documents(USERS).first(email=email, project_id=project_id, type="bot")
    if found is None:
        raise NotFound(f"bot {email[:60]!r} does not exist in this project")
    return found


def _delete(session: Session, email: str) -> None:
    people.forget_password(session, email)
    session.documents(USERS).delete(email)
