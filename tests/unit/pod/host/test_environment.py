"""Real environments, built by the real installer from a real index, on a small pure-Python package."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from faas_agent.errors import StartFailed
from faas_agent.pod.host import installer
from faas_agent.pod.host.environment import Environment, EnvironmentRequest, ensure, request_for
from faas_agent.pod.host.requirements import Requirements

SIX = EnvironmentRequest(requirements=Requirements(("six==1.17.0",)))


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


def ensure_now(request: EnvironmentRequest, cache: Path, lines: list[str] | None = None) -> Environment:
    return asyncio.run(ensure(request, cache, (lines if lines is not None else []).append))


def run(environment: Environment, code: str) -> str:
    return subprocess.run(
        [environment.python, "-I", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_an_environment_has_what_was_required_compiled_and_is_built_once(shared_cache: Path) -> None:
    first = ensure_now(SIX, shared_cache)
    assert run(first, "import six; print(six.__version__)") == "1.17.0"
    assert list(first.python.parent.parent.rglob("six*.pyc"))
    again = ensure_now(SIX, shared_cache)
    assert (again.python, again.key, again.built) == (first.python, first.key, False)


def test_other_spellings_of_the_same_requirements_share_one_environment(shared_cache: Path) -> None:
    first = ensure_now(SIX, shared_cache)
    same = EnvironmentRequest(requirements=Requirements(("Six == 1.17.0", "six==1.17.0")))
    assert ensure_now(same, shared_cache).key == first.key
    other = EnvironmentRequest(requirements=Requirements(("six==1.16.0",)))
    assert ensure_now(other, shared_cache).key != first.key


def test_without_requirements_there_is_an_environment_that_sees_nothing_of_ours(shared_cache: Path) -> None:
    empty = ensure_now(EnvironmentRequest(), shared_cache)
    code = "import importlib.util as u; print([n for n in ('fastapi', 'faas_agent', 'six', 'uv') if u.find_spec(n)])"
    assert run(empty, code) == "[]"
    assert empty.python != Path(sys.executable)


def test_a_requirement_that_does_not_exist_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    lines: list[str] = []
    request = EnvironmentRequest(requirements=Requirements(("six", "faas-agent-no-such-package>=1")))
    with pytest.raises(
        StartFailed, match=r"'faas-agent-no-such-package>=1' cannot be installed: .*not found"
    ) as caught:
        ensure_now(request, tmp_path, lines)
    assert caught.value.reason == "install-failed"
    assert any("faas-agent-no-such-package" in line for line in lines), "the installer's own words were not told"
    assert list((tmp_path / "environments").iterdir()) == []


def test_requirements_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match=r"'six==1.16.0' cannot be installed: .*unsatisfiable"):
        ensure_now(EnvironmentRequest(requirements=Requirements(("six==1.16.0", "six==1.17.0"))), tmp_path)


def test_a_package_that_does_not_build_is_named(tmp_path: Path) -> None:
    request = source_of(tmp_path, "broken", "raise SystemExit('no compiler here')\n")
    lines: list[str] = []
    with pytest.raises(StartFailed, match=r"'broken @ file:.* cannot be installed: Failed to build"):
        ensure_now(request, tmp_path, lines)
    assert any("no compiler here" in line for line in lines)


def test_an_installation_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    request = EnvironmentRequest(requirements=Requirements(("six==1.17.0",)), seconds=0.001)
    with pytest.raises(StartFailed, match="took longer than") as caught:
        ensure_now(request, tmp_path)
    assert caught.value.reason == "install-failed"


@pytest.mark.parametrize(
    ("python", "why"),
    [
        ("3.99", "is not installed"),
        ("two", "is not installed"),
        ("/bin/false", "is not a Python"),
        ("/no/x", "is not a"),
    ],
)
def test_a_python_that_is_not_there_is_named(tmp_path: Path, python: str, why: str) -> None:
    with pytest.raises(StartFailed, match=why) as caught:
        ensure_now(EnvironmentRequest(python=python), tmp_path)
    assert caught.value.reason == "install-failed"


def test_a_python_may_be_named_by_version_or_path(shared_cache: Path) -> None:
    own = ensure_now(EnvironmentRequest(), shared_cache)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert ensure_now(EnvironmentRequest(python=version), shared_cache).key == own.key
    assert ensure_now(EnvironmentRequest(python=sys.executable), shared_cache).key == own.key


def test_two_at_once_build_once(tmp_path: Path) -> None:
    async def both() -> tuple[list[Environment], list[str]]:
        lines: list[str] = []
        return await asyncio.gather(*(ensure(SIX, tmp_path, lines.append) for _ in range(2))), lines

    environments, lines = asyncio.run(both())
    assert sorted(environment.built for environment in environments) == [False, True]
    assert sum("Installed 1 package" in line for line in lines) == 1
    assert any("waiting for another replica" in line for line in lines)


def test_an_environment_whose_interpreter_went_away_is_built_again(tmp_path: Path) -> None:
    first = ensure_now(EnvironmentRequest(), tmp_path)
    first.python.unlink()
    again = ensure_now(EnvironmentRequest(), tmp_path)
    assert again.built
    assert run(again, "print(1)") == "1"


def test_no_password_of_an_index_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    options = ("--extra-index-url http://me:hunter2@127.0.0.1:9/simple",)
    request = EnvironmentRequest(requirements=Requirements(("six==1.17.0",), (), options))
    lines: list[str] = []
    with pytest.raises(StartFailed) as caught:
        ensure_now(request, tmp_path, lines)
    said = caught.value.message.encode() + "".join(lines).encode()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"hunter2" not in said + kept


def test_use_is_noted(tmp_path: Path) -> None:
    ready = ensure_now(EnvironmentRequest(), tmp_path).python.parent.parent / "ready"
    os.utime(ready, (1, 1))
    ensure_now(EnvironmentRequest(), tmp_path)
    assert ready.stat().st_mtime > time.time() - 600


def source_of(folder: Path, name: str, build_wheel: str) -> EnvironmentRequest:
    """Asks for a package whose build runs this code."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n',
        "b.py": build_wheel,
    }
    place = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return EnvironmentRequest(requirements=Requirements((f"{name} @ {place.as_uri()}",)))


SLOW_BUILD = """
import pathlib, time, zipfile
here = pathlib.Path(HERE)
FILES = {
    "slow.py": "",
    "slow-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n",
    "slow-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "slow-1.0.dist-info/RECORD": "slow.py,,\\n",
}

def build_wheel(folder, *_):
    (here / "building").touch()
    while not (here / "go").exists():
        time.sleep(0.02)
    with zipfile.ZipFile(f"{folder}/slow-1.0-py3-none-any.whl", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return "slow-1.0-py3-none-any.whl"
"""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[EnvironmentRequest]:
    """A package whose build says ``building`` and waits until somebody says ``go``."""
    yield source_of(tmp_path, "slow", SLOW_BUILD.replace("HERE", repr(str(tmp_path))))
    (tmp_path / "go").touch()


BUILD = """
import asyncio, pathlib, sys
from faas_agent.pod.host.environment import EnvironmentRequest, ensure
from faas_agent.pod.host.requirements import Requirements
request = EnvironmentRequest(requirements=Requirements((sys.argv[1],)))
asyncio.run(ensure(request, pathlib.Path(sys.argv[2]), print))
"""


def test_a_builder_that_was_killed_leaves_the_key_buildable(tmp_path: Path, slow: EnvironmentRequest) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", BUILD, slow.requirements.requirements[0], str(cache)]
    builder = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until((tmp_path / "building").exists, "the build never began")
        orphans = psutil.Process(builder.pid).children(recursive=True)
    finally:
        builder.send_signal(signal.SIGKILL)
        builder.wait()
    assert not list((cache / "environments").glob("*/ready")), "half an environment looks whole"

    async def build_again() -> tuple[Environment, list[str]]:
        lines: list[str] = []
        task = asyncio.create_task(ensure(slow, cache, lines.append))
        while not any("waiting" in line for line in lines):
            await asyncio.sleep(0.02)
        (tmp_path / "go").touch()
        return await task, lines

    environment, _ = asyncio.run(build_again())
    assert environment.built
    assert run(environment, "import slow; print('ok')") == "ok"
    _, alive = psutil.wait_procs(orphans, timeout=30)
    assert not alive


def test_a_caller_that_gives_up_ends_the_installer(tmp_path: Path, slow: EnvironmentRequest) -> None:
    cache = tmp_path / "cache"

    async def give_up() -> list[psutil.Process]:
        task = asyncio.create_task(ensure(slow, cache, lambda line: None))
        while not (tmp_path / "building").exists():
            await asyncio.sleep(0.02)
        started = psutil.Process().children(recursive=True)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return started

    started = asyncio.run(give_up())
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not alive
    assert list((cache / "environments").iterdir()) == []


def test_where_there_is_no_uv_pip_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "find_uv", lambda: None)
    assert run(ensure_now(SIX, tmp_path), "import six; print(six.__version__)") == "1.17.0"
    with pytest.raises(StartFailed, match="'faas-agent-no-such-package' cannot be installed: No matching distribution"):
        ensure_now(EnvironmentRequest(requirements=Requirements(("faas-agent-no-such-package",))), tmp_path)


def test_the_installer_sees_the_way_to_the_index_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = source_of(
        tmp_path, "spy", "import os\ndef build_wheel(*_): raise SystemExit('saw ' + ' '.join(os.environ))\n"
    )
    monkeypatch.setenv("FAAS_ADMIN_PASSWORD", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("NO_PROXY", "localhost")
    lines: list[str] = []
    with pytest.raises(StartFailed):
        ensure_now(spy, tmp_path, lines)
    seen = next(line for line in lines if "saw " in line).split()
    assert "NO_PROXY" in seen
    assert not {"FAAS_ADMIN_PASSWORD", "AWS_SECRET_ACCESS_KEY"} & set(seen)


@pytest.mark.parametrize(
    ("code", "requirements", "required"),
    [
        ("import dtlpy as dl\n", "", ("dtlpy==1.126.5",)),
        ("import dtlpy as dl\n", "dtlpy>=1.100\n", ("dtlpy>=1.100",)),
        ("x = 1\n", "six\n", ("six",)),
    ],
)
def test_the_sdk_is_added_where_it_is_needed_and_not_named(
    tmp_path: Path, code: str, requirements: str, required: tuple[str, ...]
) -> None:
    (tmp_path / "main.py").write_text(code)
    (tmp_path / "requirements.txt").write_text(requirements)
    request = request_for(tmp_path, functions=[], sdk_version="1.126.5")
    assert request.with_sdk().requirements == required
