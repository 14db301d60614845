"""Commands: the receipt of a request that may take long (ENDPOINTS 19).

Made by the handlers that clone, export, merge or run batches; read by whoever waits for one. Most of them are over when
they are made: the work is done in the request itself, and the command says so.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter

from faas_agent.control.api import access
from faas_agent.control.api.auth import Caller, CallerDep, PlatformDep
from faas_agent.control.platform import Platform
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import COMMANDS

router = APIRouter(prefix="/commands", tags=["commands"])

Status = Literal["created", "in-progress", "success", "failed", "aborted"]
ENDED = ("success", "failed", "aborted")
NEWEST = 1000


def create_command(
    session: Session,
    platform: Platform,
    caller: Caller,
    type: str,  # noqa: A002 - the wire's word
    project_id: str,
    spec: dict[str, Any],
    *,
    status: Status = "success",
    error: str | None = None,
    command_id: str | None = None,
) -> dict[str, Any]:
    """A new command, as on the wire. ``spec`` is what the SDK reads the result from."""
    command_id, now = command_id or platform.new_id(), platform.now()
    command = {
        "id": command_id,
        "url": f"{platform.gate_url}/commands/{command_id}",
        "type": type,
        "status": status,
        "progress": 100 if status in ENDED else 0,
        "spec": spec,
        "error": error,
        "projectId": project_id,
        "creator": caller.email,
        "createdAt": now,
        "updatedAt": now,
    }
    session.documents(COMMANDS).insert(command)
    return command


@router.get("")
def list_commands(platform: PlatformDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's own, newest first."""
    with platform.store.read() as session:
        return session.documents(COMMANDS).find("-id", limit=NEWEST, creator=caller.email)


@router.get("/{command_id}")
def get_command(platform: PlatformDep, caller: CallerDep, command_id: str) -> dict[str, Any]:
    """One command, for members of its project."""
    access.object_id(command_id, "a command")
    with platform.store.read() as session:
        return access.fetch(session, caller, COMMANDS, command_id, "command")


@router.post("/{command_id}/abort")
def abort_command(platform: PlatformDep, caller: CallerDep, command_id: str) -> dict[str, Any]:
    """End a command that has not ended; one that has stays as it is."""
    access.object_id(command_id, "a command")
    with platform.store.write() as session:
        command = access.fetch(session, caller, COMMANDS, command_id, "command", "engineer")
        if command["status"] not in ENDED:
            command |= {"status": "aborted", "updatedAt": platform.now()}
            session.documents(COMMANDS).put(command)
        return command
