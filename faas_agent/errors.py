"""The one error tree. A class says the HTTP status, the exit code, whether trying again can help, and whose fault.

Raised anywhere; turned into an answer in one place per edge: ``control/api/problems.py`` for HTTP, ``cli`` for a
terminal. A message names the field or thing and says what to do next; it never holds a secret, a path or a traceback.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["caller", "code", "platform"]


class FaasError(Exception):
    """Something the platform can name."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    fault: ClassVar[Fault] = "platform"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(FaasError):
    """What was sent cannot be right: a malformed id, an unknown field, a value of the wrong type."""

    status, exit_code, fault = 400, 2, "caller"


class Unauthorized(FaasError):
    """No token, or one that is expired, forged or revoked."""

    status, exit_code, fault = 401, 3, "caller"


class Forbidden(FaasError):
    """A true identity that may not do this here."""

    status, exit_code, fault = 403, 3, "caller"


class NotFound(FaasError):
    """A well-formed name or id of nothing."""

    status, exit_code, fault = 404, 4, "caller"


class Conflict(FaasError):
    """Right in itself, but not beside what is there: a taken name, a state that moved on."""

    status, exit_code, fault = 409, 5, "caller"


class TooLarge(FaasError):
    """More bytes than the limit in the settings."""

    status, exit_code, fault = 413, 2, "caller"


class TooManyRequests(FaasError):
    """A quota or a queue limit; the caller may try again later."""

    status, exit_code, retryable, fault = 429, 6, True, "caller"


class Unavailable(FaasError):
    """A part of the platform does not answer right now."""

    status, exit_code, retryable, fault = 503, 6, True, "platform"


class StartFailed(FaasError):
    """A replica cannot start. ``reason`` is one of ``model.executions.reasons.Reason``."""

    status, exit_code, fault = 424, 7, "code"

    def __init__(self, reason: str, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.traceback = traceback


class UsageError(FaasError):
    """A command line that cannot be carried out: a missing file, a port in use, no project checked out."""

    status, exit_code, fault = 400, 2, "caller"
