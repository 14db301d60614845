"""From a name on the command line to the entity it means, or to the one that is checked out in this folder.

Enters: names, or None. Leaves: entities as the platform answers them. Called by every command that talks to the
platform; imports HTTP only when one does. Never guesses between two of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faas_agent.cli import state
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import FaasError, NotFound, UsageError

if TYPE_CHECKING:
    from faas_agent.cli.client import Client


def connect() -> Client:
    """The platform in use; see ``Client.connect``."""
    # urllib3 takes longer to import than all of 'dlp --help'
    from faas_agent.cli.client import Client

    return Client.connect()


def project(client: Client, name: str | None) -> Json:
    """A project by name, else the one checked out."""
    if name is None:
        return _checked_out("project", "-p PROJECT")
    from faas_agent.cli.client import quoted

    return client.one("project", name, client.get(f"/projects/{quoted(name)}/name"))


def datasets(client: Client, project_id: str, name: str | None = None, system: bool = False) -> list[Json]:
    """Datasets of a project, by name if given; ``system``: the hidden ones too."""
    query: Json = {
        "resource": "datasets",
        "filter": {"$and": [{"name": name}]} if name is not None else {},
        "context": {"projects": [project_id]},
    }
    if system:
        query["systemSpace"] = True
    return list(client.pages("/datasets/query", query))


def dataset(client: Client, name: str | None, project_name: str | None) -> Json:
    """A dataset by name, else the one checked out."""
    if name is None:
        return _checked_out("dataset", "-d DATASET")
    return client.one("dataset", name, datasets(client, project(client, project_name)["id"], name))


def binaries(client: Client, project_id: str) -> Json:
    """The hidden dataset that holds a project's codebases."""
    found = datasets(client, project_id, "Binaries", system=True)
    if not found:
        raise FaasError("the project has no 'Binaries' dataset, where code is kept: create the project again")
    return found[0]


def package(client: Client, name: str | None, project_name: str | None) -> Json:
    """A package by name, else the one checked out, as the platform has it now."""
    if name is None:
        return _current(client, "package", "-p PACKAGE")
    project_id = project(client, project_name)["id"]
    return client.one("package", name, client.find("packages", {"projectId": project_id}, {"name": name}))


def service(client: Client, name: str | None, project_name: str | None, package_name: str | None = None) -> Json:
    """A service by name, else the one checked out, as the platform has it now."""
    if name is None:
        return _current(client, "service", "-f SERVICE")
    conditions: list[Json] = [{"projectId": project(client, project_name)["id"]}, {"name": name}]
    if package_name is not None:
        conditions.append({"packageId": package(client, package_name, project_name)["id"]})
    return client.one("service", name, client.find("services", *conditions))


def _checked_out(kind: state.Kind, flag: str) -> Json:
    found = state.checked_out(kind)
    if found is None:
        raise UsageError(f"no {kind} is named and none is checked out here: give {flag} or run 'dlp {kind}s checkout'")
    return found


def _current(client: Client, kind: state.Kind, flag: str) -> Json:
    """What is checked out may have moved on since, or may be known by name only (after ``dlp generate``)."""
    found = _checked_out(kind, flag)
    if not found.get("id"):
        raise UsageError(f"the {kind} checked out here is not on the platform yet: push it, or give {flag}")
    try:
        fresh: Json = client.get(f"/{kind}s/{found['id']}")
    except NotFound:
        raise NotFound(f"the {kind} checked out here ({found.get('name')}) is gone: give {flag}") from None
    return fresh
