"""``dlp api info`` and ``dlp api setenv``: which platform, and who is logged in there."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from faas_agent.cli import cookie, output
from faas_agent.cli.commands.options import AsJson
from faas_agent.model.times import to_wire

api = typer.Typer()


@api.command()
def info(as_json: AsJson = False) -> None:
    """Print which platform is in use and as whom."""
    from faas_agent.cli import login

    who = cookie.current()
    claims = login.claims(who.token) if who.token else {}
    found = {
        "environment": who.url,
        "alias": who.alias,
        "user": claims.get("email"),
        "loggedInUntil": to_wire(float(claims["exp"])) if "exp" in claims else None,
    }
    if as_json:
        output.table([found], {}, as_json=True)
        return
    for key, value in found.items():
        output.say(f"{key}: {value if value is not None else '-'}")


@api.command()
def setenv(env: Annotated[str, typer.Option("-e", "--env", help="Alias, url of a platform, or 'custom'")]) -> None:
    """Set the platform that the following commands and scripts talk to."""
    output.say(f"Platform environment: {cookie.use(env)}")
    if os.environ.get("FAAS_URL"):
        output.note("FAAS_URL is set in the environment and wins over this")
    elif not cookie.current().token:
        output.note("not logged in there yet: dlp login-m2m -e EMAIL -p PASSWORD")
