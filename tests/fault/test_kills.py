"""What must stay true when processes are killed: nothing accepted is lost, nothing runs on unseen (DESIGN 8)."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import Any

CODE = """
import os, pathlib, subprocess, sys, time

class ServiceRunner:
    def mark(self, context):
        (pathlib.Path(MARKS) / f"{context.execution_id}-{context.execution_dict['attempt']}").touch()

    def quick(self, a, context):
        self.mark(context)
        return a

    def slow(self, a, context):
        self.mark(context)
        time.sleep(a)
        return "slow"

    def first_time_long(self, a, context):
        self.mark(context)
        time.sleep(300 if context.execution_dict["attempt"] == 1 else 0)
        return context.execution_dict["attempt"]

    def starts_programs(self, a, context):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
        self.mark(context)
        time.sleep(300 if context.execution_dict["attempt"] == 1 else 0)
        child.kill()
        return child.pid
"""
FUNCTIONS = ["quick", "slow", "first_time_long", "starts_programs"]


def deploy(house: Any, **settings: Any) -> str:
    service: str = house.deploy(CODE.replace("MARKS", repr(str(house.marks))), FUNCTIONS, **settings)
    return service


def words(execution: dict[str, Any]) -> list[str]:
    return [entry["status"] for entry in execution["status"]]


# -- an agent ----------------------------------------------------------------------------------------------------------


def test_work_of_a_killed_agent_starts_again_once_each(house: Any) -> None:
    service = deploy(house, runtime={"concurrency": 3})
    running = [house.call(service, "first_time_long") for _ in range(3)]
    for execution in running:
        house.running(execution)
    os.kill(house.agent(house.ready(service)), signal.SIGKILL)
    for execution in running:
        ended = house.ended(execution)
        assert words(ended) == ["created", "in-progress", "rerun", "in-progress", "success"]
        assert ended["status"][2]["reason"] == "replica-lost"
        assert (ended["output"], ended["attempts"], house.starts(execution)) == (2, 2, [1, 2])


def test_programs_that_user_code_started_die_with_a_killed_agent(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "starts_programs")
    house.running(execution)
    first = house.ready(service)
    os.kill(house.agent(first), signal.SIGKILL)
    house.ended(execution)
    folder = house.data_dir / "replicas" / first
    house.until(lambda: not [pid for pid, text in house.processes().items() if str(folder) in text])
    house.until(lambda: not folder.exists())


def test_an_agent_that_hangs_loses_its_work_and_its_life(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "first_time_long")
    house.running(execution)
    stopped = house.agent(house.ready(service))
    os.kill(stopped, signal.SIGSTOP)
    ended = house.ended(execution, 90)
    assert (ended["output"], house.starts(execution)) == (2, [1, 2]), ended["status"]
    house.until(lambda: stopped not in house.processes())


def test_a_killed_runner_is_replaced_under_the_same_agent(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "first_time_long")
    house.running(execution)
    replica = house.ready(service)
    [runner] = [pid for pid, command in house.processes().items() if "--socket" in command]
    os.kill(runner, signal.SIGKILL)
    ended = house.ended(execution)
    assert (ended["output"], ended["status"][2]["reason"]) == (2, "runner-crash")
    assert house.ready(service) == replica


# -- the server --------------------------------------------------------------------------------------------------------


def test_sigterm_leaves_no_process_and_a_restart_finishes_the_work(house: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        service = deploy(house, maxAttempts=1)
        running, queued = house.call(service, "first_time_long"), house.call(service, "quick", 5)
        house.running(running)
        assert house.end(number) == 0
        assert house.processes() == {}
        house.start()
        ended = house.ended(running)
        assert (ended["output"], ended["attempts"]) == (2, 1), ended["status"]  # given back, so it cost no attempt
        assert words(ended) == ["created", "in-progress", "created", "in-progress", "success"]
        assert house.ended(queued)["output"] == 5
        assert house.starts(queued) == [1]


def test_what_ends_within_the_grace_is_not_cut(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "slow", 2)
    house.running(execution)
    assert house.end(signal.SIGTERM) == 0
    house.start()
    ended = house.ended(execution)
    assert (ended["output"], house.starts(execution)) == ("slow", [1])


def test_a_killed_server_finds_its_agents_again(house: Any) -> None:
    service = deploy(house)
    execution, queued = house.call(service, "slow", 8), house.call(service, "quick", 1)
    house.running(execution)
    replica, port = house.ready(service), house.port
    house.end(signal.SIGKILL)
    house.start(port)
    ended = house.ended(execution)
    assert (ended["output"], house.starts(execution)) == ("slow", [1])
    assert words(ended) == ["created", "in-progress", "success"]
    assert house.ended(queued)["output"] == 1
    assert house.ready(service) == replica


def test_what_ends_while_the_server_is_away_is_reported_later(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "slow", 2)
    house.running(execution)
    port = house.port
    house.end(signal.SIGKILL)
    time.sleep(4)  # the time that the server is away is what this is about
    house.start(port)
    ended = house.ended(execution)
    assert (ended["output"], house.starts(execution)) == ("slow", [1])


def test_on_another_port_the_work_is_taken_over_once(house: Any) -> None:
    service = deploy(house)
    execution = house.call(service, "first_time_long")
    house.running(execution)
    replica, port = house.ready(service), house.port
    old = house.agent(replica)
    house.end(signal.SIGKILL)
    with socket.create_server(("127.0.0.1", port)):  # so that it is another one
        house.start()
    ended = house.ended(execution)
    assert (ended["output"], house.starts(execution)) == (2, [1, 2])
    assert old not in house.processes()
    assert house.ready(service) != replica


# -- everything --------------------------------------------------------------------------------------------------------


def test_under_fire_every_execution_ends_once_and_well(house: Any) -> None:
    service = deploy(house, maxAttempts=5, runtime={"concurrency": 3, "numReplicas": 2})
    house.until(lambda: [one["status"] for one in house.replicas(service)] == ["ready"] * 2)
    work = [house.call(service, "slow", 0.5) for _ in range(40)]
    house.running(work[2])
    os.kill(house.agent(house.ready(service)), signal.SIGKILL)
    house.running(work[12])
    runners = [pid for pid, text in house.processes().items() if "--socket" in text]
    os.kill(runners[0], signal.SIGKILL)
    port = house.port
    house.end(signal.SIGKILL)
    house.start(port)
    house.running(work[24])
    assert house.end(signal.SIGTERM) == 0
    house.start(port)
    for execution in work:
        ended = house.ended(execution)
        assert ended["output"] == "slow", ended["status"]
        assert words(ended).count("success") == 1
        assert ended["attempts"] <= 4
