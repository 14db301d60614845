"""A dataset as it is kept and as it goes out on the wire (ENDPOINTS 4). Pure: ids and the time are passed in.

Called by the API where datasets are made, changed and answered. Counts and urls are added on the way out: the first
are counted where the items are, the second depend on where the platform is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.merging import an_object, merged
from faas_agent.model.specs.values import show

BINARIES = "Binaries"
"""Every project's hidden dataset of codebases, artifacts and exports."""
LONGEST_NAME = 255
_SWITCHES = ("readonly", "enableSyncWithCloned")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a dataset holds: files that are not hidden, those of them with annotations, annotations."""

    items: int = 0
    annotated: int = 0
    annotations: int = 0


def check_dataset_name(name: object) -> str:
    """The name itself. Raises BadRequest."""
    if not isinstance(name, str) or not name.strip():
        raise BadRequest("name is needed: a dataset has a name that is unique in its project")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadRequest(f"name must be printable and have at most {LONGEST_NAME} characters, not {show(name)}")
    return name


def new_dataset(dataset_id: str, project_id: str, name: str, creator: str, now: str, driver: str) -> dict[str, Any]:
    """An empty dataset without a recipe."""
    return {
        "id": dataset_id,
        "name": name,
        "projects": [project_id],
        "projectId": project_id,
        "creator": creator,
        "createdAt": now,
        "updatedAt": now,
        "updatedBy": creator,
        "metadata": {"system": {"recipes": []}},
        "system": False,
        "readonly": False,
        "driver": driver,
        "indexDriver": "v1",
        "accessLevel": "project",
        "readableType": "dataset",
        "isSyncing": False,
        "enableSyncWithCloned": None,
    }


def patched(dataset: Mapping[str, Any], patch: Mapping[str, Any], *, system: bool) -> dict[str, Any]:
    """The dataset after a PATCH; what is read-only or unknown is dropped. Raises BadRequest.

    A patch with an ``id`` is the whole dataset as the caller knows it, so what its metadata lacks is removed; any
    other is laid over what is there. Without ``system`` the system metadata stays as it is.
    """
    new = dict(dataset)
    if patch.get("name") is not None:
        new["name"] = check_dataset_name(patch["name"])
    for key in _SWITCHES:
        if patch.get(key) is not None:
            if not isinstance(patch[key], bool):
                raise BadRequest(f"{key} must be true or false, not {show(patch[key])}")
            new[key] = patch[key]
    if patch.get("expirationOptions") is not None:
        new["expirationOptions"] = expiration(patch["expirationOptions"])
    if patch.get("metadata") is not None:
        new["metadata"] = _metadata(dataset["metadata"], an_object(patch["metadata"], "metadata"), patch, system=system)
    return new


def _metadata(
    old: Mapping[str, Any], sent: Mapping[str, Any], patch: Mapping[str, Any], *, system: bool
) -> dict[str, Any]:
    changes = {key: value for key, value in sent.items() if key != "system"}
    new = merged({} if "id" in patch else old, changes)
    of_system = an_object(sent.get("system"), "metadata.system") if system else {}
    recipes = of_system.get("recipes", [])
    if not isinstance(recipes, list) or not all(isinstance(one, str) for one in recipes):
        raise BadRequest("metadata.system.recipes must be a list of ids of recipes")
    return {**new, "system": {"recipes": [], **merged(old["system"], of_system)}}


def expiration(options: object) -> dict[str, Any]:
    """``{"itemMaxDays": 7}``. Raises BadRequest."""
    days = an_object(options, "expirationOptions").get("itemMaxDays")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or days < 1):
        raise BadRequest(f"expirationOptions.itemMaxDays must be a number of days, not {show(days)}")
    return {} if days is None else {"itemMaxDays": days}


def on_the_wire(dataset: Mapping[str, Any], counts: Counts, gate_url: str) -> dict[str, Any]:
    """With its counts and the urls the SDK follows."""
    here = f"{gate_url}/datasets/{dataset['id']}"
    return {
        **dataset,
        "itemsCount": counts.items,
        "annotated": counts.annotated,
        "annotationsCount": counts.annotations,
        "url": here,
        "items": f"{here}/items",
        "directoryTree": f"{here}/directoryTree",
    }
