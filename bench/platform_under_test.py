"""The platform as the benchmark sees it: a command, an address, and one kept connection. Called by ``run.py``."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CODE = """
import time

class ServiceRunner:
    def run(self):
        return time.time()
"""
ENDED = {"success", "failed", "aborted", "canceled", "terminated", "system-failure"}
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Deployed:
    """A service that has run once, and how long that took from the request that deployed it."""

    service_id: str
    first_seconds: float


def seconds_of(command: Sequence[str | Path]) -> float:
    """Wall time of one process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextmanager
def platform(faas: Path, folder: Path) -> Iterator[tuple[str, dict[str, str], float]]:
    """``faas up`` on a free port: its url, its admin, and the seconds until ``ready``."""
    command = [faas, "up", "--port", "0", "--data-dir", folder / "data"]
    began = time.perf_counter()
    with (
        (folder / "platform.log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            took = time.perf_counter() - began
            assert line.startswith("ready "), (folder / "platform.log").read_text()
            yield line.split()[1], json.loads((folder / "data/credentials.json").read_text()), took
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


class Client:
    """One kept connection, logged in."""

    def __init__(self, url: str, admin: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self._headers = {"content-type": "application/json"}
        login = {"username": admin["email"], "password": admin["password"], "type": "user_credentials"}
        token = self.call("POST", "/token?default", login)["id_token"]
        self._headers["authorization"] = f"Bearer {token}"

    def timed(self, method: str, path: str, body: object = None) -> tuple[float, Any]:
        """Seconds of the round trip, and the answer."""
        began = time.perf_counter()
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        assert answer.status < 400, content
        return took, json.loads(content)

    def call(self, method: str, path: str, body: object = None) -> Any:
        return self.timed(method, path, body)[1]

    def output_of(self, execution_id: str) -> Any:
        """Of an execution, when it has ended; asked for seldom, so as not to be part of what is measured."""
        until = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < until:
            time.sleep(0.03)
            found = self.call("GET", f"/api/v1/executions/{execution_id}")
            if found["latestStatus"]["status"] in ENDED:
                assert found["latestStatus"]["status"] == "success", found["latestStatus"]
                return found["output"]
        raise TimeoutError(f"execution {execution_id} has not ended")


def deploy(url: str, admin: dict[str, str], folder: Path, name: str) -> Deployed:
    """Push and deploy a function that needs nothing, with the real SDK, and run it once."""
    os.environ["DATALOOP_PATH"] = str(folder / "dataloop")
    import dtlpy as dl

    dl.verbose.disable_progress_bar = True
    dl.client_api.add_environment(environment=f"{url}/api/v1", gate_url=url, alias="faas", url=f"{url}/")
    dl.setenv("faas")
    assert dl.login_m2m(email=admin["email"], password=admin["password"])
    os.chdir(folder)
    source = folder / name
    source.mkdir()
    (source / "main.py").write_text(CODE)
    project = dl.projects.create(project_name=name)
    output = dl.FunctionIO(name="at", type="Float")
    modules = [dl.PackageModule(functions=[dl.PackageFunction(name="run", outputs=[output])])]
    package = project.packages.push(package_name=name, src_path=str(source), modules=modules)
    client = Client(url, admin)
    began = time.time()
    service = package.deploy(service_name=name)
    execution = client.call("POST", f"/api/v1/executions/{service.id}", {"functionName": "run", "input": {}})
    return Deployed(service.id, float(client.output_of(execution["id"])) - began)
