"""``dlp datasets``: list, create, check out."""

from __future__ import annotations

from typing import Annotated

import typer

from faas_agent.cli import output, session, state
from faas_agent.cli.commands import options

datasets = typer.Typer()
COLUMNS = {"name": "name", "id": "id", "items": "itemsCount", "created": "createdAt"}
Name = Annotated[str, typer.Option("-d", "--dataset-name", help="Dataset name")]


@datasets.command("ls")
def list_all(project_name: options.Project = None, as_json: options.AsJson = False) -> None:
    """List the datasets of a project."""
    client = session.connect()
    output.table(session.datasets(client, session.project(client, project_name)["id"]), COLUMNS, as_json)


@datasets.command()
def create(dataset_name: Name, project_name: options.Project = None, checkout: options.Checkout = False) -> None:
    """Create a dataset."""
    client = session.connect()
    project_id = session.project(client, project_name)["id"]
    body = {"name": dataset_name, "projects": [project_id], "createDefaultRecipe": True}
    made = client.post("/datasets", body)
    if checkout:
        state.check_out("dataset", made)
    output.say(f"created dataset {made['name']} {made['id']}" + (", checked out here" if checkout else ""))


@datasets.command("checkout")
def check_out(dataset_name: Name, project_name: options.Project = None) -> None:
    """Make a dataset the one that is meant in this folder."""
    found = session.dataset(session.connect(), dataset_name, project_name)
    state.check_out("dataset", found)
    output.say(f"checked out dataset {found['name']} {found['id']}")
