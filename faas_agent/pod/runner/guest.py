"""Manners of a process that runs in somebody else's house: ends with its host, claims no name of the user's.

Enters: nothing. Leaves: nothing but a kernel setting and one tiny module. Called once, before user code is imported.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import types

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Linux: the kernel ends this process when the one that started it is gone, even while it is stuck in C.

    Elsewhere the end of the connection has to do.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def offer_public_names(service: types.ModuleType) -> None:
    """``from faas_agent import BaseServiceRunner`` works in user code, with or without the project installed there."""
    module = types.ModuleType("faas_agent", "What the author of a function imports.")
    names = ["BaseServiceRunner", "Context", "Progress"]
    for name in names:
        setattr(module, name, getattr(service, name))
    module.__dict__["__all__"] = names
    sys.modules["faas_agent"] = module
