"""``dlp services``: list, log, execute, delete, tear down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from faas_agent.cli import output, session
from faas_agent.cli.commands import options
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError, UsageError

services = typer.Typer()
COLUMNS = {
    "name": "name", "id": "id", "active": "active", "package version": "packageRevision", "module": "moduleName",
}  # fmt: skip


@services.command("ls")
def list_all(
    project_name: options.ProjectPr = None, package_name: options.OfPackage = None, as_json: options.AsJson = False
) -> None:
    """List the services of a project."""
    client = session.connect()
    conditions: list[Json] = [{"projectId": session.project(client, project_name)["id"]}, {"global": {"$ne": True}}]
    if package_name is not None:
        conditions.append({"packageId": session.package(client, package_name, project_name)["id"]})
    output.table(client.find("services", *conditions), COLUMNS, as_json)


@services.command()
def log(
    project_name: options.ProjectPr = None,
    service_name: options.Service = None,
    start: Annotated[
        str | None, typer.Option("-t", "--start", help="From this time on, ISO-8601, else the last 24 hours")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Print what a service has written."""
    from faas_agent.cli.servicelog import lines

    client = session.connect()
    service = session.service(client, service_name, project_name)
    for line in lines(client, service, start, follow):
        text = f"{line.get('timestamp', '')} {str(line.get('message', '')).rstrip()}".strip()
        output.say(json.dumps(line, ensure_ascii=False) if as_json else text)


@services.command()
def execute(
    *,
    function_name: Annotated[str, typer.Option("-f", "--function-name", help="Which function to run")] = "run",
    service_name: Annotated[
        str | None, typer.Option("-s", "--service-name", help="Service name, else the one checked out")
    ] = None,
    project_name: options.ProjectPr = None,
    wait: Annotated[
        bool, typer.Option("-as", "--async", "--wait", help="Wait for the end; as in the SDK, -as turns waiting ON")
    ] = False,
    item_id: Annotated[str | None, typer.Option("-i", "--item-id", help="Item input")] = None,
    dataset_id: Annotated[str | None, typer.Option("-d", "--dataset-id", help="Dataset input")] = None,
    annotation_id: Annotated[str | None, typer.Option("-a", "--annotation-id", help="Annotation input")] = None,
    inputs: Annotated[str, typer.Option("-in", "--inputs", help="JSON object of inputs by name")] = "{}",
) -> None:
    """Create an execution. With --wait its output is printed, and a failure is the exit code."""
    given = _inputs(inputs, item_id, dataset_id, annotation_id)
    client = session.connect()
    service = session.service(client, service_name, project_name)
    body = {"input": given, "projectId": service["projectId"], "functionName": function_name}
    execution = client.post(f"/executions/{service['id']}", body)
    output.note(f"execution {execution['id']} of {service['name']}.{function_name}")
    if not wait:
        output.say(execution["id"])
        return
    from faas_agent.cli.waiting import ended

    end = ended(client, execution)
    status = end["latestStatus"]["status"]
    if status != "success":
        raise FaasError(
            f"execution {end['id']} ended as {status}: {end['latestStatus'].get('message') or 'no message'}"
        )
    output.say(json.dumps(end.get("output"), indent=2, ensure_ascii=False))


@services.command()
def delete(
    service_name: options.Service = None, project_name: options.Project = None, package_name: options.OfPackage = None
) -> None:
    """Delete a service and its triggers."""
    client = session.connect()
    service = session.service(client, service_name, project_name, package_name)
    client.delete(f"/services/{service['id']}")
    output.say(f"deleted service {service['name']} {service['id']}")


@services.command("tear-down")
def tear_down(
    local_path: Annotated[
        Path | None, typer.Option("-l", "--local-path", help="service.json, or its folder, else this one")
    ] = None,
    project_name: options.ProjectPr = None,
) -> None:
    """Delete the service that a service.json describes."""
    from faas_agent.cli import manifest

    file = local_path or Path.cwd()
    declared = manifest.read_json(file / "service.json" if file.is_dir() else file)
    if not declared.get("name"):
        raise UsageError(f"{file} does not say which service: it has no 'name'")
    delete(service_name=str(declared["name"]), project_name=project_name)


def _inputs(text: str, item_id: str | None, dataset_id: str | None, annotation_id: str | None) -> Json:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise UsageError('-in has to be a JSON object of inputs by name, for example \'{"name": "x"}\'')
    ids = {"annotation_id": annotation_id, "item_id": item_id, "dataset_id": dataset_id}
    most_exact = next((key for key, value in ids.items() if value is not None), None)
    if most_exact is not None:
        reference = {key: value for key, value in ids.items() if value is not None}
        given.setdefault(most_exact.removesuffix("_id"), reference)
    return given
