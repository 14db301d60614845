"""An item as it is kept and as it goes out on the wire (ENDPOINTS 5). Pure: ids and the time are passed in.

Called by the API where items are made, changed and answered. What is kept is what is sent, but for the urls, which
depend on where the platform is reached and are added on the way out. Never holds where the bytes are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from faas_agent.errors import BadRequest
from faas_agent.model.specs.merging import an_object, merged
from faas_agent.model.specs.place import Place
from faas_agent.model.specs.sniff import HEAD, image_size, media_type
from faas_agent.model.specs.values import json_value, show

FACTS = ("size", "mimetype", "originalname", "encoding", "width", "height", "shebang")
"""System metadata that says what the bytes are."""
KEPT_FACTS = ("size", "mimetype")
"""System metadata that no change removes: the SDK compares downloads with the one and asks the other for images."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Of whom, when and for which dataset an item is made."""

    dataset_id: str
    project_id: str
    creator: str
    now: str


def new_item(item_id: str, origin: Origin, place: Place, kind: Literal["file", "dir"]) -> dict[str, Any]:
    """A file or folder that is not there yet."""
    return {
        "id": item_id,
        "datasetId": origin.dataset_id,
        "projectId": origin.project_id,
        "filename": place.filename,
        "dir": place.dir,
        "name": place.name,
        "hidden": place.hidden,
        "type": kind,
        "metadata": {"system": {}},
        "annotated": False,
        "annotationsCount": 0,
        "spec": None,
        "creator": origin.creator,
        "createdAt": origin.now,
        "updatedAt": origin.now,
        "updatedBy": origin.creator,
    }


def facts(name: str, size: int, head: bytes) -> dict[str, Any]:
    """The system metadata of bytes that were uploaded under that name: ``head`` is where they begin."""
    found: dict[str, Any] = {
        "size": size,
        "mimetype": media_type(name, head),
        "originalname": name,
        "encoding": "7bit",
    }
    dimensions = image_size(head)
    if dimensions is not None:
        found["width"], found["height"] = dimensions
    shebang = _shebang(head) if size <= HEAD else None
    return found if shebang is None else found | {"shebang": shebang}


def _shebang(content: bytes) -> dict[str, Any] | None:
    """What a small JSON file says of itself: a link and where it leads, a prompt."""
    if not content.lstrip().startswith(b"{") or b'"shebang"' not in content:
        return None
    try:
        told = json_value("the file", json.loads(content))
    except (ValueError, RecursionError, BadRequest):
        return None
    metadata = told.get("metadata")
    return metadata if told.get("shebang") == "dataloop" and isinstance(metadata, dict) else None


def with_bytes(item: Mapping[str, Any], found: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The item after an upload: ``given`` metadata laid over its own, the facts of the bytes over both."""
    metadata = merged(item["metadata"], given)
    system = an_object(metadata.get("system"), "metadata.system")
    stale = ("width", "height", "shebang")
    kept = {key: value for key, value in system.items() if key not in stale}
    return {**item, "metadata": {**metadata, "system": {**kept, **found}}}


def patched(item: Mapping[str, Any], patch: Mapping[str, Any], *, system: bool) -> dict[str, Any]:
    """The item after a PATCH of metadata and description; other fields are dropped. Raises BadRequest.

    Without ``system`` the system metadata stays as it is.
    """
    new = dict(item)
    if "metadata" in patch:
        new["metadata"] = _metadata(item["metadata"], patch["metadata"], system=system)
    if "description" in patch:
        text = patch["description"]
        if text is not None and not isinstance(text, str):
            raise BadRequest(f"description must be a text, not {show(text)}")
        new.pop("description", None)
        if text:
            new["description"] = text
    return new


def _metadata(old: Mapping[str, Any], diff: object, *, system: bool) -> dict[str, Any]:
    if diff is None:
        diff = dict.fromkeys(old)
    changes = dict(an_object(diff, "metadata"))
    asked = changes.pop("system", {})
    new = merged(old, changes)
    if system:
        of_system = dict.fromkeys(old["system"]) if asked is None else an_object(asked, "metadata.system")
        kept = {key: value for key, value in old["system"].items() if key in KEPT_FACTS}
        told = merged(old["system"], of_system)
        new["system"] = {**told, **{key: value for key, value in kept.items() if key == "size" or key not in told}}
    return new


def moved(item: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The item at another place; its type and media type stay."""
    return {**item, "filename": place.filename, "dir": place.dir, "name": place.name, "hidden": place.hidden}


def on_the_wire(item: Mapping[str, Any], gate_url: str) -> dict[str, Any]:
    """With the urls the SDK follows."""
    here = f"{gate_url}/items/{item['id']}"
    sent = {**item, "url": here, "dataset": f"{gate_url}/datasets/{item['datasetId']}"}
    if item["type"] == "dir":
        return {**sent, "items": f"{gate_url}/datasets/{item['datasetId']}/query"}
    return {**sent, "stream": f"{here}/stream", "thumbnail": f"{here}/thumbnail", "annotations": f"{here}/annotations"}
