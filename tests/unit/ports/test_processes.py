"""Replicas as processes, with a stand-in for the agent that writes down what it was given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from faas_agent.ports.cluster.processes import RECORD, ProcessCluster
from faas_agent.ports.cluster.protocol import Observed, ReplicaSpec

AGENT = """
import json, os, pathlib, sys, time
config = json.loads(sys.stdin.read())
seen = {"config": config, "arguments": sys.argv, "environ": dict(os.environ)}
draft = pathlib.Path(config["folder"], "draft")
draft.write_text(json.dumps(seen))
draft.rename(draft.with_name("seen"))
print("last words", flush=True)
time.sleep(60)
"""
SPEC = ReplicaSpec("r1", "s1", "1.0.0", "http://127.0.0.1:1", "the token")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "replicas"


@pytest.fixture
def cluster(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessCluster]:
    monkeypatch.setenv("FAAS_ADMIN_PASSWORD", "hidden")
    made = ProcessCluster(root, [sys.executable, "-c", AGENT])
    yield made
    for seen in made.observe():
        made.kill(seen.id)
        until(lambda: not one(made).alive)
        made.forget(seen.id)


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def one(cluster: ProcessCluster) -> Observed:
    [seen] = cluster.observe()
    return seen


def test_the_token_is_on_stdin_only_and_the_servers_secrets_nowhere(cluster: ProcessCluster, root: Path) -> None:
    cluster.start(SPEC)
    until((root / "r1" / "seen").exists)
    seen = json.loads((root / "r1" / "seen").read_text())
    assert seen["config"]["token"] == "the token"
    assert "the token" not in str(seen["arguments"]) + str(seen["environ"])
    assert not [name for name in seen["environ"] if name.startswith("FAAS_")]
    assert not [path for path in root.rglob("*") if path.is_file() and path.name != "seen" and has_token(path)]


def has_token(path: Path) -> bool:
    return "the token" in path.read_text()


def test_another_server_finds_it_again(cluster: ProcessCluster, root: Path) -> None:
    cluster.start(SPEC)
    seen = one(ProcessCluster(root, ["no such agent"]))
    assert (seen.id, seen.service_id, seen.service_version) == ("r1", "s1", "1.0.0")
    assert (seen.alive, seen.api_url) == (True, "http://127.0.0.1:1")


def test_an_ended_one_is_seen_with_its_last_words_until_it_is_forgotten(cluster: ProcessCluster, root: Path) -> None:
    cluster.start(SPEC)
    until((root / "r1" / "agent.log").read_text)
    cluster.drain("r1")
    until(lambda: not one(cluster).alive)
    assert (one(cluster).exit_code, one(cluster).last_words) == (-signal.SIGTERM, "last words")
    cluster.forget("r1")
    assert list(cluster.observe()) == []
    assert not (root / "r1").exists()


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(cluster: ProcessCluster, root: Path) -> None:
    cluster.start(SPEC)
    cluster.kill("r1")
    until(lambda: not one(cluster).alive)
    record = json.loads((root / "r1" / RECORD).read_text())
    earlier = psutil.Process().create_time() - 60  # this process had its pid for so long, and not longer
    (root / "r1" / RECORD).write_text(json.dumps(record | {"pid": os.getpid(), "started": earlier}))
    later = ProcessCluster(root, ["no such agent"])
    assert not one(later).alive
    later.kill("r1")
    later.drain("r1")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "r2"}'])
def test_a_record_that_cannot_be_read_stops_nobody(cluster: ProcessCluster, root: Path, text: str) -> None:
    cluster.start(SPEC)
    (root / "r2").mkdir()
    (root / "r2" / RECORD).write_text(text)
    assert [seen.id for seen in cluster.observe()] == ["r1"]
    cluster.forget("r2")
    assert not (root / "r2").exists()


def test_programs_that_outlived_their_replica_end_when_it_is_forgotten(cluster: ProcessCluster, root: Path) -> None:
    cluster.start(SPEC)
    home = root / "r1" / "home"
    home.mkdir()
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        subprocess.Popen(sleep, env={"HOME": str(home)}, start_new_session=True) as inhabitant,
        subprocess.Popen(sleep, env={"HOME": str(root)}, start_new_session=True) as neighbour,
    ):
        until(lambda: psutil.Process(inhabitant.pid).environ() and psutil.Process(neighbour.pid).environ())
        cluster.kill("r1")
        until(lambda: not one(cluster).alive)
        cluster.forget("r1")
        assert inhabitant.wait(5) == -signal.SIGKILL
        assert neighbour.poll() is None
        neighbour.kill()
