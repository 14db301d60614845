"""What a thing may be called (ENDPOINTS 3, 12, 14). Pure: a text in; the same out, or BadRequest saying what is wrong.

Called by the API before anything is written. Packages, services and triggers share one rule, since their names end up
in file names and pod names; projects may hold any printable text, since people name them.
"""

from __future__ import annotations

import re
from typing import Literal

from faas_agent.errors import BadRequest

Kind = Literal["package", "service", "trigger"]
LONGEST, LONGEST_PROJECT = 35, 255
_STRICT = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def check_name(kind: Kind, name: object) -> str:
    """The name of a package, service or trigger. The two messages are what callers of the SDK look for."""
    if not isinstance(name, str) or not name:
        raise BadRequest(f"Invalid {kind} name: a name is needed")
    if len(name) > LONGEST:
        raise BadRequest(f"Name must be at most {LONGEST} characters, this one has {len(name)}")
    if not _STRICT.fullmatch(name):
        raise BadRequest(
            f"Invalid {kind} name: {name!r} must have lower case letters, digits and dashes only, "
            "start with a letter and end with a letter or a digit"
        )
    return name


def check_project_name(name: object) -> str:
    """The name of a project: printable, and of a form that survives as a part of a url."""
    if not isinstance(name, str) or not name.strip():
        raise BadRequest("a project needs a name")
    if len(name) > LONGEST_PROJECT:
        raise BadRequest(f"the name of a project has at most {LONGEST_PROJECT} characters")
    if not name.isprintable():
        raise BadRequest("the name holds a character that cannot be printed")
    if name != name.strip() or any(part in ("", ".", "..") for part in name.split("/")):
        raise BadRequest("the name begins or ends with a blank, or has '.', '..' or '' between slashes")
    return name
