"""Whether the server lives and whether it can work: for people, load balancers and ``ready``."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from faas_agent.control.api.auth import PlatformDep
from faas_agent.ports.store.tables import PROJECTS

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(platform: PlatformDep) -> dict[str, str]:
    """The database answers too."""
    with platform.store.read() as session:
        session.documents(PROJECTS).count()
    return {"status": "ready"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics() -> Response:
    """What Prometheus reads."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
