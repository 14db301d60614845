"""A folder of code becomes a zip, and the zip a version in the project's Binaries dataset (ENDPOINTS 12).

Enters: a folder and a package name. Leaves: the item id of the code; the same code is stored once.
Called by ``dlp packages push`` and ``dlp deploy``. Never packs what ``.gitignore`` names, and follows no link out.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faas_agent.cli import session
from faas_agent.cli.jsonfile import Json
from faas_agent.errors import UsageError

if TYPE_CHECKING:
    from faas_agent.cli.client import Client

ALWAYS_LEFT_OUT = (".git", ".dataloop", "__pycache__")
LIMIT_BYTES = 100 * 1000 * 1000
"""Unpacked, as in the SDK: more than that is data that was not meant."""
_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same files make the same zip and are recognised by its md5."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the code is, and whether it had to be sent."""

    item_id: str
    is_new: bool


def store(client: Client, project_id: str, name: str, folder: Path) -> Stored:
    """Zip the folder and make it the next version, unless a version holds the same."""
    with tempfile.TemporaryDirectory(prefix="dlp-") as temporary:
        archive = Path(temporary) / "code.zip"
        pack(folder, archive)
        md5 = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
        dataset_id = session.binaries(client, project_id)["id"]
        versions = _versions(client, dataset_id, name)
        for item in versions.values():
            if item["metadata"].get("system", {}).get("md5") == md5:
                return Stored(item["id"], is_new=False)
        return Stored(
            _send(client, dataset_id, f"/codebases/{name}/{max(versions, default=-1) + 1}.zip", archive, md5), True
        )


def pack(folder: Path, archive: Path) -> None:
    """Write the zip. Raises UsageError when there is nothing to pack or too much."""
    total = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(_wanted(folder)):
            total += file.stat().st_size
            if total > LIMIT_BYTES:
                raise UsageError(
                    f"{folder} holds more than 100 MB: keep code only, or name the rest in .gitignore ({file.name})"
                )
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _SAME_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (file.stat().st_mode & 0o777) << 16
            made.writestr(entry, file.read_bytes())
    if not total:
        raise UsageError(f"{folder} holds no code: is it the right folder, and does .gitignore leave something?")


def _wanted(folder: Path) -> Iterator[Path]:
    import pathspec

    ignored = folder / ".gitignore"
    lines = ignored.read_text("utf-8", "replace").splitlines() if ignored.is_file() else []
    rules = pathspec.GitIgnoreSpec.from_lines([*lines, *ALWAYS_LEFT_OUT])
    for root, folders, names in os.walk(folder):
        here = Path(root).relative_to(folder)
        folders[:] = [name for name in folders if not rules.match_file((here / name).as_posix() + "/")]
        for name in names:
            file = Path(root, name)
            if not rules.match_file((here / name).as_posix()) and file.is_file() and _stays_inside(file, folder):
                yield file


def _stays_inside(file: Path, folder: Path) -> bool:
    return not file.is_symlink() or file.resolve().is_relative_to(folder.resolve())


def _versions(client: Client, dataset_id: str, name: str) -> dict[int, Json]:
    conditions = [{"hidden": False}, {"type": "file"}, {"filename": f"/codebases/{name}/*"}]
    query = {"resource": "items", "filter": {"$and": conditions}}
    found = client.by_id(f"/datasets/{dataset_id}/query", query)
    stems = ((item["name"].removesuffix(".zip"), item) for item in found)
    return {int(stem): item for stem, item in stems if stem.isdecimal()}


def _send(client: Client, dataset_id: str, remote: str, archive: Path, md5: str) -> str:
    from faas_agent.cli.upload import Plan, upload

    item, _ = upload(client, dataset_id, Plan(archive, remote), overwrite=False)
    system = {"md5": md5, "description": "code of a package"}
    client.patch(f"/items/{item['id']}?system=true", {"metadata": {"system": system}})
    return str(item["id"])
