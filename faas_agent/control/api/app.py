"""HTTP in: the app with its resources, one file each. Made by ``faas up`` and ``faas api`` for one platform."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware import Middleware

from faas_agent import __version__
from faas_agent.control.api import (
    agents,
    bots,
    clones,
    commands,
    datasets,
    description,
    directory_tree,
    downloads,
    drivers,
    executions,
    exports,
    faas_query,
    health,
    integrations,
    item_annotations,
    item_bulk,
    item_query,
    items,
    members,
    oddities,
    ontologies,
    orgs,
    packages,
    problems,
    projects,
    recipes,
    resource_executions,
    service_control,
    service_logs,
    services,
    settings,
    tokens,
    triggers,
    uploads,
    users,
)
from faas_agent.control.api.limits import BodyLimit
from faas_agent.control.platform import Platform

BASE: tuple[APIRouter, ...] = (health.router, tokens.base)
"""Below the base url: login and health."""
GATE: tuple[APIRouter, ...] = (
    projects.router,  # first: a project's name may look like the path of a bot or a member
    agents.router,
    bots.router,
    clones.router,
    commands.router,
    datasets.router,
    directory_tree.router,
    downloads.router,
    drivers.router,
    resource_executions.router,  # before executions: "resource" may look like an id
    executions.router,
    exports.router,
    faas_query.router,
    integrations.router,
    item_annotations.router,
    item_bulk.router,
    item_query.router,
    items.router,
    members.router,
    oddities.router,
    ontologies.router,
    orgs.router,
    packages.router,
    recipes.router,
    service_control.router,
    service_logs.router,
    services.router,
    settings.router,
    tokens.router,
    triggers.router,
    uploads.router,
    users.router,
)
"""Below ``/api/v1``: every resource."""


def create_app(platform: Platform) -> FastAPI:
    """The ASGI app. It keeps nothing but a reference to the platform."""
    app = FastAPI(
        title="faas-agent",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=description.ANYWHERE,
        middleware=[Middleware(BodyLimit, limit=platform.settings.json_limit_bytes)],
    )
    app.state.platform = platform
    problems.install(app)
    for router in BASE:
        app.include_router(router)
    for router in GATE:
        app.include_router(router, prefix="/api/v1", responses=description.BELOW_GATE)
    app.openapi = lambda: description.describe(app)  # type: ignore[method-assign]  # the place FastAPI has for it
    app.get("/docs", include_in_schema=False)(lambda: HTMLResponse(description.page(app.openapi())))
    return app
