"""Why an execution, a replica or a service did not do what was asked: a closed list, never free text (DESIGN 4).

A reason is stored and shown beside a message for people. ``charged`` and ``lost`` are what the retry decision reads.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What ended an attempt or a start."""

    # an attempt of user code
    ERROR = "error"
    """User code raised."""
    TIMEOUT = "timeout"
    """The execution passed its ``executionTimeout``."""
    TERMINATED = "terminated"
    """Somebody asked for its end."""
    DRAINED = "drained"
    """Its replica had to stop and ``drainTime`` was over."""
    OOM = "oom"
    """The kernel or the container runtime ended the runner for its memory."""
    RUNNER_CRASH = "runner-crash"
    """The runner process ended under it: a segfault, ``os._exit``, a kill from outside."""
    REPLICA_LOST = "replica-lost"
    """Its agent went away, or its lease ran out."""
    OUTPUT_TOO_LARGE = "output-too-large"
    OUTPUT_NOT_JSON = "output-not-json"
    BAD_INPUT = "bad-input"
    """An input that the function does not take, or an entity that the bot cannot read."""
    MAX_ATTEMPTS = "max-attempts"
    """It was lost as often as ``maxAttempts`` allows."""

    # a start of a replica
    NO_CODEBASE = "no-codebase"
    """The codebase item or git commit is gone or cannot be read."""
    BAD_CODEBASE = "bad-codebase"
    """A zip that is broken, dangerous or too large; a git URL that is refused."""
    INSTALL_FAILED = "install-failed"
    """A requirement does not exist or does not build."""
    NO_ENTRY_POINT = "no-entry-point"
    IMPORT_FAILED = "import-failed"
    WRONG_CLASS = "wrong-class"
    """The entry point has no such class, or the class no such function."""
    INIT_FAILED = "init-failed"
    START_TIMEOUT = "start-timeout"


LOSSES = frozenset({Reason.OOM, Reason.RUNNER_CRASH, Reason.REPLICA_LOST, Reason.DRAINED})
"""The platform's or the machine's doing, not the function's answer: tried again until ``maxAttempts``."""

START_FAILURES = frozenset(
    {
        Reason.NO_CODEBASE,
        Reason.BAD_CODEBASE,
        Reason.INSTALL_FAILED,
        Reason.NO_ENTRY_POINT,
        Reason.IMPORT_FAILED,
        Reason.WRONG_CLASS,
        Reason.INIT_FAILED,
        Reason.START_TIMEOUT,
    }
)
