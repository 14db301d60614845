"""The user's Python environment: made once for each set of requirements, and shared by all that ask for the same.

Enters: what a codebase requires. Leaves: the interpreter of an environment with exactly that, or
StartFailed(install-failed). Called by the agent when a replica starts, and by ``dlp packages test``. An environment
exists when its ``ready`` file does, which is written last: what a crash leaves behind is built again from nothing.
Nothing of the platform's own packages is ever visible in it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from faas_agent.pod.host import imports, installer, requirements
from faas_agent.pod.host.installer import Interpreter, OnLine
from faas_agent.pod.host.requirements import Requirements

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRequest:
    """What is wanted of an environment."""

    requirements: Requirements = field(default_factory=Requirements)
    python: str | None = None
    """A version (``3.10``) or the path of an interpreter. None: the one that the platform itself runs on."""
    sdk: str | None = None
    """Such as ``dtlpy==1.126.5``; has no effect where the requirements name dtlpy themselves."""
    seconds: float = 1800.0
    """How long each step of the installer may take."""

    def with_sdk(self) -> Requirements:
        """Everything to install."""
        wanted = self.requirements
        if self.sdk is None or "dtlpy" in wanted.names():
            return wanted
        return replace(wanted, requirements=(*wanted.requirements, self.sdk))


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that is there now."""

    python: Path
    key: str
    built: bool
    """Whether this call made it."""
    seconds: float
    """How long the caller had to wait for it."""


def request_for(
    codebase: Path,
    *,
    functions: Iterable[Mapping[str, Any]],
    init_inputs: Iterable[Mapping[str, Any]] = (),
    package_requirements: Sequence[Mapping[str, Any]] = (),
    sdk_version: str,
    python: str | None = None,
) -> EnvironmentRequest:
    """What this codebase needs; the arguments are as the package's JSON has them. Raises StartFailed for a bad line.

    Code that names no requirement at all gets the common ones that it imports.
    """
    wanted, modules = requirements.read(codebase, package_requirements), imports.imported(codebase)
    if wanted == Requirements():
        wanted = Requirements(imports.common(codebase, modules))
    sdk = f"dtlpy=={sdk_version}" if imports.needs_sdk(modules, functions, init_inputs) else None
    return EnvironmentRequest(requirements=wanted, python=python, sdk=sdk)


async def ensure(request: EnvironmentRequest, cache_dir: Path, on_line: OnLine) -> Environment:
    """The environment, made if it is not there yet. ``on_line`` hears the installer, line by line.

    May be called for one key from many processes at once: one builds, the others wait. Raises StartFailed.
    """
    started = time.monotonic()
    cache_dir = cache_dir.absolute()
    wanted = request.with_sdk()
    interpreter = await installer.find_python(request.python)
    key = await asyncio.to_thread(_key, wanted, interpreter)
    folder = cache_dir / "environments" / key
    built = not _use(folder)
    if built:
        async with _locked(cache_dir / "locks" / f"{key}.lock", on_line) as lock:
            built = not _use(folder)
            if built:
                run = installer.Run(on_line, request.seconds, lock)
                await _build(folder, interpreter, wanted, cache_dir / "uv", run)
    return Environment(folder / "bin" / "python", key, built, time.monotonic() - started)


async def _build(folder: Path, interpreter: Interpreter, wanted: Requirements, cache: Path, run: installer.Run) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        await installer.build(folder, interpreter, wanted, cache, run)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / "ready").write_text("\n".join([interpreter.identity, *map(requirements.mask, wanted.requirements), ""]))


def _use(folder: Path) -> bool:
    """Whether the environment is there, and its interpreter still is; notes the time of use for whoever clears up."""
    if not (folder / "ready").exists() or not (folder / "bin" / "python").exists():
        return False
    os.utime(folder / "ready")
    return True


def _key(wanted: Requirements, interpreter: Interpreter) -> str:
    """The same for every spelling of the same wishes: order, blanks, case and dashes of names do not matter."""
    parts = [interpreter.identity]
    for group in (wanted.requirements, wanted.constraints):
        parts += ["--", *sorted({_normal(line) for line in group})]
    return hashlib.sha256("\n".join([*parts, "--", *wanted.options]).encode()).hexdigest()[:32]


def _normal(line: str) -> str:
    """One spelling of a requirement. A wheel of the codebase counts by its bytes, wherever they lie."""
    name = requirements.name_of(line)
    if name:
        line = name + line[len(name) :]
    line = re.sub(r"file://\S+", lambda match: _digest(match.group()), line)
    return re.sub(r"\s+", " ", re.sub(r"\s*([<>=!~,;\[\]@]+)\s*", r"\1", line))


def _digest(url: str) -> str:
    return hashlib.sha256(Path(unquote(urlsplit(url).path)).read_bytes()).hexdigest()


@asynccontextmanager
async def _locked(path: Path, on_line: OnLine) -> AsyncIterator[int]:
    """Holds the lock file. The kernel lets go of it when the last process that has it open is gone, however it went."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        told = False
        while not _try_lock(descriptor):
            if not told:
                on_line("waiting for another replica that is building the same environment")
            told = True
            await asyncio.sleep(_POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
