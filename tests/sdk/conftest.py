"""A live platform and the real SDK, logged in to it. These tests know the platform by HTTP alone.

Run by an interpreter that has dtlpy; the platform is started from ``FAAS_BIN`` (default: the repository's own
environment), one for each worker of pytest-xdist, in a data directory of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from raw_http import Http

REPOSITORY = Path(__file__).parents[2]
FAAS = os.environ.get("FAAS_BIN", str(REPOSITORY / ".venv/bin/faas"))
START_SECONDS, STOP_SECONDS = 60, 30


@dataclass(frozen=True)
class Platform:
    """Where it listens and who may log in."""

    url: str
    email: str
    password: str
    data_dir: Path

    @property
    def gate(self) -> str:
        return self.url + "/api/v1"


def pytest_configure(config: pytest.Config) -> None:
    """The SDK's own dependencies warn; that is not ours to answer for."""
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore::PendingDeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole platform as a process of its own; it has to stop cleanly and leave no child."""
    data_dir = tmp_path_factory.mktemp("platform") / "data"
    command = [FAAS, "up", "--data-dir", str(data_dir), "--port", "0"]
    os.environ.setdefault("FAAS_CACHE_DIR", str(REPOSITORY / ".cache/environments"))  # made once, not by each worker
    with (
        (data_dir.parent / "log").open("w+b") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True) as server,
    ):
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line.startswith("ready http://"), (data_dir.parent / "log").read_text()
            known = json.loads((data_dir / "credentials.json").read_text())
            yield Platform(line.split()[1], known["email"], known["password"], data_dir)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                code = server.wait(STOP_SECONDS)
            finally:
                left = _members(server.pid)
                if left:
                    os.killpg(server.pid, signal.SIGKILL)
        assert code == 0, (data_dir.parent / "log").read_text()
        assert left == [], f"the platform left processes behind: {left}"


def _members(group: int) -> list[str]:
    """The processes of that session, from the kernel."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[3]) == group and after_name[0] != "Z":
            found.append(stat.parent.name)
    return found


@pytest.fixture(scope="session")
def dl(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """dtlpy, registered with the platform and logged in as its admin; its cookie lives in a folder of the test."""
    home = tmp_path_factory.mktemp("dataloop")
    os.environ["DATALOOP_PATH"] = str(home)
    os.chdir(home)  # it keeps check-outs and zips below the working directory
    assert "dtlpy" not in sys.modules, "DATALOOP_PATH is read on import"
    import dtlpy

    dtlpy.client_api.add_environment(
        environment=platform.gate, gate_url=platform.url, alias="faas", url=platform.url + "/", verify_ssl=False
    )
    dtlpy.setenv("faas")
    dtlpy.verbose.disable_progress_bar = True
    assert dtlpy.login_m2m(email=platform.email, password=platform.password)
    yield dtlpy


@pytest.fixture(scope="session")
def token(platform: Platform, dl: ModuleType) -> str:
    """What the SDK sends."""
    return str(dl.token())


@pytest.fixture(scope="session")
def admin(platform: Platform, token: str) -> Http:
    """The admin by hand, without the SDK."""
    return Http(platform.url, token)


@pytest.fixture(scope="module")
def project(dl: ModuleType) -> Iterator[Any]:
    """A new project, deleted afterwards."""
    made = dl.projects.create(project_name=f"project-{uuid.uuid4().hex[:12]}")
    yield made
    assert made.delete(sure=True, really=True)


@pytest.fixture
def dataset(project: Any) -> Iterator[Any]:
    """A new dataset, deleted afterwards."""
    made = project.datasets.create(dataset_name=f"dataset-{uuid.uuid4().hex[:12]}")
    yield made
    made.delete(sure=True, really=True)
