"""Whether a codebase needs the SDK in its environment. Enters: its folder, and the functions of its module.

The SDK is large, so code that never meets it is spared it. Called by ``environment``. It reads the code, and never
runs it; code with a syntax error still says what it imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from faas_agent.model.specs.package import ENTITY_TYPES

_IMPORT_LINE = re.compile(r"^\s*(?:import|from)\s+dtlpy\b", re.MULTILINE)


def needs_sdk(codebase: Path, functions: Iterable[Mapping[str, Any]], init_inputs: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an input is one of the SDK's entities, or a file of the codebase imports dtlpy.

    ``functions`` and ``init_inputs``: as ``package.json`` has them.
    """
    inputs = [*init_inputs, *(entry for function in functions for entry in function.get("input") or ())]
    if any(str(entry.get("type")).removesuffix("[]") in ENTITY_TYPES for entry in inputs):
        return True
    return any(_imports_sdk(path) for path in sorted(codebase.rglob("*.py")) if path.is_file())


def _imports_sdk(path: Path) -> bool:
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _IMPORT_LINE.search(source.decode(errors="replace")) is not None
    return any(name.partition(".")[0] == "dtlpy" for node in ast.walk(tree) for name in _imported(node))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or ""]
    return []
