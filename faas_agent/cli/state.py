"""What is checked out in a folder: ``<cwd>/.dataloop/state.json``, in the SDK's format.

Enters: an entity as the platform answered it. Leaves: the same, for commands that are not told which one they mean.
Called by ``lookup`` and the ``checkout`` commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from faas_agent.cli import jsonfile
from faas_agent.cli.jsonfile import Json

Kind = Literal["project", "dataset", "package", "service"]
KINDS: tuple[Kind, ...] = ("project", "dataset", "package", "service")


def path() -> Path:
    """The state file of the current folder."""
    return Path.cwd() / ".dataloop" / "state.json"


def everything() -> dict[Kind, Json]:
    """All that is checked out here."""
    found = jsonfile.read(path())
    return {kind: found[kind] for kind in KINDS if isinstance(found.get(kind), dict)}


def checked_out(kind: Kind) -> Json | None:
    """The entity that was checked out here, or None."""
    return everything().get(kind)


def check_out(kind: Kind, entity: Json) -> None:
    """Make this entity the one that is meant in this folder."""
    jsonfile.update(path(), lambda state: state.update({kind: entity}))


def create() -> None:
    """Make the state file when there is none."""
    jsonfile.update(path(), lambda _: None)
