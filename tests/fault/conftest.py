"""A platform that may be killed and started again, spoken to by HTTP alone.

Needs nothing but the standard library, so that it runs in any environment. Every process of a platform is known by the
folder in its environment, and none may be left when its test is over.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import textwrap
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
FAAS = os.environ.get("FAAS_BIN", str(REPOSITORY / ".venv/bin/faas"))
ENDED = {"success", "failed"}


class House:
    """One data directory and the platform that runs on it, when one does."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.data_dir = folder / "data"
        self.marks = folder / "marks"
        self.marks.mkdir()
        cache = str(REPOSITORY / ".cache/environments")
        self._environ = {**os.environ, "FAAS_CACHE_DIR": cache, "FAAS_LEASE_SECONDS": "6"} | environ
        self._environ |= {"FAAS_HEARTBEAT_SECONDS": "1", "FAAS_SWEEP_SECONDS": "1", "HOUSE": str(folder)}
        self.command = FAAS
        self.server: subprocess.Popen[str] | None = None
        self.url, self._token = "", ""

    # -- the server ----------------------------------------------------------------------------------------------------

    def start(self, port: int = 0) -> None:
        """Until it is ready."""
        command = [FAAS, "up", "--data-dir", str(self.data_dir), "--port", str(port)]
        with (self.data_dir.parent / "log").open("ab") as log:
            self.server = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environ, start_new_session=True
            )
        assert self.server.stdout is not None
        line = self.server.stdout.readline()
        if not line:
            self.server.stdout.close()
            self.server.wait(10)
            self.server = None
        assert line.startswith("ready http://"), (self.data_dir.parent / "log").read_text()
        self.url = line.split()[1]
        known = json.loads((self.data_dir / "credentials.json").read_text())
        body = {"username": known["email"], "password": known["password"], "type": "user_credentials"}
        self._token = self._ask("POST", self.url + "/token?default", json.dumps(body).encode())["id_token"]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def end(self, number: int) -> int:
        """Signal it, wait for it, and say how it ended."""
        assert self.server is not None
        self.server.send_signal(number)
        code = self.server.wait(40)
        assert self.server.stdout is not None
        self.server.stdout.close()
        self.server = None
        return code

    @staticmethod
    def until(look: Callable[[], Any], seconds: float = 40.0) -> Any:
        """The first true answer."""
        end = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < end, f"not within {seconds} s"
            time.sleep(0.05)
        return found

    # -- its API -------------------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Path below the gate."""
        return self._ask(method, f"{self.url}/api/v1{path}", None if body is None else json.dumps(body).encode())

    def deploy(self, code: str, functions: list[str], **settings: Any) -> str:
        """The id of a service of that code; each function takes ``a``."""
        if not hasattr(self, "_project"):
            self._project = self.api("POST", "/projects", {"name": "p"})["id"]
        name = f"x{uuid.uuid4().hex[:10]}"
        ask = {"resource": "datasets", "filter": {"$and": [{"name": "Binaries"}]}, "page": 0, "pageSize": 1}
        ask |= {"context": {"projects": [self._project]}, "systemSpace": True}
        binaries = self.api("POST", "/datasets/query", ask)["items"][0]["id"]
        item = self._upload(binaries, f"/codebases/{name}/0.zip", _zip(code))
        declared = [{"name": one, "input": [{"name": "a", "type": "Json"}], "output": []} for one in functions]
        module = {"name": "m", "entryPoint": "main.py", "className": "ServiceRunner", "functions": declared}
        package = {"name": name, "projectId": self._project, "modules": [module | {"initInputs": []}]}
        package |= {"codebase": {"type": "item", "itemId": item}}
        package_id = self.api("POST", "/packages", package)["id"]
        service = {"name": name, "projectId": self._project, "packageId": package_id, "moduleName": "m", **settings}
        service["runtime"] = {"concurrency": 1, "numReplicas": 1} | settings.get("runtime", {})
        return str(self.api("POST", "/services", service)["id"])

    def call(self, service: str, function: str, a: Any = None) -> str:
        body = {"functionName": function, "input": {"a": a}, "projectId": self._project}
        return str(self.api("POST", f"/executions/{service}", body)["id"])

    def execution(self, execution_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/executions/{execution_id}")
        return found

    def ended(self, execution_id: str, seconds: float = 60) -> dict[str, Any]:
        found = self.until(
            lambda: (e := self.execution(execution_id))["latestStatus"]["status"] in ENDED and e, seconds
        )
        assert isinstance(found, dict)
        return found

    def running(self, execution_id: str) -> None:
        """Until user code runs, which it shows by a mark."""
        self.until(lambda: self.starts(execution_id))

    def starts(self, execution_id: str) -> list[int]:
        """The attempts that user code has seen."""
        return sorted(int(path.name.rpartition("-")[2]) for path in self.marks.glob(f"{execution_id}-*"))

    def replicas(self, service: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api("GET", f"/services/{service}/status")["runtimeStatus"]
        return found

    def ready(self, service: str) -> str:
        """The replica of the service, once one serves."""
        return str(self.until(lambda: [r["replicaId"] for r in self.replicas(service) if r["status"] == "ready"])[0])

    # -- its processes -------------------------------------------------------------------------------------------------

    def agent(self, replica_id: str) -> int:
        """The process id of a replica's agent."""
        return int(json.loads((self.data_dir / "replicas" / replica_id / "replica.json").read_text())["pid"])

    def processes(self) -> dict[int, str]:
        """Everything that belongs to this platform, however it was started: pid -> command line and environment."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environ = (entry / "environ").read_bytes().decode(errors="replace")
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(self.data_dir.parent) in environ and state != "Z":
                found[int(entry.name)] = f"{command} {environ}"
        return found

    def _upload(self, dataset: str, path: str, content: bytes) -> str:
        edge = uuid.uuid4().hex
        parts = [("type", b"file", ""), ("path", path.encode(), ""), ("file", content, '; filename="0.zip"')]
        body = b"".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
            for name, value, more in parts
        )
        kind = f"multipart/form-data; boundary={edge}"
        url = f"{self.url}/api/v1/datasets/{dataset}/items?mode=skip"
        return str(self._ask("POST", url, body + f"--{edge}--\r\n".encode(), kind)["id"])

    def _ask(self, method: str, url: str, body: bytes | None, kind: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {url}: {error.code} {error.read().decode()}") from None


def _zip(code: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("main.py", textwrap.dedent(code))
    return target.getvalue()


@pytest.fixture
def environ() -> dict[str, str]:
    """Settings of the platform, for modules that need other ones."""
    return {}


@pytest.fixture
def house(tmp_path: Path, environ: dict[str, str]) -> Iterator[House]:
    """Started; ended with whatever it has started, if the test did not."""
    made = House(tmp_path, **environ)
    try:
        made.start()
        yield made
    finally:
        if made.server is not None:
            made.end(signal.SIGTERM)
        left = made.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left == {}
