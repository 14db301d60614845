"""What the author of a function imports: ``BaseServiceRunner``, ``Progress`` and ``Context``.

They live with the runner, which is standard library only, and are loaded on first use, so that importing this package
costs nothing. Everything else in here is the platform's own and not a public interface.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faas_agent.pod.runner.service import BaseServiceRunner, Context, Progress

__version__ = "0.1.0"
__all__ = ["BaseServiceRunner", "Context", "Progress", "__version__"]


def __getattr__(name: str) -> Any:
    if name in {"BaseServiceRunner", "Context", "Progress"}:
        return getattr(importlib.import_module("faas_agent.pod.runner.service"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
