"""Runs the program that makes an environment: uv, or venv and pip where there is no uv.

Enters: an interpreter, checked requirement lines, a folder. Leaves: the folder as a virtual environment, or
StartFailed(install-failed) with one sentence that names the requirement at fault. Called by ``environment``, which
owns the folder. The installer runs code of packages nobody here has read: it gets the user's way to the network and
the index, and nothing else of the platform's environment.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from faas_agent.errors import StartFailed
from faas_agent.model.executions.reasons import Reason
from faas_agent.pod.host.requirements import Requirements, mask, name_of

OnLine = Callable[[str], None]

_IDENTITY = "import sys, sysconfig as c; print(sys.implementation.cache_tag, sys.version.split()[0], c.get_platform())"
_LINE_AT_MOST = 4000
_KEPT = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NETRC"
    r"|(?i:https?|all|no)_(?i:proxy)|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO"
    r"|PIP_\w+|UV_(?:(?:DEFAULT_|EXTRA_)?INDEX\w*|FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|INSECURE_HOST|SYSTEM_CERTS"
    r"|NATIVE_TLS|HTTP_\w+|OFFLINE|EXCLUDE_NEWER|CONFIG_FILE|CONCURRENT_\w+)"
)
_SAME = {"PIP_INDEX_URL": "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL"}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python on this machine, and what makes compiled packages fit it."""

    path: Path
    identity: str


@dataclass(frozen=True, slots=True)
class Run:
    """How the installer is run: who hears its lines, how long it may take, and the lock that its processes hold too."""

    on_line: OnLine
    seconds: float
    lock: int


def find_uv() -> str | None:
    """The uv installed beside us, else the one on the PATH."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # not every installation has it

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


async def find_python(wanted: str | None) -> Interpreter:
    """A version (``3.10``), the path of an interpreter, or None for the one that runs us. Raises StartFailed."""
    path = await _python_path(wanted)
    try:
        code, lines = await _output([path, "-I", "-c", _IDENTITY])
    except OSError:
        code, lines = 1, []
    if code or not lines:
        raise StartFailed(Reason.INSTALL_FAILED, f"{path} is not a Python that runs here; name another one")
    return Interpreter(Path(path), lines[-1])


async def build(folder: Path, interpreter: Interpreter, wanted: Requirements, cache: Path, run: Run) -> None:
    """Makes ``folder`` an environment with what is wanted, and nothing else. Raises StartFailed(install-failed)."""
    uv = find_uv()
    if uv:
        create = [uv, "venv", "--no-project", "--python", str(interpreter.path), str(folder)]
    else:
        create = [str(interpreter.path), "-m", "venv", str(folder)]
    await _run(create, wanted, run, cache)
    if not wanted.requirements:
        return
    python = str(folder / "bin" / "python")
    if uv:
        install = [uv, "pip", "install", "--python", python, "--compile-bytecode", "--link-mode", "hardlink"]
        if wanted.options:
            install += [
                "--index-strategy",
                "unsafe-best-match",
            ]  # the files were written for pip, which looks everywhere
    else:
        install = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=".files-"
    ) as place:  # which may hold an index's password
        await _run([*install, *_write_files(Path(place), wanted)], wanted, run, cache)


def explain(output: Sequence[str], wanted: Requirements) -> str:
    """One sentence of an installer's many lines: which requirement, and why."""
    why = _reason(output)
    for line in wanted.requirements:
        name = name_of(line) or re.escape(line)
        if re.search(rf"(?<![\w-]){name}(?![\w-])", why.lower().replace("_", "-")):
            return f"the requirement {mask(line)!r} cannot be installed: {why}"
    return f"the requirements cannot be installed: {why}"


def _reason(output: Sequence[str]) -> str:
    """The last error, with the causes indented below it, up to the blank line before hints and output of a build."""
    errors = [number for number, line in enumerate(output) if line.startswith(("error:", "ERROR:"))]
    if not errors:
        return next((line for line in reversed(output) if line), "the installer ended without saying why")
    said = takewhile(lambda line: line and not line.startswith("[notice]"), islice(output, errors[-1], None))
    causes = [re.sub(r"^\s*(?:error|ERROR|cause):\s*", ": ", line) for line in said]
    return re.sub(r"\s+", " ", " ".join(causes).replace(" : ", ": ")).strip(": .")[:400]


def _write_files(folder: Path, wanted: Requirements) -> list[str]:
    requirements, constraints = folder / "requirements.in", folder / "constraints.in"
    requirements.write_text("\n".join([*wanted.options, *wanted.requirements, ""]))
    if not wanted.constraints:
        return ["-r", str(requirements)]
    constraints.write_text("\n".join([*wanted.constraints, ""]))
    return ["-r", str(requirements), "-c", str(constraints)]


async def _run(command: Sequence[str], wanted: Requirements, run: Run, cache: Path) -> None:
    tail: deque[str] = deque(maxlen=200)
    try:
        async with asyncio.timeout(run.seconds):
            code = await _stream(command, _environment(cache), run, tail)
    except TimeoutError:
        message = f"installing the requirements took longer than {run.seconds:.0f} seconds and was stopped"
        raise StartFailed(Reason.INSTALL_FAILED, message) from None
    if code:
        raise StartFailed(Reason.INSTALL_FAILED, explain(tail, wanted))


async def _stream(command: Sequence[str], environment: Mapping[str, str], run: Run, tail: deque[str]) -> int:
    """Runs to the end; a caller that gives up ends it, and whatever it started."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd="/",  # where no pyproject.toml or uv.toml of somebody else lies in or above
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=(run.lock,),  # so that the lock is held until the last of them is gone, even if we are killed
        start_new_session=True,
    )
    try:
        async for line in _lines(process.stdout):
            tail.append(line)
            run.on_line(line)
        return await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    """Lines of any length, cut; without credentials."""
    assert stream is not None  # noqa: S101  # it is a pipe
    rest = b""
    while chunk := await stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[-_LINE_AT_MOST:]
        for line in whole:
            yield _readable(line)
    if rest:
        yield _readable(rest)


def _readable(line: bytes) -> str:
    return mask(line[:_LINE_AT_MOST].decode(errors="replace").rstrip())


def _environment(cache: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    for pip_name, uv_name in _SAME.items():
        if pip_name in environment:
            environment.setdefault(uv_name, environment[pip_name])
    return environment | {
        "UV_CACHE_DIR": str(cache),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "PIP_CACHE_DIR": str(cache / "pip"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,  # where the operator's own credentials may be named
        "GIT_ALLOW_PROTOCOL": "https:ssh",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    }


async def _python_path(wanted: str | None) -> str:
    own = sys.version.split()[0]
    if not wanted or f"{own}.".startswith(f"{wanted}."):
        return sys.executable
    if "/" in wanted:
        return wanted
    if re.fullmatch(r"3(\.\d+){1,2}", wanted):
        if (uv := find_uv()) is None:
            found = shutil.which(f"python{wanted}")
        else:
            code, lines = await _output([uv, "python", "find", "--no-project", "--no-python-downloads", wanted])
            found = lines[-1] if lines and not code else None
        if found:
            return found
    message = f"Python {wanted} is not installed where the replicas run; install it, or leave it away for {own}"
    raise StartFailed(Reason.INSTALL_FAILED, message)


async def _output(command: Sequence[str]) -> tuple[int, list[str]]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode(errors="replace").split("\n")[:-1]
