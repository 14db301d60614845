"""Commands about the folder one stands in: its checkouts, and the few of a shell that the manual lists. No network."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer

from faas_agent.cli import output, state
from faas_agent.cli.commands.options import AsJson
from faas_agent.errors import UsageError


def init() -> None:
    """Make ``.dataloop/state.json`` here, where checkouts are kept."""
    state.create()
    output.say(f"ready: {state.path().parent}")


def checkout_state(as_json: AsJson = False) -> None:
    """Show what is checked out here."""
    found = [
        {"kind": kind, "name": entity.get("name"), "id": entity.get("id")}
        for kind, entity in state.everything().items()
    ]
    output.table(found, {"kind": "kind", "name": "name", "id": "id"}, as_json)


def version() -> None:
    """Show the version."""
    output.say(f"dlp of faas-agent {installed('faas-agent')}")


def ls() -> None:
    """List this folder."""
    here = Path.cwd()
    output.say(str(here))
    for entry in sorted(here.iterdir()):
        output.say(entry.name + ("/" if entry.is_dir() else ""))


def pwd() -> None:
    """Show the current folder."""
    output.say(str(Path.cwd()))


def cd(directory: Annotated[str, typer.Argument(metavar="DIR")]) -> None:
    """Show where a folder is; a program cannot move the shell that called it."""
    there = Path(directory).resolve()
    if not there.is_dir():
        raise UsageError(f"{directory} is not a folder")
    output.say(str(there))
    if there != Path.cwd():
        output.note(f'to go there: cd "{there}"')


def mkdir(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Make a folder."""
    try:
        Path(name).mkdir()
    except FileExistsError:
        raise UsageError(f"{name} exists already") from None


def clear() -> None:
    """Clear the terminal."""
    typer.echo("\033[2J\033[3J\033[H", nl=False)
