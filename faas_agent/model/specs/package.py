"""A package: modules, functions and their typed inputs, as pushed (ENDPOINTS 14). Pure.

Enters: the JSON of a push. Leaves: the same JSON, checked; it is stored and answered unchanged, because callers compare
it with their own. Raises BadRequest naming the field, Conflict for a name used twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from faas_agent.errors import BadRequest, Conflict
from faas_agent.model.specs.values import show

ENTITY_TYPES = (
    "Dataset", "Item", "Annotation", "Execution", "Task", "Assignment", "Service", "Package", "Project", "Recipe",
    "Model", "Message", "Pipeline", "Compute", "User",
)  # fmt: skip
PLAIN_TYPES = ("Json", "String", "Number", "Integer", "Float", "Boolean")
TYPES = frozenset(kind + many for kind in ENTITY_TYPES + PLAIN_TYPES for many in ("", "[]"))
DEFAULT_MODULE, DEFAULT_CLASS, DEFAULT_ENTRY_POINT = "default_module", "ServiceRunner", "main.py"
OPERATORS = (None, "", "==", ">", "<", ">=", "<=", "!=", "~=")
OTHER_FIELDS: dict[str, tuple[type, str]] = {
    "type": (str, "a text"),
    "global": (bool, "true or false"),
    "metadata": (dict, "an object"),
    "serviceConfig": (dict, "an object"),
    "uiHooks": (list, "a list"),
    "panels": (list, "a list"),
}
"""Fields that the platform keeps for its callers and has no use for itself."""
MODULE_NAME = re.compile(r"[\w][\w .\-]{0,63}")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def check_package(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller may set of a package, checked; the codebase is checked by whoever can look for it."""
    for name, (kind, words) in OTHER_FIELDS.items():
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise BadRequest(f"{name}: {words} is needed, not {show(given[name])}")
    found = {"global": False, **given, "modules": check_modules(given.get("modules"))}
    if "slots" in found:
        found["slots"] = _objects(found["slots"], "slots")
    if "requirements" in found:
        found["requirements"] = check_requirements(found["requirements"])
    return found


def check_modules(raw: object) -> list[dict[str, Any]]:
    """The modules of a package, with ``computeConfig: null`` left out as the wire wants it."""
    modules = _objects(raw, "modules")
    for number, module in enumerate(modules):
        _check_module(module, f"modules[{number}]")
    _unique([module["name"] for module in modules], "modules", "module")
    return [
        {key: value for key, value in module.items() if not (key == "computeConfig" and value is None)}
        for module in modules
    ]


def find_module(package: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """The module a service runs; without a name the only one, or the default. Raises BadRequest."""
    modules: list[dict[str, Any]] = package.get("modules") or []
    names = [module["name"] for module in modules]
    wanted = name or (names[0] if len(names) == 1 else DEFAULT_MODULE)
    if wanted not in names:
        raise BadRequest(f"moduleName: the package has no module {wanted!r}, it has {', '.join(names) or 'none'}")
    return modules[names.index(wanted)]


def find_function(module: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A function of a module. Raises BadRequest naming those there are."""
    functions: list[dict[str, Any]] = module.get("functions") or []
    for function in functions:
        if function.get("name") == name:
            return function
    known = ", ".join(str(function.get("name")) for function in functions)
    raise BadRequest(f"functionName: the module {module['name']!r} has no function {name!r}, it has {known or 'none'}")


def check_requirements(raw: object) -> list[dict[str, Any]]:
    """``[{name, version?, operator?}]``; other keys would crash the SDK when it reads them back.

    Names and versions are kept as they come: the SDK makes this list of a ``requirements.txt`` with blank lines,
    markers and options in it, and the replica takes the file itself for the truth.
    """
    found = _objects(raw, "requirements")
    for number, requirement in enumerate(found):
        extra = set(requirement) - {"name", "version", "operator"}
        if extra:
            raise BadRequest(
                f"requirements[{number}]: unknown key {sorted(extra)[0]!r}; use name, version and operator"
            )
        if not isinstance(requirement.get("name"), str):
            raise BadRequest(f"requirements[{number}].name: a requirement needs a name")
        if requirement.get("operator") not in OPERATORS:
            raise BadRequest(f"requirements[{number}].operator: {show(requirement['operator'])} is not a comparison")
        if not isinstance(requirement.get("version") or "", str):
            raise BadRequest(f"requirements[{number}].version: a text such as 1.2.3 is needed")
    return found


def _check_module(module: Mapping[str, Any], where: str) -> None:
    name = module.get("name")
    if not isinstance(name, str) or not MODULE_NAME.fullmatch(name):
        raise BadRequest(f"{where}.name: a module needs a name of letters, digits, dashes and underscores")
    entry = module.get("entryPoint") or DEFAULT_ENTRY_POINT
    if not isinstance(entry, str) or ".." in PurePosixPath(entry).parts or entry.startswith("/") or "\0" in entry:
        raise BadRequest(f"{where}.entryPoint: a path inside the codebase, such as main.py, not {show(entry)}")
    if module.get("className") is not None and not IDENTIFIER.fullmatch(str(module["className"])):
        raise BadRequest(f"{where}.className: {show(module['className'])} is not the name of a class")
    _check_inputs(module.get("initInputs"), f"{where}.initInputs")
    functions = _objects(module.get("functions"), f"{where}.functions")
    for number, function in enumerate(functions):
        here = f"{where}.functions[{number}]"
        if not isinstance(function.get("name"), str) or not IDENTIFIER.fullmatch(function["name"]):
            raise BadRequest(f"{here}.name: {show(function.get('name'))} is not the name of a function")
        _check_inputs(function.get("input"), f"{here}.input")
        _check_inputs(function.get("output"), f"{here}.output")
    _unique([function["name"] for function in functions], f"{where}.functions", "function")


def _check_inputs(raw: object, where: str) -> None:
    found = _objects(raw, where)
    for number, parameter in enumerate(found):
        if not isinstance(parameter.get("name"), str) or not parameter["name"]:
            raise BadRequest(f"{where}[{number}].name: a name is needed")
        kind = parameter.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            raise BadRequest(f"{where}[{number}].type: {show(kind)} is not a type of an input")
    _unique([parameter["name"] for parameter in found], where, "name")


def _objects(raw: object, where: str) -> list[dict[str, Any]]:
    if raw is None:
        return []
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not all(isinstance(one, dict) for one in raw):
        raise BadRequest(f"{where}: a list of objects is needed")
    return list(raw)


def _unique(names: Sequence[str], where: str, what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Conflict(f"{where}: the {what} {twice[0]!r} is there twice; give each its own")
