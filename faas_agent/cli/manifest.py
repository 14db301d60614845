"""``package.json`` and the code beside it: what is declared and whether the code has it. Never imports user code.

Enters: a folder. Leaves: name and modules, or a UsageError that lists everything that does not fit, before anything
is sent. Called by ``dlp packages push``, ``deploy`` and ``test``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError
from faas_agent.model.specs.package import DEFAULT_CLASS, DEFAULT_ENTRY_POINT, DEFAULT_MODULE, check_modules

DEFAULT_NAME = "default-package"
GIVEN_BY_THE_RUNNER = frozenset({"self", "progress", "context"})
Method = ast.FunctionDef | ast.AsyncFunctionDef
_MAY_DEFINE = (ast.If, ast.Try, ast.With, ast.For)
DEFAULT: Json = {
    "name": DEFAULT_MODULE,
    "className": DEFAULT_CLASS,
    "entryPoint": DEFAULT_ENTRY_POINT,
    "initInputs": [],
    "functions": [{"name": "run", "description": "", "input": [], "output": []}],
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of code says about itself."""

    folder: Path
    name: str
    modules: list[Json]
    extra: Json
    """Other keys of package.json that the platform keeps: slots, requirements, metadata."""


def read(folder: Path) -> Manifest:
    """package.json of the folder, or the defaults when there is none."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    file = folder / "package.json"
    return of(folder, read_json(file) if file.is_file() else {})


def of(folder: Path, declared: Json) -> Manifest:
    """The manifest that this object declares. Raises BadRequest or Conflict when it is of another shape."""
    modules = check_modules(declared.get("modules") or [DEFAULT])
    extra = {key: declared[key] for key in ("slots", "requirements", "metadata") if declared.get(key)}
    return Manifest(folder, str(declared.get("name") or DEFAULT_NAME), modules, extra)


def read_json(file: Path) -> Json:
    """A JSON object that a person wrote. Raises UsageError with the line of a mistake."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no {file}") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}, line {error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file} cannot be read as text") from None
    if not isinstance(found, dict):
        raise UsageError(f"{file} has to hold a JSON object")
    return found


def check(manifest: Manifest) -> None:
    """Raise UsageError when the code lacks what package.json declares: a file, a class, a function, an input."""
    wrong = [problem for module in manifest.modules for problem in _problems(manifest.folder, module)]
    if wrong:
        raise UsageError(f"{manifest.folder.name}: {'; '.join(wrong)}")


def _problems(folder: Path, module: Json) -> Iterator[str]:
    entry_point = str(module.get("entryPoint") or DEFAULT_ENTRY_POINT)
    class_name = str(module.get("className") or DEFAULT_CLASS)
    file = folder / entry_point
    if not file.is_file():
        yield f"there is no {entry_point}, the entry point of module {module['name']!r}"
        return
    try:
        tree = ast.parse(file.read_bytes(), entry_point)
    except (SyntaxError, ValueError) as error:
        yield f"{entry_point} does not parse, line {getattr(error, 'lineno', None) or '?'}: {error.args[0]}"
        return
    found = _classes(tree).get(class_name)
    if found is None:
        yield from () if _is_imported(tree, class_name) else [f"{entry_point} has no class {class_name}"]
        return
    yield from _methods_missing(entry_point, found, _classes(tree), module)


def _methods_missing(
    entry_point: str, found: ast.ClassDef, classes: dict[str, ast.ClassDef], module: Json
) -> Iterator[str]:
    methods, complete = _methods(found, classes)
    for function in module.get("functions") or []:
        if function["name"] in methods:
            yield from _inputs_missing(methods[function["name"]], function.get("input") or [])
        elif complete:
            yield f"class {found.name} in {entry_point} has no function {function['name']!r}"
    yield from _inputs_missing(methods.get("__init__"), module.get("initInputs") or [])


def _inputs_missing(method: Method | None, inputs: list[Any]) -> Iterator[str]:
    if method is None:
        return
    declared = {one.get("name") for one in inputs if isinstance(one, dict)}
    for name in _required(method.args):
        if name not in declared | GIVEN_BY_THE_RUNNER:
            yield f"{method.name} needs {name!r}, which package.json does not declare as an input"


def _required(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from (one.arg for one in positional[: len(positional) - len(arguments.defaults)])
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from (one.arg for one, default in pairs if default is None)


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _is_imported(tree: ast.Module, name: str) -> bool:
    """A name that is imported, assigned or comes with ``*`` may well be the class: only the runner can tell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) in {name, "*"} for one in node.names):
            return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
            return True
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in ast.walk(tree))


def _methods(found: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> tuple[dict[str, Method | None], bool]:
    """What the class has by name, None for what is assigned to a name; and whether that is all of it."""
    methods: dict[str, Method | None] = {}
    complete = not found.decorator_list and not any(isinstance(node, _MAY_DEFINE) for node in found.body)
    others = {name: other for name, other in classes.items() if name != found.name}
    for base in reversed(found.bases):
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        if name in others:
            inherited, whole = _methods(others[name], others)
            methods.update(inherited)
            complete = complete and whole
        elif name not in {"BaseServiceRunner", "object"}:
            complete = False
    for node in found.body:
        if isinstance(node, Method):
            methods[node.name] = node
        elif isinstance(node, ast.Assign):
            methods.update({target.id: None for target in node.targets if isinstance(target, ast.Name)})
    return methods, complete
