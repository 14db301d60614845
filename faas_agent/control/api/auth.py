"""Who calls: tokens out, callers in (ENDPOINTS 1). The only module that makes or reads a token.

Tokens are HS256 JWTs, pinned to that algorithm, issuer and audience. ``email`` and ``exp`` are what the SDK reads.
Never logs a token; never says which of e-mail and password was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from fastapi import Depends, Request

from faas_agent.control.platform import Platform
from faas_agent.errors import Unauthorized
from faas_agent.model.ids import new_uuid
from faas_agent.ports.store.people import password_hash
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import USERS

ALGORITHM, ISSUER = "HS256", "faas"
Kind = Literal["user", "bot", "replica", "refresh"]
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash("an unknown e-mail takes as long to refuse as a wrong password")


@dataclass(frozen=True, slots=True)
class Caller:
    """A true identity. ``replica_id`` and ``service_id`` are set for an agent only."""

    email: str
    kind: Kind
    is_admin: bool = False
    project_id: str | None = None
    service_id: str | None = None
    replica_id: str | None = None


def issue(platform: Platform, email: str, kind: Kind, seconds: float, **claims: Any) -> str:
    """A signed token for that identity."""
    now = int(platform.clock())
    body = {"iss": ISSUER, "aud": ISSUER, "sub": email, "email": email, "kind": kind, "jti": new_uuid(), "iat": now}
    return jwt.encode(body | {"exp": int(now + seconds)} | claims, platform.signing_key, ALGORITHM)


def read(platform: Platform, token: str, *kinds: Kind) -> dict[str, Any]:
    """The claims of a token of one of these kinds. Raises Unauthorized for any other text."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            platform.signing_key,
            [ALGORITHM],
            audience=ISSUER,
            issuer=ISSUER,
            options={"require": ["exp", "email", "kind"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthorized("the token has expired: log in again") from None
    except jwt.InvalidTokenError:
        raise Unauthorized("the token is not one of this platform: log in again") from None
    if claims["kind"] not in kinds:
        raise Unauthorized("the token is not meant for this use: log in again")
    return claims


def hash_password(password: str) -> str:
    """An argon2id hash to keep."""
    return _HASHER.hash(password)


def check_password(session: Session, email: str, password: str) -> dict[str, Any]:
    """The user of that e-mail and password. Raises Unauthorized, in the same time for a wrong e-mail."""
    kept = password_hash(session, email)
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        kept = None
    user = session.documents(USERS).first(email=email) if kept else None
    if user is None:
        raise Unauthorized("wrong e-mail or password")
    return user


def platform_of(request: Request) -> Platform:
    """The platform this app was made for."""
    platform: Platform = request.app.state.platform
    return platform


async def _platform_of(request: Request) -> Platform:
    """The same without a trip to a thread, which a plain function would cost every request."""
    return platform_of(request)


def caller_of(platform: Platform, token: str, *kinds: Kind) -> Caller:
    """The caller a token stands for. Raises Unauthorized when its user is gone."""
    claims = read(platform, token, *kinds)
    if claims["kind"] == "replica":
        return Caller(claims["email"], "replica", False, claims["project"], claims["service"], claims["replica"])
    with platform.store.read() as session:
        user = session.documents(USERS).first(email=claims["email"])
    if user is None:
        raise Unauthorized("this user is no longer known here: log in as another")
    return Caller(user["email"], claims["kind"], user.get("admin", False), user.get("projectId"))


def authenticate(request: Request) -> Caller:
    """A user or a bot, from the bearer token. Raises Unauthorized."""
    return caller_of(platform_of(request), _bearer(request), "user", "bot")


async def authenticate_replica(request: Request) -> Caller:
    """An agent, from the bearer token, which says it all: no look at the database. Raises Unauthorized."""
    return caller_of(platform_of(request), _bearer(request), "replica")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("no token: log in and send it as 'Authorization: Bearer ...'")
    return token.strip()


PlatformDep = Annotated[Platform, Depends(_platform_of)]
CallerDep = Annotated[Caller, Depends(authenticate)]
ReplicaDep = Annotated[Caller, Depends(authenticate_replica)]
