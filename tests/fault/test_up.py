"""``faas up`` on its own: what it refuses, how it ends, and what it leaves behind, which is nothing."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

CODE = (
    "import time\n\nclass ServiceRunner:\n    def __init__(self):\n        time.sleep(60)\n\n    def run(self, a): pass"
)


def refused(house: Any, data_dir: Path, port: int) -> str:
    """What a second platform says; it has to be one line and exit code 2."""
    command = [house.command, "up", "--data-dir", str(data_dir), "--port", str(port)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=40)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


def test_a_data_directory_in_use_is_refused(house: Any) -> None:
    line = refused(house, house.data_dir, 0)
    assert str(house.data_dir) in line
    assert f"in use by process {house.server.pid}" in line
    assert house.api("GET", "/projects") is not None  # the first one is none the worse


def test_a_port_in_use_is_refused_before_anything_is_made(house: Any, tmp_path: Path) -> None:
    line = refused(house, tmp_path / "other", house.port)
    assert f"127.0.0.1:{house.port}" in line
    assert "--port" in line
    assert not (tmp_path / "other" / "credentials.json").exists()


def test_a_data_directory_that_cannot_be_is_refused(house: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be used" in refused(house, tmp_path / "file" / "data", 0)


def test_the_port_and_the_directory_are_free_again_at_once(house: Any) -> None:
    port = house.port
    for number in (signal.SIGINT, signal.SIGTERM):
        assert house.end(number) == 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        house.start(port)
    assert house.port == port


def test_replicas_that_are_still_starting_end_with_the_platform(house: Any) -> None:
    service = house.deploy(CODE, ["run"])
    waiting = house.call(service, "run")
    house.until(lambda: any("--socket" in text for text in house.processes().values()))
    assert house.end(signal.SIGTERM) == 0
    assert house.processes() == {}
    house.start()
    assert house.execution(waiting)["latestStatus"]["status"] == "created"
