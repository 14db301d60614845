"""Settings (ENDPOINTS 20): a named value of a person, project or organisation. Pure: what may be kept."""

from __future__ import annotations

from typing import Any

from faas_agent.errors import BadRequest

VALUE_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "number": (int, float),
    "string": (str,),
    "select": (str, int, float, bool, dict, list),
    "multi-select": (list,),
    "object": (dict,),
    "array": (list,),
}
SCOPES = ("user", "project", "org", "dataset", "task", "DATALOOP")
FIELDS = (
    *("name", "value", "defaultValue", "valueType", "scope", "metadata", "settingType", "sectionName", "description"),
    *("icon", "inputs", "hint", "subSectionName"),
)


def check_setting(setting: dict[str, Any]) -> dict[str, Any]:
    """The fields of a setting, without any other. Raises BadRequest naming the one that is wrong."""
    kept = {field: setting[field] for field in FIELDS if field in setting}
    if not isinstance(kept.get("name"), str) or not kept["name"]:
        raise BadRequest("name: a setting needs one, a text")
    scope = kept.get("scope")
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES or not isinstance(scope.get("id"), str):
        raise BadRequest(f"scope: an object with an 'id' and a 'type' is needed, the type one of {', '.join(SCOPES)}")
    wanted = VALUE_TYPES.get(str(kept.get("valueType")))
    if wanted is None:
        raise BadRequest(f"valueType: one of {', '.join(VALUE_TYPES)}")
    for field in ("value", "defaultValue"):
        _check_value(field, kept.get(field), str(kept["valueType"]), wanted)
    return kept


def _check_value(field: str, value: object, kind: str, wanted: tuple[type, ...]) -> None:
    is_number_for_bool = isinstance(value, bool) and bool not in wanted
    if value is not None and (is_number_for_bool or not isinstance(value, wanted)):
        raise BadRequest(f"{field}: a value of type {kind} is needed here")
