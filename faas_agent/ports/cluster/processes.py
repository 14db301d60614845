"""Replicas as processes of this machine: an agent in a session of its own, found again after a restart of the server.

A record beside each replica (pid and start time) is what identifies it; a pid alone may be somebody else's by now.
The token goes in through stdin, never into an argument or the environment, where other processes could read it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from faas_agent.ports.cluster.protocol import Cluster, Observed, ReplicaSpec

TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True)
class _Record:
    """What is written down of a running replica."""

    id: str
    service_id: str
    service_version: str
    pid: int
    started: float


class ProcessCluster:
    """One folder a replica below ``root``; ``agent`` is the command that runs one."""

    def __init__(self, root: Path, agent: Sequence[str]) -> None:
        self._root, self._agent = root, list(agent)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        root.mkdir(parents=True, exist_ok=True)

    def start(self, spec: ReplicaSpec) -> None:
        folder = self._root / spec.id
        folder.mkdir()
        config = {"replica": spec.id, "api": spec.api_url, "token": spec.token, "folder": str(folder.resolve())}
        with (folder / "agent.log").open("ab") as log:
            child = subprocess.Popen(
                self._agent, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, env=_environment()
            )
        self._children[spec.id] = child
        started = psutil.Process(child.pid).create_time()
        record = _Record(spec.id, spec.service_id, spec.service_version, child.pid, started)
        (folder / "replica.json").write_text(json.dumps({name: getattr(record, name) for name in _Record.__slots__}))
        if child.stdin is not None:
            with child.stdin as stdin:
                stdin.write(json.dumps(config).encode())

    def drain(self, replica_id: str) -> None:
        if (process := self._process(replica_id)) is not None:
            process.send_signal(signal.SIGTERM)

    def kill(self, replica_id: str) -> None:
        if (process := self._process(replica_id)) is None:
            return
        for victim in [process, *process.children(recursive=True)]:
            if victim.is_running():
                victim.kill()

    def observe(self) -> Sequence[Observed]:
        found = []
        for path in sorted(self._root.glob("*/replica.json")):
            record = _Record(**json.loads(path.read_text()))
            alive = self._process(record.id) is not None
            child = self._children.get(record.id)
            code = child.poll() if child is not None else None
            words = "" if alive else _tail(path.parent / "agent.log")
            found.append(Observed(record.id, record.service_id, record.service_version, alive, code, words))
        return found

    def forget(self, replica_id: str) -> None:
        self._children.pop(replica_id, None)
        shutil.rmtree(self._root / replica_id, ignore_errors=True)

    def _process(self, replica_id: str) -> psutil.Process | None:
        """The living process of a replica; None when it has ended, or when its pid is somebody else's now."""
        if (child := self._children.get(replica_id)) is not None and child.poll() is not None:
            return None
        try:
            record: dict[str, Any] = json.loads((self._root / replica_id / "replica.json").read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None


def _tail(path: Path) -> str:
    """The last lines of a log that may be long or gone."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").strip()
    return ""


def _environment() -> dict[str, str]:
    """The server's environment without what only the server may know."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FAAS_")}


def _is_a_cluster(processes: ProcessCluster) -> Cluster:
    return processes  # the type checker's proof that the port's contract is kept
