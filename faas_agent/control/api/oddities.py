"""Names, and what the SDK asks for on its way although the platform does not have it (ENDPOINTS 14, 21).

Each answer is the smallest that lets a client go on: an empty page, a 404 it expects, a number nobody reads.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends

from faas_agent.control.api.auth import authenticate
from faas_agent.control.api.listing import page_of
from faas_agent.errors import BadRequest, NotFound
from faas_agent.model.specs.names import Kind, check_name

router = APIRouter(tags=["names and oddities"], dependencies=[Depends(authenticate)])

KINDS: dict[str, Kind] = {"packages": "package", "services": "service", "triggers": "trigger"}
NOTHING = page_of([], 0, 1)


@router.get("/piper-misc/naming/{kind}/{name:path}")
def check(kind: Literal["packages", "services", "triggers"], name: str) -> bool:
    """Whether a package, service or trigger may have this name; 400 says why not."""
    return bool(check_name(KINDS[kind], name))


@router.post("/analytics/query")
@router.post("/analytics/metric")
@router.post("/analytics/metric/pendo")
def accept_analytics() -> dict[str, Any]:
    """Taken and dropped: nothing is measured about people here."""
    return {}


@router.get("/inbox/message/user")
@router.post("/app-registry/query")
@router.post("/apps/query")
@router.post("/compute/query")
@router.post("/serviceDrivers/query")
def list_nothing() -> dict[str, object]:
    """An empty page: no messages (failures are told in executions and logs), no apps, no computes."""
    return NOTHING


@router.get("/app-registry/{app_id}", status_code=404)
@router.get("/apps/{app_id}", status_code=404)
@router.get("/compute/{app_id}", status_code=404)
@router.get("/serviceDrivers/{app_id}", status_code=404)
def get_nothing(app_id: str) -> None:
    """404, which is what lets ``service.package`` go on to the package itself."""
    raise NotFound(f"{app_id[:60]!r} does not exist: this platform keeps no apps and no computes")


@router.post("/outbox", status_code=400)
def send_mail() -> None:
    """Refused: there is no mail server."""
    raise BadRequest("this platform sends no mail")
