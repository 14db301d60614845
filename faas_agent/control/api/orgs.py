"""Organisations (ENDPOINTS 2): there is one, made at the first start. It holds the people and the integrations.

Everyone who can log in reads its name; its people and what it holds are for its members, changes for its owners.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.model.specs.user import check_email, person
from faas_agent.ports.store.people import OF_ORGS
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import ORGS, USERS

router = APIRouter(prefix="/orgs", tags=["organisations"])

OrgRole = Literal["owner", "admin", "member", "worker"]


class NewMembers(BaseModel):
    """People to take in, known here or not."""

    emails: list[str] | str
    role: OrgRole = "member"


class MemberRole(BaseModel):
    """Somebody's new role."""

    email: str
    role: OrgRole


class Plan(BaseModel):
    """A label; it changes nothing here."""

    plan: str


def home(session: Session) -> dict[str, Any]:
    """The organisation of this platform."""
    found = session.documents(ORGS).first()
    if found is None:
        raise NotFound("the platform has no organisation: start it once with 'faas up'")
    return found


def join(session: Session, email: str, now: str, role: OrgRole = "member") -> None:
    """Take somebody in, with a user that cannot log in yet when the e-mail is new. Who is in keeps their role."""
    if session.documents(USERS).get(email) is None:
        session.documents(USERS).insert(person(check_email(email), now))
    org_id = home(session)["id"]
    if OF_ORGS.role(session, org_id, email) is None:
        OF_ORGS.add(session, org_id, email, role)


def fetch_org(session: Session, caller: Caller, org_id: str, *roles: OrgRole) -> dict[str, Any]:
    """An organisation for one of its members, with one of these roles when any are named. Bots are no members."""
    org = session.documents(ORGS).get(access.uuid_id(org_id, "an organisation"))
    if org is None:
        raise NotFound(f"organisation {org_id} does not exist")
    role = "owner" if caller.is_admin else OF_ORGS.role(session, org_id, caller.email)
    if role is None or caller.kind != "user":
        raise Forbidden("you are not a member of this organisation: ask one of its owners to add you")
    if roles and role not in roles:
        raise Forbidden(f"this takes the role {' or '.join(roles)} in the organisation, yours is {role!r}")
    return org


@router.get("")
def list_orgs(platform: PlatformDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The one there is, when the caller belongs to it."""
    with platform.store.read() as session:
        org = home(session)
        belongs = caller.is_admin or OF_ORGS.role(session, org["id"], caller.email) is not None
        return [_wire(session, org)] if belongs else []


@router.get("/{org_id}")
def get(platform: PlatformDep, caller: CallerDep, org_id: str) -> dict[str, Any]:
    """An organisation with its people."""
    with platform.store.read() as session:
        return _wire(session, fetch_org(session, caller, org_id))


@router.get("/{org_id}/members")
def list_members(platform: PlatformDep, caller: CallerDep, org_id: str) -> list[dict[str, Any]]:
    """Its people."""
    with platform.store.read() as session:
        return _members(session, fetch_org(session, caller, org_id)["id"])


@router.get("/{org_id}/groups")
def list_groups(platform: PlatformDep, caller: CallerDep, org_id: str) -> list[dict[str, Any]]:
    """Groups are not kept here."""
    with platform.store.read() as session:
        fetch_org(session, caller, org_id)
    return []


@router.post("/{org_id}/members")
def add_members(platform: PlatformDep, caller: CallerDep, org_id: str, body: NewMembers) -> list[dict[str, Any]]:
    """Take people in; those that are in keep their role."""
    with platform.store.write() as session:
        fetch_org(session, caller, org_id, "owner")
        for email in [body.emails] if isinstance(body.emails, str) else body.emails:
            join(session, check_email(email), platform.now(), body.role)
        return _members(session, org_id)


@router.patch("/{org_id}/members")
def update_member(platform: PlatformDep, caller: CallerDep, org_id: str, body: MemberRole) -> dict[str, Any]:
    """Give a member another role; the last owner stays one."""
    with platform.store.write() as session:
        fetch_org(session, caller, org_id, "owner")
        _check_member(session, org_id, body.email, stays_owner=body.role == "owner")
        OF_ORGS.change(session, org_id, body.email, body.role)
        return (session.documents(USERS).get(body.email) or {}) | {"role": body.role}


@router.delete("/{org_id}/members/{email}")
def delete_member(platform: PlatformDep, caller: CallerDep, org_id: str, email: str) -> dict[str, Any]:
    """Let somebody go from the organisation; their projects stay theirs."""
    with platform.store.write() as session:
        fetch_org(session, caller, org_id, "owner")
        _check_member(session, org_id, email)
        OF_ORGS.remove(session, org_id, email)
        return session.documents(USERS).get(email) or {}


@router.patch("/{org_id}/plan")
def update_plan(platform: PlatformDep, caller: CallerDep, org_id: str, body: Plan) -> dict[str, Any]:
    """Keep the name of a plan."""
    with platform.store.write() as session:
        org = fetch_org(session, caller, org_id, "owner") | {"plan": body.plan, "updatedAt": platform.now()}
        session.documents(ORGS).put(org)
        return _wire(session, org)


def _check_member(session: Session, org_id: str, email: str, *, stays_owner: bool = False) -> None:
    role = OF_ORGS.role(session, org_id, email)
    if role is None:
        raise NotFound(f"{email[:60]!r} is not a member of this organisation")
    if role == "owner" and not stays_owner and OF_ORGS.count(session, org_id, "owner") == 1:
        raise BadRequest(f"{email} is the last owner of the organisation: make somebody else one first")


def _members(session: Session, org_id: str) -> list[dict[str, Any]]:
    return OF_ORGS.users(session, [org_id])[org_id]


def _wire(session: Session, org: dict[str, Any]) -> dict[str, Any]:
    members = _members(session, org["id"])
    owner = next((member["email"] for member in members if member["role"] == "owner"), None)
    blank = {"groups": [], "integrations": [], "plan": "premium", "logoUrl": None, "updatedAt": org["createdAt"]}
    return blank | {"owner": owner, "creator": owner} | org | {"members": members}
