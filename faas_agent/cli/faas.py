"""``faas``: the server's commands, and all of ``dlp`` beside them for machines where another ``dlp`` is installed.

Enters: a command line. Leaves: an exit code and, for a failure, one line on stderr. Imports the server only for ``up``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from faas_agent import __version__
from faas_agent.cli.dlp import mount, run
from faas_agent.cli.environment import env

Text = str | None


def up(
    host: Annotated[Text, typer.Option(help="Address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API, 0 takes a free one [default: 8484]")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept [default: data]")] = None,
    database_url: Annotated[Text, typer.Option(help="postgresql://... [default: SQLite in the data directory]")] = None,
    driver: Annotated[Text, typer.Option(help="Where replicas live [default: process]")] = None,
    public_url: Annotated[Text, typer.Option(help="What clients call this platform, if not http://host:port")] = None,
) -> None:
    """Start the whole platform on this machine. Ctrl-C stops it."""
    from faas_agent.cli.up import run as serve
    from faas_agent.settings import Settings

    settings = Settings.load(
        host=host, port=port, data_dir=data_dir, database_url=database_url, driver=driver, public_url=public_url
    )
    raise typer.Exit(serve(settings))


def main() -> None:
    """The entry point."""
    arguments = sys.argv[1:] or ["--help"]
    sys.exit(run(_app(arguments), arguments, "faas"))


def _app(arguments: list[str]) -> typer.Typer:
    settings = {"help_option_names": ["-h", "--help"]}
    app = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=settings)
    app.callback(invoke_without_command=True)(_root)
    app.command("up")(up)
    app.command("env")(env)
    mount(app, arguments)
    return app


def _root(version: Annotated[bool, typer.Option("-v", "--version", help="Show the version")] = False) -> None:
    """A self-hosted Function-as-a-Service platform for Python."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
