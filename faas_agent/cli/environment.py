"""``faas env``: make this platform known to the SDK and to ``dlp`` of this user, under the alias ``faas``.

Enters: the platform's address. Leaves: an entry in the SDK's cookie, so that ``dl.setenv('faas')`` works. Mounted by
``faas``. Sends nothing and stores no password.
"""

from __future__ import annotations

from typing import Annotated

import typer

from faas_agent.cli import cookie, output

DEFAULT_URL = "http://127.0.0.1:8484"


def env(
    url: Annotated[str, typer.Option(help="Address of the platform", envvar="FAAS_URL")] = DEFAULT_URL,
    alias: Annotated[str, typer.Option(help="Name for dl.setenv and 'dlp api setenv'")] = "faas",
    verify_ssl: Annotated[bool, typer.Option(help="Refuse a certificate that is not trusted")] = True,
) -> None:
    """Register a platform with the SDK and with dlp, and use it from now on."""
    registered = cookie.register(url, alias, verify_ssl)
    output.say(f"registered {registered} as {alias!r} in {cookie.path()}")
    output.note(f"scripts: dl.setenv({alias!r}); commands: dlp login-m2m -e EMAIL -p PASSWORD")
