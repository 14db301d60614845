"""From a folder of code to a ready instance with its functions.

Enters: the ``start`` frame. Leaves: a ``Loaded``. Every way to fail is a ``StartError`` whose reason says whose turn
it is and whose message says what to change.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
from typing import Any, Callable, Dict, List, Optional

from . import inputs, sdk, trace
from .failures import StartError
from .wire import Frame

DEFAULT_CLASS = "ServiceRunner"


class Function:
    """One function of the service, ready to be called."""

    def __init__(self, name: str, target: Callable[..., Any], declared: Frame) -> None:
        self.name = name
        self.target = target
        self.inputs: List[Frame] = declared.get("input") or []
        self.outputs: List[Frame] = declared.get("output") or []
        self.parameters = inputs.parameters_of(target)
        self.is_async = inspect.iscoroutinefunction(target)


class Loaded:
    """The instance and its functions. A public method that is not declared may be called too, with any JSON values."""

    def __init__(self, instance: Any, declared: List[Frame]) -> None:
        self.instance = instance
        self._functions: Dict[str, Function] = {}
        for entry in declared:
            self._functions[str(entry["name"])] = Function(str(entry["name"]), getattr(instance, entry["name"]), entry)

    def function(self, name: str) -> Optional[Function]:
        """None when there is no such function."""
        if name not in self._functions:
            target = None if name.startswith("_") else getattr(self.instance, name, None)
            if not callable(target):
                return None
            self._functions[name] = Function(name, target, {})
        return self._functions[name]


def import_entry_point(codebase: str, entry_point: str) -> Any:
    """The entry point as a module that pickles by name; the codebase becomes the working directory."""
    path = os.path.join(codebase, entry_point)
    if not os.path.isfile(path):
        there = ", ".join(sorted(os.listdir(codebase))[:20]) if os.path.isdir(codebase) else "nothing"
        raise StartError(
            "no-entry-point", f"The entry point {entry_point!r} is not in the codebase, which has: {there}"
        )
    os.chdir(codebase)
    sys.path[:0] = list(dict.fromkeys([os.path.abspath(codebase), os.path.dirname(os.path.abspath(path))]))
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise StartError("no-entry-point", f"The entry point {entry_point!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise _failed("import-failed", f"Importing {entry_point} failed: {_said(error)}", error) from None
    return module


def instance_of(module: Any, start: Frame) -> Any:
    """The service's class, instantiated with the ``init_params`` that its ``__init__`` takes."""
    entry_point, class_name = start["entry_point"], start.get("class_name") or DEFAULT_CLASS
    kind = getattr(module, class_name, None)
    if not isinstance(kind, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type) and not name.startswith("_")]
        has = ", ".join(sorted(classes)) or "no class"
        raise StartError("wrong-class", f"{entry_point} has no class {class_name!r}; it has: {has}")
    _refuse_missing_functions(kind, class_name, start.get("functions") or [])
    try:
        return kind(**_init_arguments(kind, start))
    except inputs.InputError as error:
        raise StartError("init-failed", f"{class_name}.__init__: {error}") from None
    except BaseException as error:
        raise _failed("init-failed", f"{class_name}.__init__ failed: {_said(error)}", error) from None


def needs_sdk(start: Frame) -> bool:
    """Whether any declared input is an entity."""
    lists = [start.get("init_inputs") or [], *(entry.get("input") or [] for entry in start.get("functions") or [])]
    return any(str(entry.get("type")).replace("[]", "") in sdk.KINDS for declared in lists for entry in declared)


def import_sdk() -> None:
    """At start rather than in the first call: it takes seconds, and children inherit it."""
    try:
        sdk.module()
    except ImportError as error:
        message = f"A function takes entities, so the environment needs dtlpy, which it cannot import: {error}"
        raise _failed("import-failed", message, error) from None


def _init_arguments(kind: type, start: Frame) -> Frame:
    """Extra parameters of the service are left out: one service's ``initParams`` may serve several classes."""
    parameters = {} if kind.__init__ is object.__init__ else inputs.parameters_of(kind)  # type: ignore[misc]
    taken = inputs.takes_anything(parameters)
    given = {key: value for key, value in (start.get("init_params") or {}).items() if taken or key in parameters}
    declared = [entry for entry in start.get("init_inputs") or [] if taken or entry.get("name") in parameters]
    return inputs.arguments(declared, parameters, given, {}, text=True)


def _refuse_missing_functions(kind: type, class_name: str, functions: List[Frame]) -> None:
    missing = [entry["name"] for entry in functions if not callable(getattr(kind, entry["name"], None))]
    if missing:
        names = ", ".join(repr(name) for name in missing)
        raise StartError("wrong-class", f"The class {class_name} has no function {names}, which its module declares")


def _module_name(path: str) -> str:
    """The file's own name, so that its classes pickle; another one where that name is taken by a loaded module."""
    name = re.sub(r"\W", "_", os.path.splitext(os.path.basename(path))[0])
    return f"entry_point_{name}" if name in sys.modules or name in sys.builtin_module_names else name


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return trace.sentence_of(error)


def _failed(reason: str, message: str, error: BaseException) -> StartError:
    return StartError(reason, message, trace.text_of(error))
