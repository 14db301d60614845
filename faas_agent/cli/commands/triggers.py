"""``dlp triggers``: list, create (for events, or by the clock), say when one comes next, delete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from faas_agent.cli import output, session
from faas_agent.cli.commands import options
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError

if TYPE_CHECKING:
    from faas_agent.cli.client import Client

triggers = typer.Typer()
COLUMNS = {
    "name": "name", "id": "id", "type": "type", "active": "active", "resource": "spec.resource",
    "actions": "spec.actions", "cron": "spec.cron", "function": "spec.operation.functionName",
}  # fmt: skip
EXAMPLES = {"-fl": '{"$and": [{"dir": "/in"}]}', "-in": '{"name": "x"}'}
TIMES = {"utc": "at", "local": "local"}
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
    resource: Annotated[str | None, typer.Option("-r", "--resource", help="Item, Dataset, Annotation, ...")] = None,
    actions: Annotated[str | None, typer.Option("-a", "--actions", help="Created,Updated,Deleted,...")] = None,
    project_name: options.Project = None,
    package_name: options.OfPackage = None,
    service_name: options.Service = None,
    name: Annotated[str | None, typer.Option("-n", "--name", help="Trigger name, else that of the service")] = None,
    filters: Annotated[str | None, typer.Option("-fl", "--filters", help="JSON filter")] = None,
    function_name: Annotated[str, typer.Option("-fn", "--function-name", help="Function to call")] = "run",
    inputs: Annotated[str, typer.Option("-in", "--inputs", help="JSON object of inputs by name")] = "{}",
    cron: Annotated[str | None, typer.Option("--cron", help="When: '0 2 * * *', '@hourly'")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Europe/Berlin, ...; else UTC")] = None,
    start_at: Annotated[str | None, typer.Option("--start-at", help="From when: 2030-01-31T08:00:00Z")] = None,
    end_at: Annotated[str | None, typer.Option("--end-at", help="Until when")] = None,
    catchup: Annotated[str | None, typer.Option("--catchup", help="Missed runs: skip, last, 'all(N)'")] = None,
    overlap: Annotated[str | None, typer.Option("--overlap", help="While one runs: allow or skip")] = None,
) -> None:
    """Call a function of a service whenever something happens to a resource, or by the clock."""
    given = {"resource": resource, "actions": actions, "filters": filters}
    times = {"timezone": timezone, "startAt": start_at, "endAt": end_at, "catchup": catchup, "overlap": overlap}
    when = _by_event(given, times) if cron is None else _by_clock(cron, times, given)
    spec = {**when, "input": _object(inputs, "-in")}
    client = session.connect()
    service = session.service(client, service_name, project_name, package_name)
    spec["operation"] = {"type": "function", "serviceId": service["id"], "functionName": function_name}
    body = {"active": True, "projectId": service["projectId"], "name": name or service["name"]}
    made = client.post("/triggers", {**body, "type": "Event" if cron is None else "Cron", "spec": spec})
    output.say(f"created trigger {made['name']} {made['id']}")


@triggers.command("next")
def next_times(
    trigger_name: Annotated[str, typer.Argument(help="Trigger name")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=100, help="How many")] = 5,
    project_name: options.Project = None,
    as_json: options.AsJson = False,
) -> None:
    """Print when a cron trigger comes next: in UTC, and on the clock of its zone."""
    client = session.connect()
    found = _named(client, trigger_name, project_name)
    answer = client.get(f"/triggers/{found['id']}/next?n={number}")
    if not answer["active"]:
        output.note("it is paused: the trigger is not active, or its service is stopped")
    elif not answer["next"]:
        output.note("it never comes again: see its endAt")
    output.table(answer["next"], TIMES, as_json)


@triggers.command()
def delete(
    trigger_name: Annotated[str, typer.Option("-t", "--trigger-name", help="Trigger name")],
    service_name: options.Service = None,
    project_name: options.Project = None,
    package_name: options.OfPackage = None,
) -> None:
    """Delete a trigger."""
    client = session.connect()
    conditions: list[Json] = []
    if service_name is not None:
        service = session.service(client, service_name, project_name, package_name)
        conditions.append({"spec.operation.serviceId": service["id"]})
    found = _named(client, trigger_name, project_name, *conditions)
    client.delete(f"/triggers/{found['id']}")
    output.say(f"deleted trigger {found['name']} {found['id']}")


def _named(client: Client, name: str, project_name: str | None, *conditions: Json) -> Json:
    project_id = session.project(client, project_name)["id"]
    return client.one("trigger", name, client.find("triggers", {"projectId": project_id}, {"name": name}, *conditions))


def _by_event(given: Mapping[str, str | None], times: Mapping[str, str | None]) -> Json:
    """The part of the spec that says when. Nothing is asked of the platform for a command line that cannot be right."""
    if any(value is not None for value in times.values()):
        raise UsageError("a time zone, a start, an end and the policies belong to --cron: give that too")
    if not given["resource"] or not given["actions"]:
        raise UsageError("say when to fire: -r RESOURCE -a ACTIONS for what happens, or --cron for the clock")
    actions = [action.strip() for action in given["actions"].split(",") if action.strip()]
    wanted = _object(given["filters"] or "{}", "-fl")
    return {"filter": wanted, "resource": given["resource"], "executionMode": "Once", "actions": actions}


def _by_clock(cron: str, times: Mapping[str, str | None], given: Mapping[str, str | None]) -> Json:
    if any(value is not None for value in given.values()):
        raise UsageError("--cron fires by the clock: leave out -r, -a and -fl")
    return {"cron": cron, **{key: value for key, value in times.items() if value is not None}}


def _object(text: str, flag: str) -> Json:
    for attempt in (text, text.replace("'", '"')):  # single quotes: the SDK's command takes them too
        try:
            found = json.loads(attempt)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    raise UsageError(f"{flag} has to be a JSON object, for example '{EXAMPLES[flag]}'")
