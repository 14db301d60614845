"""What a new data directory needs before anybody can log in: a signing key, an organisation, an admin, a driver.

Called once by ``faas up`` on every start; changes nothing that is there.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from faas_agent.control.api.auth import hash_password
from faas_agent.model.ids import new_uuid
from faas_agent.model.specs.user import person
from faas_agent.ports.store import people
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import DRIVERS, ORGS, USERS
from faas_agent.settings import Settings


def signing_key(data_dir: Path) -> bytes:
    """The key of this data directory, made on the first call; 0600."""
    path = data_dir / "signing.key"
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, whole or not at all."""
    beside = path.with_suffix(path.suffix + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)


def ensure(session: Session, settings: Settings, now: str, object_id: str) -> str | None:
    """Make the organisation, its driver and the admin unless there are users. Returns a password that was generated."""
    if session.documents(USERS).count():
        return None
    org_id = new_uuid()
    org = {"id": org_id, "name": "faas", "account": {"id": new_uuid(), "name": "faas"}, "createdAt": now}
    session.documents(ORGS).insert(org)
    driver = {"id": object_id, "name": "default", "type": "folder", "creator": settings.admin_email, "createdAt": now}
    session.documents(DRIVERS).insert(driver)
    generated = "" if settings.admin_password else secrets.token_urlsafe(18)
    add_user(session, settings.admin_email, settings.admin_password or generated, now, admin=True)
    people.OF_ORGS.add(session, org_id, settings.admin_email, "owner")
    return generated or None


def add_user(session: Session, email: str, password: str, now: str, *, admin: bool = False) -> None:
    """A person who can log in."""
    session.documents(USERS).insert(person(email, now, admin=admin))
    people.set_password_hash(session, email, hash_password(password))


def write_credentials(data_dir: Path, email: str, password: str) -> None:
    """Where the operator finds the first password."""
    write_private(data_dir / "credentials.json", json.dumps({"email": email, "password": password}).encode())
