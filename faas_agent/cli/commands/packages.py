"""``dlp packages``: list, push, deploy, test, check out, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from faas_agent.cli import output, session, state
from faas_agent.cli.commands import options
from faas_agent.model.specs.package import DEFAULT_MODULE

packages = typer.Typer()
COLUMNS = {"name": "name", "id": "id", "version": "version", "updated": "updatedAt"}
NOT_GLOBAL = {"global": {"$ne": True}}
Name = Annotated[str | None, typer.Option("-p", "--package-name", help="Package name")]


@packages.command("ls")
def list_all(project_name: options.Project = None, as_json: options.AsJson = False) -> None:
    """List the packages of a project."""
    client = session.connect()
    project_id = session.project(client, project_name)["id"]
    output.table(client.find("packages", {"projectId": project_id}, NOT_GLOBAL), COLUMNS, as_json)


@packages.command()
def push(
    src_path: Annotated[
        Path | None, typer.Option("-src", "--src-path", help="Folder of the code, else this one")
    ] = None,
    codebase_id: Annotated[
        str | None, typer.Option("-cid", "--codebase-id", help="Item id of code that is on the platform already")
    ] = None,
    project_name: options.ProjectPr = None,
    package_name: Name = None,
    checkout: options.Checkout = False,
) -> None:
    """Make a folder of code a package, or a new revision of it."""
    from faas_agent.cli import manifest, publish

    declared = manifest.read((src_path or Path.cwd()).resolve())
    if codebase_id is None:
        manifest.check(declared)
    client = session.connect()
    project_id = session.project(client, project_name)["id"]
    name = package_name or declared.name
    pushed = publish.push(client, project_id, declared, name, codebase_id)
    if checkout or (state.checked_out("package") or {}).get("name") == name:
        state.check_out("package", pushed)
    output.say(f"pushed package {pushed['name']} {pushed['id']}, version {pushed['version']}")


@packages.command()
def deploy(
    package_name: options.Package = None,
    project_name: options.ProjectPr = None,
    module_name: Annotated[str, typer.Option("--module-name", help="Module to run")] = DEFAULT_MODULE,
    checkout: options.Checkout = False,
) -> None:
    """Run the latest revision of a package as a service of the same name."""
    from faas_agent.cli import publish

    client = session.connect()
    package = session.package(client, package_name, project_name)
    spec = {"moduleName": publish.module_of(package, module_name)}
    service = publish.deploy(client, package["projectId"], package, package["name"], spec)
    if checkout:
        state.check_out("package", package)
        state.check_out("service", service)
    output.say(f"deployed service {service['name']} {service['id']}, package version {service['packageRevision']}")


@packages.command()
def test(
    concurrency: Annotated[int, typer.Option("-c", "--concurrency", min=1, help="Calls at the same time")] = 10,
    function_name: Annotated[
        str | None, typer.Option("-f", "--function-name", help="Function, else that of mock.json, else run")
    ] = None,
) -> None:
    """Run the package of this folder here, with the inputs of its mock.json."""
    from faas_agent.cli import local

    here = Path.cwd()
    folder = here if (here / "mock.json").is_file() or not (here / "src").is_dir() else here / "src"
    local.show(local.read(folder, function_name, concurrency))


@packages.command("checkout")
def check_out(package_name: Annotated[str, typer.Option("-p", "--package-name", help="Package name")]) -> None:
    """Make a package the one that is meant in this folder."""
    found = session.package(session.connect(), package_name, None)
    state.check_out("package", found)
    output.say(f"checked out package {found['name']} {found['id']}")


@packages.command()
def delete(
    package_name: Annotated[
        str | None, typer.Option("-pkg", "--package-name", help="Package name, else the one checked out")
    ] = None,
    project_name: options.Project = None,
) -> None:
    """Delete a package and its code."""
    client = session.connect()
    package = session.package(client, package_name, project_name)
    client.delete(f"/packages/{package['id']}")
    output.say(f"deleted package {package['name']} {package['id']}")
