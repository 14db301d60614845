"""The nouns of the host's side: what to run, one call, how it ended, and what is told on the way.

Enters: values from the agent or from a local run. Leaves: the same values, read by the supervisor. Frozen; no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from faas_agent.model.executions.reasons import Reason

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSpec:
    """Everything that one runner process needs; a fresh one is started from the same spec."""

    python: Path
    """The interpreter of the user's environment."""
    codebase: Path
    """The unpacked folder; the runner's working directory."""
    entry_point: str
    class_name: str | None = None
    init_params: Json = field(default_factory=dict)
    init_inputs: Sequence[Json] = ()
    functions: Sequence[Json] = ()
    """As the package's module declares them."""
    concurrency: int = 1
    as_process: bool = False
    output_limit: int = 4_000_000
    """Bytes."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The whole environment of the runner: nothing is inherited."""
    sdk: Json | None = None
    """``custom_env``, ``token``, ``environment`` (``runner/wire.md``). None: the SDK is left alone."""
    service: Json | None = None
    package: Json | None = None
    project: Json | None = None
    start_seconds: float = 600.0
    """How long import and ``__init__`` may take: models are large."""


class Key(NamedTuple):
    """What a frame, a kill order and an outcome are about."""

    execution: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt of one execution."""

    execution: str
    attempt: int = 1
    function: str = "run"
    input: Json = field(default_factory=dict)
    timeout: float | None = None
    """Seconds from its start to the soft stop; None is without limit."""
    info: Json = field(default_factory=dict)
    """The execution as the wire has it, plus ``event``."""

    @property
    def key(self) -> Key:
        return Key(self.execution, self.attempt)


class Ending(StrEnum):
    """How a call ended, as far as user code is concerned."""

    SUCCESS = "success"
    ERROR = "error"
    """The function's own answer: it raised, or its input or output cannot be used."""
    STOPPED = "stopped"
    """It was told to: timeout, terminate, drain."""
    LOST = "lost"
    """It never answered: its process ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a call. Every call has exactly one."""

    ending: Ending
    output: Any = None
    reason: Reason | None = None
    """None for a success only."""
    message: str = ""
    traceback: str = ""
    seconds: float = 0.0
    charged: bool = True
    """False when the attempt must not count: it never started, or was cut because of another execution."""
    started_at: float | None = None
    """Seconds since the epoch; None when user code never began."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that the replica wrote. Without ``execution`` it belongs to none: start-up, threads, other programs."""

    at: float
    level: str
    message: str
    execution: str | None = None
    attempt: int | None = None
    function: str | None = None


def _ignore(*_: object) -> None:
    """For whoever does not want to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What the caller hears while runners run. Called on the event loop; must return soon and must not raise."""

    started: Callable[[Key, float], None] = _ignore
    progress: Callable[[Key, Json], None] = _ignore
    """Of ``status``, ``percent``, ``message``, ``output``, ``action``, what was said."""
    logs: Callable[[Sequence[LogLine]], None] = _ignore
    phase: Callable[[str, float], None] = _ignore
    """``import`` or ``init`` is over, and took so many seconds."""
    replaced: Callable[[str], None] = _ignore
    """A runner was given up and a fresh one is being started; the sentence says why."""
