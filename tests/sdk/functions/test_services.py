"""A service that changes while it works: updated, paused, restarted, deleted; nothing is lost, nothing runs twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CODE = """
import pathlib, time
from faas_agent import BaseServiceRunner

class ServiceRunner(BaseServiceRunner):
    def __init__(self, release="first"):
        self.release = release

    def mark(self, context):
        (pathlib.Path(MARKS) / f"{context.execution_id}-{context.execution_dict['attempt']}").touch()

    def work(self, seconds, context, progress):
        self.mark(context)
        progress.update(message="running")
        end = time.time() + seconds
        while time.time() < end:
            time.sleep(0.05)
            self.kill_event()
        return self.release

    def which(self):
        return self.release

    def fresh(self):
        self.do_reset()
        return id(self)
"""
FUNCTIONS: dict[str, dict[str, str]] = {"work": {"seconds": "Float"}, "which": {}, "fresh": {}}


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marks")


@pytest.fixture(scope="module")
def package(house: Any, marks: Path) -> Any:
    inputs = [house.dl.FunctionIO(name="release", type="String")]
    return house.push(CODE.replace("MARKS", repr(str(marks))), FUNCTIONS, init_inputs=inputs)


def starts(marks: Path, execution: Any) -> int:
    return len(list(marks.glob(f"{execution.id}-*")))


def replicas(service: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.status()["runtimeStatus"]
    return found


def test_an_update_drains_and_loses_nothing(house: Any, package: Any, marks: Path) -> None:
    service = house.deploy(package, init_input={"release": "first"}, concurrency=2)
    running = [house.call(service, "work", seconds=6) for _ in range(2)]
    queued = [house.call(service, "work", seconds=0.1) for _ in range(4)]
    for execution in running:
        house.running(execution)
    service.init_input = {"release": "second"}
    service = service.update()
    assert service.version == "1.0.1"
    new = [house.ended(execution) for execution in queued]
    assert [one.output for one in new] == ["second"] * 4  # nobody waits for the old replica to end
    old = [house.ended(execution) for execution in running]
    assert [(one.output, one.attempts) for one in old] == [("first", 1)] * 2
    assert [starts(marks, execution) for execution in [*running, *queued]] == [1] * 6
    house.until(lambda: [replica["version"] for replica in replicas(service)] == ["1.0.1"])


def test_a_forced_update_cuts_and_follows_on_reset(house: Any, package: Any, marks: Path) -> None:
    for on_reset, end in (("failed", ("failed", None, 1)), ("rerun", ("success", "second", 2))):
        service = house.deploy(package, init_input={"release": "first"}, on_reset=on_reset)
        execution = house.call(service, "work", seconds=4)
        house.running(execution)
        service.init_input = {"release": "second"}
        service.update(force=True)
        ended = house.ended(execution)
        last = ended.latest_status
        assert (last["status"], ended.output, starts(marks, execution)) == end, ended.status
        assert on_reset == "rerun" or last["reason"] == "drained"
        service.delete()


def test_a_drain_that_takes_too_long_is_ended_by_on_reset(house: Any, package: Any) -> None:
    service = house.deploy(package, drain_time=1, on_reset="failed")
    execution = house.call(service, "work", seconds=60)
    house.running(execution)
    service.init_input = {"release": "second"}
    service.update()
    last = house.ended(execution, 20).latest_status
    assert (last["status"], last["reason"]) == ("failed", "drained")
    service.delete()


def test_a_paused_service_finishes_what_runs_and_has_no_replica(house: Any, package: Any, marks: Path) -> None:
    service = house.deploy(package)
    execution, queued = house.call(service, "work", seconds=2), house.call(service, "which")
    house.running(execution)
    service.pause()
    assert house.ended(execution).output == "first"
    house.until(lambda: not replicas(service))
    assert house.dl.executions.get(execution_id=queued.id).latest_status["status"] == "created"
    service.resume()
    assert house.ended(queued).output == "first"
    assert starts(marks, execution) == 1


def test_a_restart_replaces_every_replica(house: Any, package: Any) -> None:
    service = house.deploy(package)
    assert house.result(service, "which") == "first"
    [before] = [replica["replicaId"] for replica in replicas(service)]
    done, answer = house.dl.client_api.gen_request("post", f"/services/{service.id}/restart", json_req={})
    assert done, answer.text
    house.until(lambda: [r["replicaId"] for r in replicas(service) if r["status"] == "ready"] not in ([], [before]))
    assert house.result(service, "which") == "first"


def test_a_deleted_service_ends_its_replicas(house: Any, package: Any, platform: Any) -> None:
    service = house.deploy(package)
    execution = house.call(service, "work", seconds=300)
    house.running(execution)
    [replica] = [one["replicaId"] for one in replicas(service)]
    service.delete()
    house.until(lambda: not (platform.data_dir / "replicas" / replica).exists(), 20)
    with pytest.raises(house.dl.exceptions.NotFound):
        house.dl.executions.get(execution_id=execution.id)


def test_more_replicas_share_the_work(house: Any, package: Any) -> None:
    service = house.deploy(package, name="two-replicas")
    service.runtime = house.dl.KubernetesRuntime(concurrency=1, num_replicas=2)
    service = service.update()
    house.until(lambda: [one["status"] for one in replicas(service)] == ["ready", "ready"])
    calls = [house.call(service, "work", seconds=2) for _ in range(2)]
    for execution in calls:
        house.running(execution)
    statuses = [house.dl.executions.get(execution_id=one.id).latest_status["status"] for one in calls]
    assert statuses == ["in-progress", "in-progress"]
    service.delete()


def test_a_service_may_ask_for_a_fresh_process(house: Any, package: Any) -> None:
    service = house.deploy(package)
    assert house.result(service, "fresh")
    assert house.result(service, "which") == "first"
    assert len(replicas(service)) == 1
