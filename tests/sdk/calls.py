"""Pushing, deploying and calling functions with the real SDK, for the tests beside this file."""

from __future__ import annotations

import inspect
import itertools
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sdk_version import CURRENT, SDK

END_SECONDS = 60.0
ENDED = {"success", "failed", "terminated", "aborted", "canceled", "system-failure"}
_NUMBERS = itertools.count()


def new_name(kind: str) -> str:
    """One that nobody has in this process."""
    return f"{kind}-{next(_NUMBERS)}"


def source(code: str, **files: str) -> str:
    """A folder with that ``main.py`` and more, below the working directory as the SDK wants it."""
    folder = Path.cwd() / new_name("source")
    folder.mkdir()
    (folder / "main.py").write_text(textwrap.dedent(code))
    for name, text in files.items():
        (folder / name.replace("_txt", ".txt")).write_text(text)
    return str(folder)


def uploaded(dataset: Any, local_path: Any, **more: Any) -> Any:
    """The new item. An SDK that cannot raise what is wrong gives None."""
    raising = {"raise_on_error": True} if SDK >= CURRENT else {}
    item = dataset.items.upload(local_path=local_path, **raising, **more)
    assert item is not None, "refused: see the SDK's log"
    return item


def function(dl: ModuleType, called: str, /, **inputs: str) -> Any:
    """A function and its inputs by type."""
    return dl.PackageFunction(name=called, inputs=[dl.FunctionIO(name=one, type=kind) for one, kind in inputs.items()])


def module(dl: ModuleType, *functions: Any, **more: Any) -> Any:
    """The module of ``ServiceRunner`` in ``main.py``."""
    return dl.PackageModule(name="default_module", entry_point="main.py", functions=list(functions), **more)


def push(dl: ModuleType, project: Any, code: str, *functions: Any, name: str = "", **more: Any) -> Any:
    """A package of that code, pushed as users do."""
    name = name or new_name("package")
    return project.packages.push(package_name=name, src_path=source(code), modules=[module(dl, *functions)], **more)


def deploy(dl: ModuleType, package: Any, **more: Any) -> Any:
    """A service with one replica that runs two at a time."""
    more.setdefault("runtime", dl.KubernetesRuntime(concurrency=2))
    return package.services.deploy(service_name=more.pop("name", "") or new_name("service"), **more)


def call(service: Any, called: str = "run", /, **given: Any) -> Any:
    """An execution, not waited for."""
    return service.executions.create(execution_input=given, function_name=called, project_id=service.project_id)


def until(look: Callable[[], Any], seconds: float = END_SECONDS) -> Any:
    """The first true answer."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s: {inspect.getsource(look).strip()}"
        time.sleep(0.05)
    return found


def ended(service: Any, execution: Any) -> Any:
    """The execution once it has ended."""

    def look() -> Any:
        seen = service.executions.get(execution_id=execution.id)
        return seen if seen.latest_status["status"] in ENDED else None

    return until(look)


def with_status(service: Any, execution: Any, status: str) -> Any:
    """The execution once it has that status."""

    def look() -> Any:
        seen = service.executions.get(execution_id=execution.id)
        return seen if seen.latest_status["status"] == status else None

    return until(look)
