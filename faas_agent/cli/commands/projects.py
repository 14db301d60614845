"""``dlp projects``: list, create, check out."""

from __future__ import annotations

from typing import Annotated

import typer

from faas_agent.cli import output, session, state
from faas_agent.cli.commands.options import AsJson

projects = typer.Typer()
COLUMNS = {"name": "name", "id": "id", "created": "createdAt"}
Name = Annotated[str, typer.Option("-p", "--project-name", help="Project name")]


@projects.command("ls")
def list_all(as_json: AsJson = False) -> None:
    """List all projects."""
    output.table(session.connect().get("/projects"), COLUMNS, as_json)


@projects.command()
def create(project_name: Name) -> None:
    """Create a project and check it out here."""
    # the SDK sends this one call as a form
    made = session.connect().call("POST", "/projects", form={"name": project_name})
    state.check_out("project", made)
    output.say(f"created project {made['name']} {made['id']}, checked out here")


@projects.command()
def checkout(project_name: Name) -> None:
    """Make a project the one that is meant in this folder."""
    found = session.project(session.connect(), project_name)
    state.check_out("project", found)
    output.say(f"checked out project {found['name']} {found['id']}")
