"""Login, renewal and logout (ENDPOINTS 1), and what a token says about itself.

Enters: credentials or a token. Leaves: tokens in the cookie. Called by ``client`` and the login commands.
Reads a token without checking its signature, as the SDK does: only to know whom it names and when it ends.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from faas_agent.cli import cookie
from faas_agent.cli.cookie import Login
from faas_agent.cli.http import Http
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import BadRequest, FaasError, Forbidden, NotFound, Unauthorized

MARGIN_SECONDS = 60
"""A token with less left counts as over, as in the SDK."""
AGAIN = "log in again: dlp login-m2m -e EMAIL -p PASSWORD"


def with_password(login: Login, email: str, password: str) -> Login:
    """Log in and remember it. A refusal leaves the login as it was."""
    try:
        answer = _token_call(login, {"type": "user_credentials", "username": email, "password": password})
    except (BadRequest, Unauthorized, Forbidden, NotFound) as error:
        raise Unauthorized(f"{login.gate_url} refused this login: {error.message}") from None
    return _remembered(login, answer, answer.get("refresh_token"))


def with_token(login: Login, token: str) -> Login:
    """Use this token from now on, if the platform takes it."""
    claims(token)
    Http(login.verify_ssl).send("GET", login.url + "/users/me", headers={"authorization": f"Bearer {token}"})
    return _remembered(login, {"id_token": token}, None)


def renewed(login: Login) -> Login:
    """The same login with a fresh token. Raises Unauthorized when there is no way but a password."""
    if not login.refresh_token:
        raise Unauthorized(f"the login at {login.gate_url} is over; {AGAIN}")
    try:
        answer = _token_call(login, {"type": "refresh_token", "refresh_token": login.refresh_token})
    except (BadRequest, Unauthorized, Forbidden, NotFound):
        raise Unauthorized(f"the login at {login.gate_url} is over and cannot be renewed; {AGAIN}") from None
    return _remembered(login, answer, answer.get("refresh_token") or login.refresh_token)


def usable(login: Login) -> Login:
    """This login with a token that still holds, renewed if need be. Raises Unauthorized."""
    if not login.token:
        raise Unauthorized(f"not logged in at {login.gate_url}; {AGAIN}")
    return renewed(login) if ends_at(login.token) - now() < MARGIN_SECONDS else login


def claims(token: str) -> Json:
    """What the token says. Raises BadRequest for a text that is no token."""
    try:
        payload = token.split(".")[1]
        found: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest("this is not a token: it has to be a JWT of three parts with dots between them")
    return found


def now() -> float:
    """The clock that tokens are judged by."""
    return time.time()


def ends_at(token: str) -> float:
    """Seconds since the epoch; a token that cannot be read is over."""
    try:
        return float(claims(token)["exp"])
    except (BadRequest, KeyError, TypeError, ValueError):
        return 0.0


def _token_call(login: Login, body: Json) -> Json:
    answer = Http(login.verify_ssl).send("POST", login.gate_url + "/token?default", body=body).json()
    if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
        raise FaasError(f"{login.gate_url} gave no token: is this the address of a platform?")
    return answer


def _remembered(login: Login, answer: Json, refresh_token: str | None) -> Login:
    cookie.remember(login, answer["id_token"], refresh_token)
    return Login(login.url, login.gate_url, login.alias, login.verify_ssl, answer["id_token"], refresh_token)
