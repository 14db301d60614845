"""Errors out: every failure leaves as ``{"status", "message"}`` with the right status (ENDPOINTS 0, DESIGN 8.7).

One place, so that no message shows SQL, a path, a secret or a traceback. What is our own fault is logged with its
traceback under an id that the answer names.
"""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from faas_agent.errors import FaasError
from faas_agent.model.ids import new_uuid

NOT_JSON = "; JSON is read only when it is sent as Content-Type: application/json"
LOG = structlog.get_logger("api")


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape of a failure."""
    return JSONResponse({"status": status, "message": message}, status, headers)


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(FaasError)
    def known(_request: Request, error: FaasError) -> JSONResponse:
        return problem(error.status, error.message, {"Retry-After": "1"} if error.retryable else None)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
        unread = first["loc"] == ("body",) and "json" not in request.headers.get("content-type", "")
        return problem(400, f"{where}: {first['msg']}{NOT_JSON if unread else ''}")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        message = str(error.detail)
        if error.status_code in (404, 405):  # no route: ours raise a FaasError
            message = f"{request.method} {request.url.path} is not a call that this platform knows; /docs lists them"
        return problem(error.status_code, message, dict(error.headers or {}))

    @app.exception_handler(Exception)
    def unknown(request: Request, error: Exception) -> JSONResponse:
        incident = new_uuid()
        LOG.error("request failed", incident=incident, path=request.url.path, exc_info=error)
        return problem(500, f"something went wrong on our side; the server's log has it as {incident}")
