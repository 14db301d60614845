"""Storage drivers (ENDPOINTS 11): one that is there from the start, the platform's own store of bytes.

Others may be registered, so that scripts which name one go on; they hold no bytes of their own.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from faas_agent.control.api import access
from faas_agent.control.api.auth import CallerDep, PlatformDep
from faas_agent.control.api.bodies import Json
from faas_agent.errors import BadRequest, Forbidden, NotFound
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DATASETS, DRIVERS

router = APIRouter(prefix="/drivers", tags=["drivers"])

KEPT = ("integrationId", "integrationType", "payload", "metadata", "allowExternalDelete", "allowExternalModification")
SHOWN = ("bucketName", "bucket", "containerName", "region", "storageClass", "path", "endpoint", "directory")
"""What the client looks for beside the payload it was sent in."""


@router.get("")
def list_drivers(
    platform: PlatformDep, caller: CallerDep, project_id: Annotated[str, Query(alias="projectId")]
) -> list[dict[str, Any]]:
    """The platform's driver, and those of the project."""
    with platform.store.read() as session:
        access.fetch_project(session, caller, project_id)
        drivers = session.documents(DRIVERS)
        return drivers.find(project_id=None) + drivers.find(project_id=project_id)


@router.get("/{driver_id}")
def get(platform: PlatformDep, caller: CallerDep, driver_id: str) -> dict[str, Any]:
    """One driver; the platform's own is for everybody."""
    with platform.store.read() as session:
        driver = _known(session, driver_id)
        if driver.get("projectId") is not None:
            access.require(session, caller, driver["projectId"])
        return driver


@router.post("")
def create(platform: PlatformDep, caller: CallerDep, body: Json) -> dict[str, Any]:
    """A driver of a project."""
    name, kind, project_id = body.get("name"), body.get("type"), _project_of(body)
    if not isinstance(name, str) or not name or not isinstance(kind, str) or not kind:
        raise BadRequest("name, type: a driver needs both, as texts")
    with platform.store.write() as session:
        access.fetch_project(session, caller, project_id, "engineer")
        payload = body["payload"] if isinstance(body.get("payload"), dict) else {}
        shown = {key: payload[key] for key in SHOWN if key in payload}
        driver = (
            shown
            | {key: body[key] for key in KEPT if key in body}
            | {
                "id": platform.new_id(),
                "name": name,
                "type": kind,
                "projectId": project_id,
                "creator": caller.email,
                "createdAt": platform.now(),
                "isSyncable": False,
            }
        )
        session.documents(DRIVERS).insert(driver)
        return driver


@router.delete("/{driver_id}", status_code=204, response_class=Response)
def delete(platform: PlatformDep, caller: CallerDep, driver_id: str) -> None:
    """A driver that no dataset is on."""
    with platform.store.write() as session:
        driver = _known(session, driver_id)
        if driver.get("projectId") is None:
            raise Forbidden("the platform's own driver stays: every dataset is on it unless it names another")
        access.require(session, caller, driver["projectId"], "engineer")
        if any(dataset.get("driver") == driver_id for dataset in session.documents(DATASETS).find()):
            raise BadRequest("there are datasets on this driver: delete them first")
        session.documents(DRIVERS).delete(driver_id)


def _known(session: Session, driver_id: str) -> dict[str, Any]:
    found = session.documents(DRIVERS).get(access.object_id(driver_id, "a driver"))
    if found is None:
        raise NotFound(f"driver {driver_id} does not exist")
    return found


def _project_of(body: dict[str, Any]) -> str:
    metadata = body.get("metadata")
    system = metadata.get("system") if isinstance(metadata, dict) else None
    found = system.get("projectId") if isinstance(system, dict) else None
    project_id = found or body.get("projectId")
    if not isinstance(project_id, str):
        raise BadRequest("metadata.system.projectId: the id of the project the driver is for")
    return project_id
