"""What a codebase imports, and what that means for its environment. Enters: its folder. Leaves: names.

Called by ``environment``. It reads the code, and never runs it; code with a syntax error still says what it imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from faas_agent.model.specs.package import ENTITY_TYPES

COMMON = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "numpy": "numpy",
    "pandas": "pandas",
    "requests": "requests",
}
"""Module -> what provides it. The SDK's authors count on these being there: a function deployed by itself
(``services.deploy(func=...)``) has no file in which it could ask for them."""
_IMPORT_LINE = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


def imported(codebase: Path) -> frozenset[str]:
    """The top-level modules that any file of it imports, its own among them."""
    return frozenset(name for path in codebase.rglob("*.py") if path.is_file() for name in _imported_by(path))


def needs_sdk(
    modules: frozenset[str], functions: Iterable[Mapping[str, Any]], init_inputs: Iterable[Mapping[str, Any]]
) -> bool:
    """Whether an input is one of the SDK's entities, or the code imports dtlpy. It is large: others are spared it.

    ``functions`` and ``init_inputs``: as ``package.json`` has them.
    """
    inputs = [*init_inputs, *(entry for function in functions for entry in function.get("input") or ())]
    return "dtlpy" in modules or any(str(entry.get("type")).removesuffix("[]") in ENTITY_TYPES for entry in inputs)


def common(codebase: Path, modules: frozenset[str]) -> tuple[str, ...]:
    """Requirements for those of the common modules that the code imports and does not bring along."""
    own = {path.stem for path in codebase.iterdir()}
    return tuple(requirement for name, requirement in COMMON.items() if name in modules - own)


def _imported_by(path: Path) -> Iterator[str]:
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _IMPORT_LINE.findall(source.decode(errors="replace"))
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]
