"""Functions of the tests on the live platform: pushed and deployed with the real SDK, called, watched to their end."""

from __future__ import annotations

import inspect
import itertools
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

END_SECONDS = 60.0
ENDED = {"success", "failed", "terminated", "aborted", "canceled", "system-failure"}
NUMBERS = itertools.count()


@dataclass(frozen=True)
class House:
    """Where functions live for one test module."""

    dl: ModuleType
    project: Any
    folder: Path

    def push(self, code: Any, functions: Any, name: str | None = None, **more: Any) -> Any:
        """A package of that code: a module's text, or a folder of files by name.

        ``functions``: name -> its inputs as ``{name: type}``, or a list of ``dl.PackageFunction``.
        """
        dl, name = self.dl, name or f"package-{next(NUMBERS)}"
        source = self.folder / f"{name}-{next(NUMBERS)}"
        source.mkdir()
        for path, text in (code if isinstance(code, dict) else {"main.py": code}).items():
            (source / path).write_text(textwrap.dedent(text))
        module = dl.PackageModule(
            name="default_module",
            entry_point=more.pop("entry_point", "main.py"),
            class_name=more.pop("class_name", "ServiceRunner"),
            init_inputs=more.pop("init_inputs", []),
            functions=self.functions(functions) if isinstance(functions, dict) else functions,
        )
        # sent as it is: the SDK would import the code to check it, and half of these are meant to be wrong
        codebase = self.project.codebases.pack(directory=str(source), name=name)
        return self.project.packages._create(
            self.project, more.pop("codebase", codebase), package_name=name, modules=[module], **more
        )

    def functions(self, wanted: dict[str, dict[str, str]]) -> list[Any]:
        """Function entities."""
        dl = self.dl
        return [
            dl.PackageFunction(name=name, inputs=[dl.FunctionIO(name=one, type=kind) for one, kind in inputs.items()])
            for name, inputs in wanted.items()
        ]

    def deploy(self, package: Any, **more: Any) -> Any:
        """A service of it, one call at a time unless said otherwise."""
        runtime = self.dl.KubernetesRuntime(concurrency=more.pop("concurrency", 1))
        return package.services.deploy(
            service_name=more.pop("name", f"{package.name}-s{next(NUMBERS)}"), runtime=runtime, **more
        )

    def service(self, code: Any, functions: dict[str, dict[str, str]], **more: Any) -> Any:
        """Push and deploy."""
        return self.deploy(self.push(code, functions), **more)

    def call(self, service: Any, function: str = "run", /, **given: Any) -> Any:
        """An execution, not waited for."""
        return service.execute(execution_input=given, function_name=function, project_id=self.project.id)

    def ended(self, execution: Any, seconds: float = END_SECONDS) -> Any:
        """The execution once it has ended."""
        return self.until(lambda: self._if(execution.id, lambda seen: seen.latest_status["status"] in ENDED), seconds)

    def running(self, execution: Any, seconds: float = END_SECONDS) -> Any:
        """The execution once user code says that it runs, which it does by ``progress.update(message=...)``."""
        return self.until(lambda: self._if(execution.id, lambda seen: bool(seen.latest_status.get("message"))), seconds)

    def result(self, service: Any, function: str = "run", /, **given: Any) -> Any:
        """What the function returned; it has to succeed."""
        execution = self.ended(self.call(service, function, **given))
        assert execution.latest_status["status"] == "success", execution.latest_status
        return execution.output

    def failure(self, service: Any, function: str = "run", /, **given: Any) -> dict[str, Any]:
        """The last status of a call that has to fail."""
        execution = self.ended(self.call(service, function, **given))
        assert execution.latest_status["status"] == "failed", execution.latest_status
        return dict(execution.latest_status)

    def until(self, look: Callable[[], Any], seconds: float = END_SECONDS) -> Any:
        """The first true answer."""
        end = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < end, f"not within {seconds} s: {inspect.getsource(look).strip()}"
            time.sleep(0.03)
        return found

    def lines(self, service: Any, execution: Any = None) -> list[str]:
        """The messages of its log, of one execution or all."""
        return [line["message"] for line in self._log(service, execution)]

    def tries(self, service: Any, number: int) -> list[datetime]:
        """When its first starts failed; nothing until there were so many."""
        failed = [line for line in self._log(service, None) if "cannot start" in line["message"]]
        return [datetime.fromisoformat(line["timestamp"]) for line in failed[:number]] if len(failed) >= number else []

    def _log(self, service: Any, execution: Any) -> list[dict[str, Any]]:
        end = self.dl.client_api.gen_request(
            req_type="post",
            path="/services/logs",
            json_req={
                "serviceId": service.id,
                "projectId": self.project.id,
                "start": "2000-01-01T00:00:00Z",
                "executionId": [execution.id] if execution else [],
                "direction": "asc",
                "follow": False,
            },
        )
        assert end[0], end[1].text
        return list(end[1].json()["logs"])

    def logged(self, service: Any, text: str, execution: Any = None) -> list[str]:
        """The lines, once the text is among them: they arrive a moment after they were written."""
        return self.until(lambda: self._lines_with(service, text, execution), 15)

    def _lines_with(self, service: Any, text: str, execution: Any) -> list[str]:
        lines = self.lines(service, execution)
        return lines if any(text in line for line in lines) else []

    def _if(self, execution_id: str, holds: Callable[[Any], bool]) -> Any:
        seen = self.dl.executions.get(execution_id=execution_id)
        return seen if holds(seen) else None


@pytest.fixture(scope="module")
def house(dl: ModuleType, project: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Functions of one test module; its services end with the project."""
    return House(dl, project, tmp_path_factory.mktemp("functions"))
