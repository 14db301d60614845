"""Code becomes a package, a package a service (ENDPOINTS 12, 14, 15), with the calls and the order of the SDK.

Enters: a checked manifest, or a package. Leaves: the entity as the platform has it. Called by ``dlp packages`` and
``dlp deploy``. A package that is refused leaves no code behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faas_agent.cli import codebase, session
from faas_agent.cli.jsonfile import Json
from faas_agent.cli.manifest import Manifest
from faas_agent.errors import Conflict
from faas_agent.model.specs.package import DEFAULT_MODULE, find_module

if TYPE_CHECKING:
    from faas_agent.cli.client import Client


def push(client: Client, project_id: str, manifest: Manifest, name: str, codebase_id: str | None = None) -> Json:
    """Create the package or add a revision to it. ``codebase_id``: code that is there already."""
    from faas_agent.cli.client import quoted

    client.get(f"/piper-misc/naming/packages/{quoted(name)}")
    if codebase_id is not None:
        return _create_or_update(client, project_id, manifest, name, codebase_id)
    stored = codebase.store(client, project_id, name, manifest.folder)
    try:
        return _create_or_update(client, project_id, manifest, name, stored.item_id)
    except Exception:
        if stored.is_new:
            client.delete(f"/items/{stored.item_id}")
        raise


def deploy(client: Client, project_id: str, package: Json, name: str, spec: Json) -> Json:
    """Make or update the service ``name`` so that it runs the package's latest revision with this specification."""
    found = client.find("services", {"name": name}, {"projectId": project_id})
    wanted = {**spec, "packageRevision": package["version"]}
    if found:
        there = client.one("service", name, found)
        if there["packageId"] != package["id"]:
            raise Conflict(f"the service {name!r} runs another package: delete it first, or give this one another name")
        updated: Json = client.patch(f"/services/{there['id']}", merge(there, wanted))
        return updated
    created: Json = client.post(
        "/services",
        {
            "name": name,
            "projectId": project_id,
            "packageId": package["id"],
            "initParams": {},
            "versions": None,
            "driverId": None,
            "active": True,
            **wanted,
        },
    )
    return created


def add_artifacts(client: Client, project_id: str, package_name: str, files: Sequence[Path]) -> None:
    """Put files where the package's functions find them as its artifacts; one of the same name is replaced."""
    from faas_agent.cli.upload import Plan, upload

    dataset_id = session.binaries(client, project_id)["id"] if files else ""
    for file in files:
        upload(client, dataset_id, Plan(file, f"/artifacts/packages/{package_name}/{file.name}"), overwrite=True)


def module_of(package: Json, name: str) -> str:
    """The module to run; the default stands for the only one where there is one. Raises BadRequest."""
    return str(find_module(package, None if name == DEFAULT_MODULE else name)["name"])


def merge(old: Json, new: Json) -> Json:
    """``old`` with what ``new`` says, object by object."""
    both = {
        key: merge(old[key], value)
        for key, value in new.items()
        if isinstance(value, dict) and isinstance(old.get(key), dict)
    }
    return {**old, **new, **both}


def _create_or_update(client: Client, project_id: str, manifest: Manifest, name: str, item_id: str) -> Json:
    wanted: Json = {
        "modules": manifest.modules,
        "codebase": {"type": "item", "itemId": item_id},
        **manifest.extra,
    }
    packages = client.find("packages", {"projectId": project_id}, {"name": name})
    if packages:
        updated: Json = client.patch(f"/packages/{packages[0]['id']}", {**packages[0], **wanted})
        return updated
    whole = {"name": name, "projectId": project_id, "global": False, "slots": None, "serviceConfig": None}
    created: Json = client.post("/packages", {**whole, "type": "faas", **wanted})
    return created
