"""What an annotation may be and how a diff changes it (ENDPOINTS 6). Pure.

Every type is stored as sent; only the shapes that clients index into without looking are checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from faas_agent.errors import BadRequest
from faas_agent.model.specs.merging import an_object, merged

SENT = ("type", "label", "attributes", "coordinates", "metadata", "description", "source", "labelSuggestions")
"""What a caller says of an annotation; everything else is ours, or dropped."""
ALWAYS_SET = ("snapshots_",)
"""In ``metadata.system``: sent with every update of a video annotation, also without ``system=true``."""


def new_annotation(sent: object) -> dict[str, Any]:
    """What the caller says, checked. Raises BadRequest naming what is missing or wrong."""
    if not isinstance(sent, dict):
        raise BadRequest("an annotation is an object with type, label and coordinates")
    return _checked({key: sent[key] for key in SENT if sent.get(key) is not None})


def changed(annotation: Mapping[str, Any], diff: Mapping[str, Any], *, system: bool) -> dict[str, Any]:
    """The annotation with a diff laid over it. Without ``system`` what the platform keeps in its metadata stays."""
    told = {key: diff[key] for key in SENT if key in diff}
    metadata = an_object(told.get("metadata"), "metadata")
    if not system and "system" in metadata:
        inner = an_object(metadata["system"], "metadata.system")
        told["metadata"] = metadata | {"system": {key: inner[key] for key in ALWAYS_SET if key in inner}}
    return _checked(merged(annotation, told))


def content_hash(annotation: Mapping[str, Any]) -> str:
    """The same for two annotations that say the same."""
    said = [annotation.get(key) for key in ("type", "label", "coordinates", "attributes")]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]


def _checked(annotation: dict[str, Any]) -> dict[str, Any]:
    for key in ("type", "label"):
        if not isinstance(annotation.get(key), str) or not annotation[key]:
            raise BadRequest(f"{key}: an annotation needs one, a text that is not empty")
    if not _has_shape(annotation["type"], annotation.get("coordinates")):
        raise BadRequest(f"coordinates: not those of an annotation of type {annotation['type']!r}: {_SHAPES}")
    metadata = an_object(annotation.get("metadata"), "metadata")
    metadata = metadata | {"system": an_object(metadata.get("system"), "metadata.system")}
    blank: dict[str, Any] = {"attributes": [], "coordinates": []}
    return blank | annotation | {"metadata": metadata}


_SHAPES = (
    "a box is two {x, y} in a list, a point is one {x, y}, a segment or polyline lists of {x, y}, a class has none"
)


def _has_shape(kind: str, coordinates: object) -> bool:
    match kind:
        case "class":
            return not coordinates
        case "point":
            return _is_point(coordinates)
        case "box":
            return isinstance(coordinates, list) and len(coordinates) >= 2 and all(map(_is_point, coordinates[:2]))
        case "segment" | "polyline":
            return isinstance(coordinates, list) and bool(coordinates) and all(map(_is_line, coordinates))
    return True


def _is_line(part: object) -> bool:
    return _is_point(part) or (isinstance(part, list) and all(map(_is_point, part)))


def _is_point(value: object) -> bool:
    return isinstance(value, dict) and all(_is_number(value.get(axis)) for axis in ("x", "y"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
