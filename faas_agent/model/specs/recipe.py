"""Labels and attributes of an ontology (ENDPOINTS 7). Pure: trees in, checked or changed trees out, never in place.

A label tree ("roots") holds ``{"value": {"tag", "color", ...}, "children": [...]}``; a label's path joins tags by dots.
Colours are checked because clients evaluate them: only ``#rrggbb`` and ``rgb(r, g, b)`` get through.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from faas_agent.errors import BadRequest

Tree = dict[str, Any]
DEEPEST = 30
ATTRIBUTE_TYPES = ("options", "boolean", "range", "freeText", "number")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}|rgb\( *\d{1,3} *, *\d{1,3} *, *\d{1,3} *\)")
_LABEL_KEYS = ("color", "displayLabel", "attributes", "displayData")


def check_roots(roots: object, depth: int = 1) -> list[Tree]:
    """A label tree as it may be kept. Raises BadRequest naming the label that is wrong."""
    if not isinstance(roots, list):
        raise BadRequest("roots: labels are a list of {value, children}")
    if roots and depth > DEEPEST:
        raise BadRequest(f"roots: labels nest at most {DEEPEST} deep")
    return [_check_root(root, depth) for root in roots]


def _check_root(root: object, depth: int) -> Tree:
    if not isinstance(root, dict) or not isinstance(root.get("value"), dict):
        raise BadRequest("roots: each label is an object with 'value' and 'children'")
    children = check_roots(root.get("children") or [], depth + 1)
    return {**root, "value": _check_value(root["value"], root["value"].get("tag")), "children": children}


def _check_value(value: Mapping[str, Any], tag: object) -> dict[str, Any]:
    if not isinstance(tag, str) or not tag.strip():
        raise BadRequest("each label must have a tag: a text that is not empty")
    color = value.get("color") or "#" + hashlib.sha256(tag.encode()).hexdigest()[:6]
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        raise BadRequest(f"label {tag!r}: a color is written #rrggbb or rgb(r, g, b)")
    return {**value, "tag": tag, "color": color, "attributes": _texts(value.get("attributes"), f"label {tag!r}")}


def _texts(values: object, where: str) -> list[str]:
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadRequest(f"{where}: attributes is a list of texts")
    return values


def merge_labels(roots: Sequence[Tree], nodes: object, upsert: bool) -> list[Tree]:
    """The tree with each node ``{"tag": "a.b", ...}`` put in or changed. Without ``upsert`` a label has to be there."""
    if not isinstance(nodes, list) or any(not isinstance(node, dict) for node in nodes):
        raise BadRequest("labelsNode: a list of labels is needed, each an object with a 'tag'")
    merged = deepcopy(list(roots))
    for node in nodes:
        _put(merged, node, upsert)
    return merged


def _put(roots: list[Tree], node: Mapping[str, Any], upsert: bool) -> None:
    path = node.get("tag")
    if not isinstance(path, str) or not all(path.split(".")) or path.count(".") >= DEEPEST:
        raise BadRequest("labelsNode: each label must have a tag, with dots between the names of nested labels")
    tags = path.split(".")
    level = roots
    for depth, tag in enumerate(tags, 1):
        found = next((root for root in level if root["value"]["tag"] == tag), None)
        if found is None:
            if not upsert:
                raise BadRequest(f"label {path!r} does not exist: send 'upsert': true to add it")
            found = {"value": _check_value({}, tag), "children": []}
            level.append(found)
        if depth == len(tags):
            sent = {key: node[key] for key in _LABEL_KEYS if node.get(key) is not None}
            found["value"] = _check_value({**found["value"], **sent}, tag)
        level = found["children"]


def merge_attributes(attributes: Sequence[Tree], items: object, upsert: bool) -> list[Tree]:
    """The attributes with each item put in, or in place of the one with its key."""
    if not isinstance(items, list) or any(not isinstance(item, dict) for item in items):
        raise BadRequest("items: a list of attributes is needed, each an object with title, key and type")
    merged = {attribute["key"]: attribute for attribute in attributes}
    for item in items:
        attribute = _check_attribute(item)
        if attribute["key"] in merged and not upsert:
            raise BadRequest(f"attribute {attribute['key']!r} is there already: send 'upsert': true to change it")
        merged[attribute["key"]] = attribute
    return list(merged.values())


def _check_attribute(item: Mapping[str, Any]) -> Tree:
    for name in ("title", "key"):
        if not isinstance(item.get(name), str) or not item[name]:
            raise BadRequest(f"attribute: {name} is needed, a text")
    if item.get("type") not in ATTRIBUTE_TYPES:
        raise BadRequest(f"attribute {item['key']!r}: type is one of {', '.join(ATTRIBUTE_TYPES)}")
    script = {name: item[name] for name in ("title", "type", "optional", "multi") if name in item}
    return {**item, "scope": item.get("scope") or ["*"], "scriptData": script}


def without_attributes(attributes: Sequence[Tree], keys: object) -> list[Tree]:
    """The attributes except those keys; a key that is not there is no error."""
    if not isinstance(keys, list):
        raise BadRequest("keys: a list of attribute keys is needed")
    return [attribute for attribute in attributes if attribute["key"] not in keys]
