"""Real runner processes for the tests of this folder: code from a text, a supervisor, and all that it was told."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil

from faas_agent.pod.host.call import Call, Events, Key, LogLine, Outcome, RunnerSpec
from faas_agent.pod.host.supervise import Supervisor

PYTHON = Path(os.environ.get("RUNNER_PYTHON", sys.executable))
"""The user's interpreter. Set RUNNER_PYTHON to run these tests with another one, down to Python 3.8."""


class House:
    """One codebase and what its runners said."""

    def __init__(self, folder: Path) -> None:
        self.codebase = folder
        self.lines: list[LogLine] = []
        self.progress: list[tuple[Key, dict[str, Any]]] = []
        self.started: list[Key] = []
        self.replaced: list[str] = []
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def write(self, code: str, name: str = "main.py") -> None:
        file = self.codebase / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(code))

    def spec(self, **changes: Any) -> RunnerSpec:
        plain: dict[str, Any] = {"entry_point": "main.py", "concurrency": 2, "start_seconds": 30.0}
        fixed = {"python": PYTHON, "codebase": self.codebase, "environ": self.environ}
        return RunnerSpec(**{**plain, **fixed, **changes})

    def play(self, story: Callable[[Supervisor], Awaitable[None]], **spec: Any) -> None:
        """Starts, tells the story, closes, and sees that nothing is left running."""

        async def whole() -> None:
            supervisor = Supervisor(self.spec(**spec), self.events(), sibling_seconds=1.0)
            try:
                await supervisor.start()
                await story(supervisor)
            finally:
                await supervisor.close()

        asyncio.run(whole())
        assert psutil.Process().children(recursive=True) == []

    def run(self, function: str = "run", input: dict[str, Any] | None = None, **spec: Any) -> Outcome:  # noqa: A002
        """One call, from a fresh start to the end."""
        outcomes: list[Outcome] = []

        async def story(supervisor: Supervisor) -> None:
            outcomes.append(await supervisor.run(Call(execution="e1", function=function, input=input or {})))

        self.play(story, **spec)
        return outcomes[0]

    def events(self) -> Events:
        return Events(
            started=lambda key, at: self.started.append(key),
            progress=lambda key, said: self.progress.append((key, dict(said))),
            logs=self.lines.extend,
            replaced=self.replaced.append,
        )

    def messages(self, execution: str | None) -> list[str]:
        return [line.message for line in self.lines if line.execution == execution]


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for a condition, with a limit that fails the test."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
