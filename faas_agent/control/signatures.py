"""Which inputs a function cannot do without: those whose parameter has no default, read from the code as text.

Called when a package gets a revision. The code is parsed, never run. Code that cannot be read here (git, a very large
zip, a class that inherits its functions) says nothing, and then it is the runner that says what is missing.
"""

from __future__ import annotations

import ast
import tempfile
import zipfile
from collections.abc import Mapping
from typing import IO, Any

from faas_agent.control.platform import Platform
from faas_agent.errors import BadRequest
from faas_agent.model.specs.codebase import ItemCodebase, parse_codebase
from faas_agent.model.specs.package import DEFAULT_CLASS, DEFAULT_ENTRY_POINT
from faas_agent.ports.store import items
from faas_agent.ports.store.session import Session

LARGEST_ZIP, LARGEST_SOURCE, IN_MEMORY = 64 * 1024**2, 2 * 1024**2, 8 * 1024**2
Required = dict[str, dict[str, list[str]]]
"""Module -> function -> names of parameters. A function that is not there is not known."""


def required_inputs(session: Session, platform: Platform, package: Mapping[str, Any]) -> Required:
    """What is known of the package's functions."""
    key = _blob_key(session, package.get("codebase"))
    size = None if key is None else platform.blobs.size(key)
    if key is None or size is None or size > LARGEST_ZIP:
        return {}
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        for chunk in platform.blobs.read(key):
            file.write(chunk)
        return {module["name"]: _of_module(file, module) for module in package["modules"]}


def _blob_key(session: Session, raw: object) -> str | None:
    try:
        codebase = parse_codebase(raw)
    except BadRequest:
        return None
    return items.blob_key(session, codebase.item_id) if isinstance(codebase, ItemCodebase) else None


def _of_module(file: IO[bytes], module: Mapping[str, Any]) -> dict[str, list[str]]:
    """By function, of those that the class itself defines."""
    try:
        tree = ast.parse(_source(file, module.get("entryPoint") or DEFAULT_ENTRY_POINT))
    except (OSError, KeyError, ValueError, SyntaxError, RecursionError, MemoryError, zipfile.BadZipFile):
        return {}
    name = module.get("className") or DEFAULT_CLASS
    found = [one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == name]
    body = found[-1].body if found else []
    functions = [one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {one.name: _without_default(one.args) for one in functions}


def _source(file: IO[bytes], name: str) -> bytes:
    with zipfile.ZipFile(file) as archive, archive.open(name) as member:
        source = member.read(LARGEST_SOURCE + 1)
    if len(source) > LARGEST_SOURCE:
        raise ValueError("too large to be read for its signatures")
    return source


def _without_default(args: ast.arguments) -> list[str]:
    named = [*args.posonlyargs, *args.args]
    fixed = named[: len(named) - len(args.defaults)]
    fixed += [one for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is None]
    return [one.arg for one in fixed]
