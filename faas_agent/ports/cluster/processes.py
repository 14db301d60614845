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

import psutil

from faas_agent.ports.cluster.protocol import Cluster, Observed, ReplicaSpec

TAIL_BYTES = 4000
RECORD = "replica.json"


@dataclass(frozen=True, slots=True)
class _Record:
    """What is written down of a running replica."""

    id: str
    service_id: str
    service_version: str
    pid: int
    started: float
    api_url: str


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
                self._agent,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[spec.id] = child
        started = psutil.Process(child.pid).create_time()
        _write(
            folder / RECORD, _Record(spec.id, spec.service_id, spec.service_version, child.pid, started, spec.api_url)
        )
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
        for path in sorted(self._root.glob(f"*/{RECORD}")):
            if (record := _read(path)) is None:
                continue
            alive = self._process(record.id) is not None
            child = self._children.get(record.id)
            code = child.poll() if child is not None else None
            words = "" if alive else _tail(path.parent / "agent.log")
            found.append(
                Observed(record.id, record.service_id, record.service_version, alive, record.api_url, code, words)
            )
        return found

    def forget(self, replica_id: str) -> None:
        self._children.pop(replica_id, None)
        folder = self._root / replica_id
        if folder.exists():
            _kill_residents(folder.resolve())
            shutil.rmtree(folder, ignore_errors=True)

    def _process(self, replica_id: str) -> psutil.Process | None:
        """The living process of a replica; None when it has ended, or when its pid is somebody else's now."""
        if (child := self._children.get(replica_id)) is not None and child.poll() is not None:
            return None
        if (record := _read(self._root / replica_id / RECORD)) is None:
            return None
        try:
            process = psutil.Process(record.pid)
            same = abs(process.create_time() - record.started) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def _write(path: Path, record: _Record) -> None:
    """Whole or not at all: the server may be killed at any moment, and the next one has to read it."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({name: getattr(record, name) for name in _Record.__slots__}))
    draft.rename(path)


def _read(path: Path) -> _Record | None:
    try:
        return _Record(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _kill_residents(folder: Path) -> None:
    """What user code started and an agent that was killed could not end: the programs whose home is in the folder."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.environ().get("HOME", "/")).is_relative_to(folder):
                process.kill()


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
