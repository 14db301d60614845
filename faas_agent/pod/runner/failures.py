"""What may go wrong in the runner, each with the reason that the platform stores (``model/executions/reasons.py``).

Raised by the steps of a start and of a call; turned into ``failed`` and ``done`` frames in one place each.
"""

from __future__ import annotations


class StartError(Exception):
    """The start failed for good. ``reason``: no-entry-point, import-failed, wrong-class or init-failed."""

    def __init__(self, reason: str, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.reason, self.message, self.traceback = reason, message, traceback


class CallError(Exception):
    """A call that cannot begin, or whose result cannot be kept: bad-input, output-not-json, output-too-large."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
