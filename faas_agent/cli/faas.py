"""``faas``: the server's commands, and all of ``dlp`` beside them for machines where another ``dlp`` is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from faas_agent.errors import FaasError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A self-hosted Function-as-a-Service platform.")


@app.callback()
def root() -> None:
    """Options of every command would stand here."""


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API, 0 takes a free one [default: 8484]")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept [default: data]")] = None,
    driver: Annotated[str | None, typer.Option(help="Where replicas live: process")] = None,
) -> None:
    """Start the whole platform on this machine; Ctrl-C stops it."""
    from faas_agent.cli.up import run
    from faas_agent.errors import UsageError
    from faas_agent.settings import Settings

    settings = Settings.load(host=host, port=port, data_dir=data_dir, driver=driver)
    if settings.driver != "process":
        raise UsageError(f"the driver {settings.driver!r} is not known: use 'process'")
    raise typer.Exit(run(settings))


def main() -> None:
    """The entry point: a failure is one line on stderr and an exit code."""
    try:
        app()
    except FaasError as error:
        print(f"faas: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
