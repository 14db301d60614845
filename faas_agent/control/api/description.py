"""What the API says of itself: the OpenAPI document with every status, and a page that lists the calls.

Made from the routes when it is asked for; used by ``app.py``. The page asks no other host for anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from faas_agent import errors

Document = dict[str, Any]
GATE = "/api/v1/"
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")
"""Its own answer to a wrong request, which is never sent here: ``problems.py`` makes it a 400 of the one shape."""


class Problem(BaseModel):
    """The one shape of a failure."""

    status: int
    message: str


def refusals(*kinds: type[errors.FaasError]) -> dict[int | str, dict[str, Any]]:
    """These failures as ``responses`` of routes, in the words of the error tree."""
    return {kind.status: {"model": Problem, "description": (kind.__doc__ or "").partition("\n")[0]} for kind in kinds}


ANYWHERE = refusals(errors.BadRequest, errors.TooLarge, errors.Unavailable)
"""What any call may be answered with."""
BELOW_GATE = refusals(errors.Unauthorized, errors.Forbidden, errors.NotFound, errors.Conflict, errors.TooManyRequests)
"""And what else one may that needs a token."""


def describe(app: FastAPI) -> Document:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document["components"]["schemas"]
        for name in _OF_FASTAPI:
            schemas.pop(name, None)
        for path, _, operation in operations(document):
            operation["responses"].pop("422", None)
            if path.startswith(GATE):
                operation["security"] = [{"token": []}]
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = document
    return app.openapi_schema


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method and operation, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def page(document: Document) -> str:
    """Every call in one table, as HTML."""
    rows = "\n".join(_row(*one) for one in operations(document))
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2em }} td {{ padding: .2em 1em .2em 0; vertical-align: top }}</style>
<h1>{title}</h1>
<p>Every call, in short; <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> has parameters, bodies and answers.
Log in with <code>POST /token</code>, and send the token as <code>Authorization: Bearer ...</code>.
A failure is an object with <code>status</code> and <code>message</code>.</p>
<table>
{rows}
</table></html>
"""


def _row(path: str, method: str, operation: Document) -> str:
    return f"<tr><td>{method}<td><code>{escape(path)}</code><td>{escape(operation.get('description', ''))}"
