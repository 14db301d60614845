"""Lays out a revision's code in a folder, wherever it comes from.

Enters: a parsed codebase, a way to download an item, and the secrets of the service. Leaves: the folder, and for git
the commit. Called by the agent when a replica starts. It never runs what it fetches.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.model.specs.codebase import Codebase, GitCodebase, ItemCodebase, SecretKey
from faas_agent.pod.host import archive, git
from faas_agent.pod.host.staging import LIMITS, Limits

Download = Callable[[str, Path], Awaitable[None]]
"""Writes the bytes of the item with this id to the file."""


async def lay_out(
    codebase: Codebase, target: Path, download: Download, secrets: Mapping[str, str], limits: Limits = LIMITS
) -> str | None:
    """Fills ``target``, which must not be there; the commit, for git. ``secrets``: environment variable -> value.

    Raises StartFailed (``no-codebase``, ``bad-codebase``), and whatever ``download`` raises.
    """
    match codebase:
        case ItemCodebase(item_id):
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".zip-") as folder:
                zip_path = Path(folder) / "codebase.zip"
                await download(item_id, zip_path)
                await asyncio.to_thread(archive.unpack, zip_path, target, limits)
            return None
        case GitCodebase(url, ref):
            credentials = _credentials(codebase, secrets)
            return await asyncio.to_thread(git.fetch, url, ref, target, credentials, limits=limits)


def _credentials(codebase: GitCodebase, secrets: Mapping[str, str]) -> git.GitCredentials | None:
    if codebase.username is None and codebase.password is None:
        return None
    return git.GitCredentials(_secret(codebase.username, secrets), _secret(codebase.password, secrets))


def _secret(key: SecretKey | None, secrets: Mapping[str, str]) -> str:
    if key is None:
        return ""
    if key.key not in secrets:
        message = f"codebase.credentials names {key.key!r}, which the service does not have; add it to its integrations"
        raise StartFailed(Reason.NO_CODEBASE, message)
    return secrets[key.key]
