"""A user as on the wire: a person, or the bot a service acts as (ENDPOINTS 1, 9). Pure.

Made at the first start, by an admin, by adding a member, or with a project. A user without a password cannot log in.
"""

from __future__ import annotations

import re
from typing import Any

from faas_agent.errors import BadRequest

LONGEST_EMAIL, SHORTEST_PASSWORD = 254, 8
_EMAIL = re.compile(r"[^@\s/]+@[^@\s/]+")


def person(email: str, now: str, *, admin: bool = False) -> dict[str, Any]:
    """A person; ``admin`` sees and may do everything on this platform."""
    return _user(email, email.partition("@")[0], "user", now) | {
        "role": "owner" if admin else "engineer",
        "admin": admin,
    }


def bot(email: str, name: str, project_id: str, org_id: str, now: str) -> dict[str, Any]:
    """The identity of a project's services."""
    of = {"role": "engineer", "projectId": project_id, "org": org_id}
    return _user(email, name, "bot", now) | of


def _user(email: str, name: str, kind: str, now: str) -> dict[str, Any]:
    return {
        "id": email,
        "email": email,
        "username": email,
        "firstName": name,
        "lastName": "",
        "type": kind,
        "avatar": None,
        "createdAt": now,
        "updatedAt": now,
    }


def check_email(email: object) -> str:
    """An address in the form of one; whether it can be reached is not asked."""
    if not isinstance(email, str) or not _EMAIL.fullmatch(email) or not email.isprintable():
        raise BadRequest(f"{str(email)[:60]!r} is not an e-mail address: write it as name@domain")
    if len(email) > LONGEST_EMAIL:
        raise BadRequest(f"an e-mail address has at most {LONGEST_EMAIL} characters")
    return email


def check_new_password(password: object) -> str:
    """A password that may be set."""
    if not isinstance(password, str) or len(password) < SHORTEST_PASSWORD:
        raise BadRequest(f"a password has at least {SHORTEST_PASSWORD} characters")
    return password
