"""``dlp login-m2m``, ``login-secret``, ``login-token``, ``logout``: who the following commands act as."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from faas_agent.cli import cookie, output
from faas_agent.errors import UsageError

Email = Annotated[str | None, typer.Option("-e", "--email", help="User e-mail")]
Password = Annotated[str | None, typer.Option("-p", "--password", help="User password; asked for on a terminal")]
ClientId = Annotated[str | None, typer.Option("-i", "--client-id", help="Not needed; taken for old scripts")]
ClientSecret = Annotated[str | None, typer.Option("-s", "--client-secret", help="Not needed; taken for old scripts")]


def login_m2m(
    email: Email = None, password: Password = None, client_id: ClientId = None, client_secret: ClientSecret = None
) -> None:
    """Log in and store the tokens for this user's commands and scripts."""
    from faas_agent.cli import login

    del client_id, client_secret
    who = cookie.current()
    given = _asked("e-mail", email, "-e"), _asked("password", password, "-p")
    login.with_password(who, *given)
    output.say(f"logged in at {who.gate_url} as {given[0]}")


login_secret = login_m2m


def login_token(token: Annotated[str, typer.Option("-t", "--token", help="A valid token")]) -> None:
    """Use a token that somebody else made, for example an API key."""
    from faas_agent.cli import login

    who = login.with_token(cookie.current(), token)
    output.say(f"logged in at {who.gate_url} as {login.claims(token).get('email', 'unknown')}")


def logout() -> None:
    """Forget the tokens of the platform in use."""
    who = cookie.current()
    cookie.remember(who, None, None)
    output.say(f"logged out at {who.gate_url}")


def _asked(what: str, given: str | None, flag: str) -> str:
    if given:
        return given
    if not sys.stdin.isatty():
        raise UsageError(f"the {what} is missing: give {flag}")
    return str(typer.prompt(what, hide_input=what == "password", err=True))
