"""``dlp deploy -f file.json -p project``: a package, its services and their triggers from one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faas_agent.cli import output, session
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError
from faas_agent.model.specs.package import DEFAULT_MODULE

if TYPE_CHECKING:
    from faas_agent.cli.client import Client


def deploy(
    json_file: Annotated[Path, typer.Option("-f", help="Path to the JSON file; the code is in its folder")],
    project_name: Annotated[str | None, typer.Option("-p", help="Project name, else the one checked out")] = None,
) -> None:
    """Push the package, then make or update every service and trigger that the file names."""
    from faas_agent.cli import manifest, publish

    declared = manifest.read_json(json_file)
    services = _named(declared.get("services") or [], "services")
    package_manifest = manifest.of(json_file.resolve().parent, declared)
    manifest.check(package_manifest)
    artifacts = [_file(name) for service in services for name in service.get("artifacts") or []]
    client = session.connect()
    project_id = session.project(client, project_name)["id"]
    package = publish.push(client, project_id, package_manifest, package_manifest.name)
    output.say(f"pushed package {package['name']} {package['id']}, version {package['version']}")
    publish.add_artifacts(client, project_id, package["name"], artifacts)
    for spec in services:
        _deploy_one(client, project_id, package, spec)


def _deploy_one(client: Client, project_id: str, package: Json, declared: Json) -> None:
    from faas_agent.cli import publish

    spec = {key: value for key, value in declared.items() if key not in {"triggers", "artifacts", "packageRevision"}}
    spec["moduleName"] = publish.module_of(package, spec.get("moduleName") or DEFAULT_MODULE)
    service = publish.deploy(client, project_id, package, declared["name"], spec)
    output.say(f"deployed service {service['name']} {service['id']}")
    there = {one["name"]: one for one in client.find("triggers", {"spec.operation.serviceId": service["id"]})}
    for trigger in _named(declared.get("triggers") or [], "triggers"):
        operation = {"operation": {"type": "function", "serviceId": service["id"]}}
        wanted = publish.merge({"type": "Event", "active": True, "projectId": project_id}, trigger)
        wanted["spec"] = publish.merge({"input": {}, **operation}, wanted.get("spec") or {})
        _put_trigger(client, there.get(trigger["name"]), wanted)


def _put_trigger(client: Client, there: Json | None, wanted: Json) -> None:
    from faas_agent.cli import publish

    if there is None:
        made = client.post("/triggers", wanted)
        output.say(f"created trigger {made['name']} {made['id']}")
    elif (merged := publish.merge(there, wanted)) != there:
        client.patch(f"/triggers/{there['id']}", merged)
        output.say(f"updated trigger {there['name']} {there['id']}")


def _file(name: object) -> Path:
    file = Path(str(name)).absolute()
    if not file.is_file():
        raise UsageError(f"there is no file {name}, which 'artifacts' names")
    return file


def _named(found: object, what: str) -> list[Json]:
    if not isinstance(found, list) or not all(isinstance(one, dict) and one.get("name") for one in found):
        raise UsageError(f"{what!r} of the file has to be a list of objects with a 'name'")
    return found
