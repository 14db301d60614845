"""A platform on PostgreSQL: it works as on SQLite, outlives its database's restart, and keeps its URL to itself."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from store_server import Server, find_binaries

PASSWORD = "hunter2-5f3a"
CODE = """
import pathlib, time

class ServiceRunner:
    def quick(self, a):
        return a

    def slow(self, a, context):
        (pathlib.Path(MARKS) / f"{context.execution_id}-{context.execution_dict['attempt']}").touch()
        time.sleep(a)
        return "slow"
"""


@pytest.fixture
def server() -> Iterator[Server]:
    binaries = find_binaries()
    if binaries is None:
        why = "PostgreSQL is not installed: apt-get install postgresql"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    server = Server(binaries)
    yield server
    server.remove()


@pytest.fixture
def environ(server: Server) -> dict[str, str]:
    return {"FAAS_DATABASE_URL": server.url.replace("faas@", f"faas:{PASSWORD}@")}


def deploy(house: Any, **settings: Any) -> str:
    return str(house.deploy(CODE.replace("MARKS", repr(str(house.marks))), ["quick", "slow"], **settings))


def answer(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def query(house: Any, dataset: str) -> list[str]:
    asked = {"resource": "items", "filter": {"$and": [{"type": "file"}]}, "page": 0, "pageSize": 10}
    found = house.api("POST", f"/datasets/{dataset}/query", asked)
    return [item["filename"] for item in found["items"]]


def test_data_and_functions_outlive_a_restart_of_the_database_that_takes_longer_than_a_lease(
    house: Any, server: Server
) -> None:
    project = house.api("POST", "/projects", {"name": "photos"})["id"]
    dataset = house.api("POST", "/datasets", {"name": "d", "projects": [project]})["id"]
    item = house._upload(dataset, "/a/b.txt", b"hello")
    assert query(house, dataset) == ["/a/b.txt"]
    service = deploy(house, runtime={"concurrency": 2})
    assert house.ended(house.call(service, "quick", {"a": 1}))["output"] == {"a": 1}
    slow = house.call(service, "slow", 14)
    house.running(slow)

    server.stop()
    away = time.monotonic() + 8
    while time.monotonic() < away:
        assert answer(house.url + "/healthz")[0] == 200
        status, body = answer(house.url + "/readyz")
        assert (status, json.loads(body)["message"]) == (503, "the database does not answer right now: try again")
        time.sleep(0.5)
    server.start()

    assert answer(house.url + "/readyz")[0] == 200
    assert query(house, dataset) == ["/a/b.txt"]
    assert house.api("GET", f"/items/{item}")["filename"] == "/a/b.txt"
    ended = house.ended(slow)
    assert (ended["latestStatus"]["status"], ended["output"]) == ("success", "slow")
    assert house.starts(slow) == [1], "it ran undisturbed"
    assert house.ended(house.call(service, "quick", 2))["output"] == 2


def test_only_the_server_knows_where_its_records_are(house: Any) -> None:
    service = deploy(house)
    assert house.ended(house.call(service, "quick", 1))["output"] == 1
    server_pid = house.server.pid
    others = {pid: text for pid, text in house.processes().items() if pid != server_pid}
    assert others, "an agent and a runner"
    assert not [text for text in others.values() if PASSWORD in text or "DATABASE_URL" in text]
    assert PASSWORD not in (house.data_dir.parent / "log").read_text()


def test_a_second_start_finds_everything_again(house: Any) -> None:
    made = house.api("POST", "/projects", {"name": "kept"})["id"]
    house.end(signal.SIGTERM)
    house.start()
    assert house.api("GET", f"/projects/{made}")["name"] == "kept"
