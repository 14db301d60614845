"""``dlp`` as a user runs it: a program, in a folder, with a home of its own, logged in to a live platform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform

DLP, FAAS = Path(sys.executable).with_name("dlp"), Path(sys.executable).with_name("faas")


@dataclass(frozen=True)
class Dlp:
    """Called with the words of a command line."""

    folder: Path
    home: Path

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run it to its end; any other exit code than the expected one fails the test."""
        done = subprocess.run(
            [str(DLP), *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == code, f"dlp {arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        """What a list is for a program."""
        return json.loads(self(*arguments, "--json").stdout)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the user's shell, with another home."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FAAS_", "DTLPY_"))}
        return {**kept, "DATALOOP_PATH": str(self.home)}


@pytest.fixture(scope="session")
def logged_in(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a login, made once by the commands that make one."""
    folder = tmp_path_factory.mktemp("login")
    made = Dlp(folder, folder / "home")
    made("api", "setenv", "-e", platform.url)
    made("login-m2m", "-e", platform.email, "-p", platform.password)
    return made.home


@pytest.fixture
def dlp(logged_in: Path, tmp_path: Path) -> Dlp:
    """Logged in, in an empty folder, with a home of its own."""
    (tmp_path / "work").mkdir()
    shutil.copytree(logged_in, tmp_path / "home")
    return Dlp(tmp_path / "work", tmp_path / "home")


@pytest.fixture
def faas(dlp: Dlp) -> Callable[..., str]:
    """The server's command in the same home. Returns what it says."""

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [str(FAAS), *arguments], env=dlp.environ, capture_output=True, text=True, timeout=90, check=True
        )
        return done.stdout

    return call


@pytest.fixture
def project(dlp: Dlp, request: pytest.FixtureRequest) -> str:
    """A project of this test, checked out in its folder."""
    name = request.node.name[:40]
    dlp("projects", "create", "-p", name)
    return name


@pytest.fixture
def package(dlp: Dlp) -> Callable[[str, str], Path]:
    """Writes a package of one function ``run`` with a Json input ``value`` into a folder of that name."""

    def write(name: str, body: str) -> Path:
        folder = dlp.folder / name
        folder.mkdir(exist_ok=True)
        functions = [{"name": "run", "input": [{"name": "value", "type": "Json"}], "output": []}]
        module = {"name": "default_module", "entryPoint": "main.py", "initInputs": [], "functions": functions}
        (folder / "package.json").write_text(json.dumps({"name": name, "modules": [module]}))
        (folder / "main.py").write_text(f"class ServiceRunner:\n    def run(self, value=None):\n        {body}\n")
        return folder

    return write
