"""Ending an execution early: terminate and timeout, whatever it is doing, and nobody else with it (ENDPOINTS 16)."""

from __future__ import annotations

import time
from typing import Any

import pytest

CODE = """
import os, time

from faas_agent import BaseServiceRunner

class ServiceRunner(BaseServiceRunner):
    def __init__(self):
        self.born = time.time()

    def polite(self, progress):
        progress.update(message="running")
        for _ in range(600):
            time.sleep(0.05)
            self.kill_event()
        return "never"

    def busy(self, progress):
        progress.update(message="running")
        while True:
            pass

    def stubborn(self, progress):
        progress.update(message="running")
        while True:
            try:
                time.sleep(0.05)
            except BaseException:
                pass

    def in_c(self, progress):
        progress.update(message="running")
        time.sleep(600)

    def brief(self, a):
        return a

    def sibling(self, progress):
        progress.update(message="running")
        time.sleep(4)
        return "whole"

    def dies(self, progress, context):
        progress.update(message="running")
        print("attempt", context.attempt)
        time.sleep(0.2)
        os._exit(7)

    def dies_once(self, progress, context):
        progress.update(message="running")
        if context.attempt == 1:
            os.kill(os.getpid(), 11)
            time.sleep(60)
        return context.attempt
"""
CODE = CODE.replace(
    "class ServiceRunner:", "from faas_agent import BaseServiceRunner\n\nclass ServiceRunner(BaseServiceRunner):"
)
ENDLESS = ["polite", "busy", "stubborn", "in_c"]
FUNCTIONS = {name: {} for name in [*ENDLESS, "sibling", "dies", "dies_once"]} | {"brief": {"a": "Json"}}
KINDS = pytest.mark.parametrize("as_process", [False, True], ids=["thread", "process"])


@pytest.fixture(scope="module")
def package(house: Any) -> Any:
    return house.push(CODE, FUNCTIONS)


@pytest.fixture(scope="module", params=[False, True], ids=["threads", "processes"])
def service(request: pytest.FixtureRequest, house: Any, package: Any) -> Any:
    made = house.deploy(package, run_execution_as_process=request.param, concurrency=3)
    house.result(made, "brief", a=1)
    return made


@pytest.mark.parametrize("function", ENDLESS)
def test_terminate_ends_it_whatever_it_does_and_leaves_the_others(house: Any, service: Any, function: str) -> None:
    sibling, victim = house.call(service, "sibling"), house.call(service, function)
    house.running(sibling)
    house.running(victim)
    began = time.monotonic()
    assert victim.terminate().to_terminate
    ended = house.ended(victim)
    last = ended.latest_status
    assert time.monotonic() - began < 4
    assert (last["status"], last["reason"], ended.attempts) == ("failed", "terminated", 1), last
    assert "termination signal" in last["message"]
    if service.run_execution_as_process:
        assert "killed" in last["message"]
    ended = house.ended(sibling)
    assert (ended.output, ended.attempts) == ("whole", 1), ended.latest_status
    assert house.result(service, "brief", a=2) == 2


def test_a_queued_execution_is_ended_without_a_start(house: Any, service: Any) -> None:
    running = [house.call(service, "polite") for _ in range(3)]
    for execution in running:
        house.running(execution)
    queued = house.call(service, "brief", a=1)
    queued.terminate()
    ended = house.ended(queued, 5)
    assert (ended.latest_status["status"], ended.latest_status["reason"]) == ("failed", "terminated")
    assert ended.attempts == 0
    assert "in-progress" not in [entry["status"] for entry in ended.status]
    for execution in running:
        execution.terminate()
        house.ended(execution)


def test_a_runner_that_dies_costs_an_attempt_until_there_are_no_more(house: Any, service: Any) -> None:
    ended = house.ended(house.call(service, "dies"))
    words = [entry["status"] for entry in ended.status if entry.get("message") != "running"]
    assert ended.latest_status["status"] == "failed", ended.latest_status
    assert (ended.latest_status["reason"], ended.attempts) == ("max-attempts", 3)
    assert words == ["created", *["in-progress", "rerun"] * 2, "in-progress", "failed"]
    assert all(entry["reason"] == "runner-crash" for entry in ended.status if entry["status"] == "rerun")
    assert all("exited with code 7" in entry["message"] for entry in ended.status if entry["status"] == "rerun")
    lines = house.logged(service, "attempt 3", ended)
    assert [line for line in lines if line.startswith("attempt")] == ["attempt 1", "attempt 2", "attempt 3"]


def test_a_runner_that_dies_once_is_forgiven(house: Any, service: Any) -> None:
    execution = house.ended(house.call(service, "dies_once"))
    assert (execution.latest_status["status"], execution.output, execution.attempts) == ("success", 2, 2)


def test_a_death_costs_no_neighbour_its_result(house: Any, service: Any) -> None:
    sibling = house.call(service, "sibling")
    house.running(sibling)
    house.ended(house.call(service, "dies_once"))
    ended = house.ended(sibling)
    assert (ended.latest_status["status"], ended.output) == ("success", "whole")


@KINDS
@pytest.mark.parametrize("function", ENDLESS)
def test_a_timeout_ends_it_and_says_so(house: Any, package: Any, function: str, as_process: bool) -> None:
    service = house.deploy(package, execution_timeout=1, on_reset="failed", run_execution_as_process=as_process)
    ended = house.ended(house.call(service, function))
    last = ended.latest_status
    assert (last["status"], last["reason"], ended.attempts) == ("failed", "timeout", 1), last
    assert "Execution stopped due to runner timeout" in last["message"]
    assert house.result(service, "brief", a=2) == 2
    service.delete()


@KINDS
def test_a_timeout_with_rerun_tries_as_often_as_allowed(house: Any, package: Any, as_process: bool) -> None:
    service = house.deploy(
        package, execution_timeout=1, on_reset="rerun", max_attempts=2, run_execution_as_process=as_process
    )
    ended = house.ended(house.call(service, "polite"))
    assert (ended.latest_status["status"], ended.latest_status["reason"]) == ("failed", "max-attempts")
    assert ended.attempts == 2
    rerun = [entry for entry in ended.status if entry["status"] == "rerun"]
    assert [entry["reason"] for entry in rerun] == ["timeout"]
    assert "Execution stopped due to runner timeout" in rerun[0]["message"]
    service.delete()


def test_time_in_the_queue_is_not_counted(house: Any, package: Any) -> None:
    service = house.deploy(package, execution_timeout=5, concurrency=1)
    first, second = house.call(service, "sibling"), house.call(service, "sibling")
    assert [house.ended(one).output for one in (first, second)] == ["whole", "whole"]
    service.delete()


def test_an_ended_execution_cannot_be_terminated(house: Any, service: Any) -> None:
    ended = house.ended(house.call(service, "brief", a=1))
    with pytest.raises(house.dl.exceptions.BadRequest):
        ended.terminate()
    assert house.dl.executions.get(execution_id=ended.id).latest_status["status"] == "success"
