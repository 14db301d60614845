"""A live platform for the stories: one for each worker of pytest-xdist, in a data directory of its own.

The tests know it by HTTP and by its commands alone.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FAAS = Path(sys.executable).with_name("faas")
STOP_SECONDS = 30


@dataclass(frozen=True)
class Platform:
    """Where it listens and who may log in."""

    url: str
    email: str
    password: str
    data_dir: Path


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Started as a user starts it; it has to stop cleanly."""
    folder = tmp_path_factory.mktemp("platform")
    command = [str(FAAS), "up", "--data-dir", str(folder / "data"), "--port", "0"]
    with (
        (folder / "log").open("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True) as server,
    ):
        assert server.stdout is not None
        try:
            line = server.stdout.readline()
            assert line.startswith("ready http://"), (folder / "log").read_text()
            known = json.loads((folder / "data" / "credentials.json").read_text())
            yield Platform(line.split()[1], known["email"], known["password"], folder / "data")
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(STOP_SECONDS)
        assert code == 0, (folder / "log").read_text()
