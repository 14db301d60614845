"""``dlp triggers``: list, create, delete."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from faas_agent.cli import output, session
from faas_agent.cli.commands import options
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError

triggers = typer.Typer()
COLUMNS = {
    "name": "name", "id": "id", "type": "type", "active": "active", "resource": "spec.resource",
    "actions": "spec.actions", "cron": "spec.cron", "function": "spec.operation.functionName",
}  # fmt: skip
OfService = Annotated[str | None, typer.Option("-s", "--service-name", help="Only of this service")]


@triggers.command("ls")
def list_all(
    project_name: options.ProjectPr = None,
    package_name: options.OfPackage = None,
    service_name: OfService = None,
    as_json: options.AsJson = False,
) -> None:
    """List the triggers of a project, a package or a service."""
    client = session.connect()
    conditions: list[Json] = [{"projectId": session.project(client, project_name)["id"]}]
    if service_name is not None:
        service = session.service(client, service_name, project_name, package_name)
        conditions.append({"spec.operation.serviceId": service["id"]})
    elif package_name is not None:
        package_id = session.package(client, package_name, project_name)["id"]
        ids = [service["id"] for service in client.find("services", conditions[0], {"packageId": package_id})]
        conditions.append({"spec.operation.serviceId": {"$in": ids}})
    output.table(client.find("triggers", *conditions), COLUMNS, as_json)


@triggers.command()
def create(
    *,
    resource: Annotated[str, typer.Option("-r", "--resource", help="Item, Dataset, Annotation, ...")],
    actions: Annotated[str, typer.Option("-a", "--actions", help="Created,Updated,Deleted,...")],
    project_name: options.Project = None,
    package_name: options.OfPackage = None,
    service_name: options.Service = None,
    name: Annotated[str | None, typer.Option("-n", "--name", help="Trigger name, else that of the service")] = None,
    filters: Annotated[str, typer.Option("-fl", "--filters", help="JSON filter")] = "{}",
    function_name: Annotated[str, typer.Option("-fn", "--function-name", help="Function to call")] = "run",
) -> None:
    """Call a function of a service whenever something happens to a resource."""
    wanted = _filter(filters)
    client = session.connect()
    service = session.service(client, service_name, project_name, package_name)
    spec = {
        "filter": wanted,
        "resource": resource,
        "executionMode": "Once",
        "actions": [action.strip() for action in actions.split(",") if action.strip()],
        "input": {},
        "operation": {"type": "function", "serviceId": service["id"], "functionName": function_name},
    }
    body = {"type": "Event", "active": True, "projectId": service["projectId"], "name": name or service["name"]}
    made = client.post("/triggers", {**body, "spec": spec})
    output.say(f"created trigger {made['name']} {made['id']}")


@triggers.command()
def delete(
    trigger_name: Annotated[str, typer.Option("-t", "--trigger-name", help="Trigger name")],
    service_name: options.Service = None,
    project_name: options.Project = None,
    package_name: options.OfPackage = None,
) -> None:
    """Delete a trigger."""
    client = session.connect()
    conditions: list[Json] = [{"projectId": session.project(client, project_name)["id"]}, {"name": trigger_name}]
    if service_name is not None:
        service = session.service(client, service_name, project_name, package_name)
        conditions.append({"spec.operation.serviceId": service["id"]})
    found = client.one("trigger", trigger_name, client.find("triggers", *conditions))
    client.delete(f"/triggers/{found['id']}")
    output.say(f"deleted trigger {found['name']} {found['id']}")


def _filter(text: str) -> Json:
    for attempt in (text, text.replace("'", '"')):  # single quotes: the SDK's command takes them too
        try:
            found = json.loads(attempt)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    raise UsageError('-fl has to be a JSON object, for example \'{"$and": [{"dir": "/in"}]}\'')
