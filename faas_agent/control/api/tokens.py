"""Login, renewal, API keys and the caller's own user (ENDPOINTS 1)."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from faas_agent.control.api.auth import CallerDep, PlatformDep, check_password, issue, read
from faas_agent.control.api.description import refusals
from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest, Forbidden, Unauthorized
from faas_agent.ports.store.tables import USERS

base = APIRouter(tags=["tokens"])
router = APIRouter(tags=["tokens"])
API_KEY_SECONDS = 365 * 24 * 3600


class Credentials(BaseModel):
    """Either a name and a password, or a refresh token."""

    type: Literal["user_credentials", "refresh_token"] = "user_credentials"
    username: str = ""
    password: str = ""
    refresh_token: str = ""


@base.post("/token", responses=refusals(Unauthorized))
def log_in(platform: PlatformDep, body: Credentials) -> dict[str, Any]:
    """An access token and a refresh token. 401 for wrong credentials."""
    if body.type == "refresh_token":
        email = read(platform, body.refresh_token, "refresh")["email"]
        with platform.store.read() as session:
            user = session.documents(USERS).first(email=email)
        if user is None:
            raise Unauthorized("this user is no longer known here: log in as another")
        return _tokens(platform, user)
    if not body.username or not body.password:
        raise BadRequest("username and password are needed to log in")
    with platform.store.read() as session:
        user = check_password(session, body.username, body.password)
    return _tokens(platform, user)


def _tokens(platform: Platform, user: dict[str, Any]) -> dict[str, Any]:
    seconds = platform.settings.token_seconds
    kind: Literal["user", "bot"] = "bot" if user.get("type") == "bot" else "user"
    token = issue(platform, user["email"], kind, seconds)
    return {
        "id_token": token,
        "access_token": token,
        "refresh_token": issue(platform, user["email"], "refresh", platform.settings.refresh_seconds),
        "token_type": "Bearer",
        "expires_in": seconds,
    }


@router.get("/users/me")
def me(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """The caller's own user: how the SDK asks whether a token still holds."""
    with platform.store.read() as session:
        user = session.documents(USERS).first(email=caller.email)
    return user or {}


class NewApiKey(BaseModel):
    """For whom, and what for."""

    userId: str = ""  # noqa: N815 - the wire's name
    description: str = ""


@router.post("/apiKeys")
@router.post("/apikeys", include_in_schema=False)
def create_api_key(platform: PlatformDep, caller: CallerDep, body: NewApiKey) -> dict[str, str]:
    """A token that lives a year, for the caller only."""
    if caller.kind == "bot":
        raise Forbidden("a bot has the tokens that its services get: log in as a person to make an API key")
    if body.userId not in ("", caller.email):
        raise Forbidden("an API key can be made for yourself only")
    return {"jwt": issue(platform, caller.email, "user", API_KEY_SECONDS)}
