"""The log of a service through the real SDK: every source, every filter, and following to the end (ENDPOINTS 15)."""

from __future__ import annotations

import datetime
import threading
import time
from types import ModuleType
from typing import Any

import pytest
from calls import call, deploy, ended, function, push, until, with_status
from raw_http import Http

CODE = """
import logging
import sys
import time

class ServiceRunner:
    def __init__(self):
        print('constructed')

    def run(self, text):
        print('printed', text)
        logging.getLogger('mine').warning('warned ' + text)
        logging.getLogger('mine').error('failed ' + text)
        print('to stderr', text, file=sys.stderr)

    def other(self, text):
        print('other', text)

    def slow(self, seconds):
        for number in range(int(seconds * 10)):
            print('tick', number)
            time.sleep(0.1)
"""
LONG_AGO = "2000-01-01T00:00:00Z"
START, DONE = "[Start] Executing function.", "[Done] Executing function."


@pytest.fixture(scope="module")
def service(dl: ModuleType, project: Any) -> Any:
    """Functions that write; ends with the project."""
    functions = [function(dl, name, text="String") for name in ("run", "other")]
    return deploy(dl, push(dl, project, CODE, *functions, function(dl, "slow", seconds="Number")))


def lines(service: Any, **more: Any) -> list[str]:
    """The messages that the SDK shows, without their times."""
    log = service.log(view=False, start=more.pop("start", LONG_AGO), **more)
    return [line.partition(": ")[2] for line in log]


def written(service: Any, execution: Any) -> list[str]:
    """All lines of an execution that has ended."""
    ended(service, execution)
    return until(lambda: (found := lines(service, execution_id=execution.id)) and DONE in found[-1] and found)


def asked(admin: Http, service: Any, **more: Any) -> dict[str, Any]:
    """One page by hand."""
    answer = admin("POST", "/services/logs", {"serviceId": service.id, "start": LONG_AGO, **more})
    assert answer.ok, answer.text
    return dict(answer.json())


# -- what is in it -----------------------------------------------------------------------------------------------------


def test_print_and_logging_of_an_execution_are_between_its_start_and_its_end(service: Any) -> None:
    found = written(service, call(service, text="a"))
    assert found[0].startswith(START)
    assert found[-1].startswith(DONE)
    assert {"printed a", "warned a", "failed a", "to stderr a"} <= {line.strip() for line in found[1:-1]}


def test_the_lines_of_the_constructor_belong_to_the_service_alone(service: Any) -> None:
    written(service, call(service, text="first"))
    assert "constructed" in lines(service)
    assert "constructed" not in lines(service, function_name="run")


def test_a_requirement_that_does_not_exist_is_in_the_log(dl: ModuleType, project: Any, admin: Http) -> None:
    package = push(dl, project, CODE, function(dl, "run", text="String"))
    wrong = [{"name": "numpy", "version": "0.0.0.1", "operator": "=="}]
    package.requirements = [dl.PackageRequirement(**one) for one in wrong]
    service = deploy(dl, package.update())
    try:
        found = until(lambda: [one for one in lines(service) if "install-failed" in one])
        assert "cannot start" in found[0]
        assert any("numpy" in line for line in lines(service))
    finally:
        service.delete()


# -- filters -----------------------------------------------------------------------------------------------------------


def test_lines_are_found_by_execution_function_text_and_level(service: Any) -> None:
    one, two = call(service, text="uno"), call(service, "other", text="due")
    assert any("printed uno" in line for line in written(service, one))
    assert not any("due" in line for line in lines(service, execution_id=one.id))
    written(service, two)
    assert [line for line in lines(service, function_name="other") if "uno" in line] == []
    assert "other due" in lines(service, function_name="other")
    assert lines(service, text="printed uno") == ["printed uno"]
    assert lines(service, text="100%_of_nothing") == []
    log = service.services.log(service=service, view=False, start=LONG_AGO, log_level="error", execution_id=one.id)
    assert [line.partition(": ")[2] for line in log] == ["failed uno"]


def test_size_is_how_many_lines_come_in_all(service: Any) -> None:
    execution = call(service, text="sized")
    everything = written(service, execution)
    assert lines(service, execution_id=execution.id, size=2) == everything[:2]


def test_a_time_bounds_the_lines(service: Any) -> None:
    execution = call(service, text="timed")
    written(service, execution)
    later = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat()
    assert lines(service, execution_id=execution.id, start=later) == []
    assert lines(service, execution_id=execution.id, end="2001-01-01T00:00:00Z") == []
    assert lines(service, execution_id=execution.id, end=later)


def test_without_a_start_or_a_zone_nothing_of_today_is_hidden(service: Any) -> None:
    execution = call(service, text="today")
    everything = written(service, execution)
    midnight = datetime.datetime.now().replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
    assert lines(service, execution_id=execution.id, start=midnight) == everything
    shown = [line.partition(": ")[2] for line in service.log(view=False, execution_id=execution.id)]
    assert shown == everything


# -- pages -------------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_by_their_checkpoint(service: Any, admin: Http) -> None:
    execution = call(service, text="paged")
    everything = written(service, execution)
    page, found = asked(admin, service, executionId=[execution.id], size=3), []
    while not page["stop"]:
        assert page["logs"], "lines come with stop: false, the end with none"
        found += [line["message"] for line in page["logs"]]
        page = asked(admin, service, checkpoint=page["checkpoint"])
    assert page["logs"] == []
    assert [line.strip() for line in found] == everything[:3]


def test_the_checkpoint_carries_the_question(service: Any, admin: Http) -> None:
    execution = call(service, text="carried")
    written(service, execution)
    first = asked(admin, service, executionId=execution.id, text="carried", logLevel="WARNING")
    assert {line["message"] for line in first["logs"]} == {"warned carried", "failed carried", "to stderr carried"}
    call(service, text="carried")
    again = asked(admin, service, checkpoint=first["checkpoint"])
    assert (again["logs"], again["stop"]) == ([], True)


def test_view_prints_every_line(service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    execution = call(service, text="viewed")
    everything = written(service, execution)
    service.log(execution_id=execution.id, start=LONG_AGO)
    printed = [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()]
    assert printed == everything
    execution.logs()
    assert len(capsys.readouterr().out.splitlines()) == len(everything)


# -- follow ------------------------------------------------------------------------------------------------------------


def test_a_followed_execution_is_shown_while_it_runs_and_ends_by_itself(service: Any) -> None:
    execution = with_status(service, call(service, "slow", seconds=2), "in-progress")
    shown: list[str] = []

    def follow() -> None:
        log = service.log(view=False, follow=True, execution_id=execution.id, start=LONG_AGO)
        shown.extend(line for line in log)

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    until(lambda: any("tick 0" in line for line in shown), 10)
    assert service.executions.get(execution_id=execution.id).in_progress(), "shown before it ended"
    reader.join(30)
    assert not reader.is_alive()
    ticks = [line for line in shown if "tick" in line]
    assert len(ticks) == 20
    assert DONE in shown[-1]


def test_following_ends_at_the_line_that_the_sdk_waits_for(service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    execution = call(service, "slow", seconds=0.5)
    began = time.monotonic()
    service.log(execution_id=execution.id, follow=True, start=LONG_AGO)
    assert time.monotonic() - began < 15
    assert DONE in capsys.readouterr().out.splitlines()[-1]


def test_a_sync_call_streams_its_log(service: Any, project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    execution = service.executions.create(
        execution_input={"text": "streamed"}, function_name="run", project_id=project.id, sync=True, stream_logs=True
    )
    assert execution.latest_status["status"] == "success"
    out = capsys.readouterr().out
    assert "printed streamed" in out
    assert DONE in out


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"serviceId": None}, "serviceId"),
        ({"serviceId": "1"}, "service"),
        ({"start": "yesterday"}, "start"),
        ({"start": 1}, "start"),
        ({"end": "tomorrow"}, "end"),
        ({"size": 0}, "size"),
        ({"size": "ten"}, "size"),
        ({"logLevel": "LOUD"}, "logLevel"),
        ({"executionId": {"$in": []}}, "executionId"),
        ({"executionId": [1]}, "executionId"),
        ({"follow": "later"}, "follow"),
        ({"text": ["a"]}, "text"),
        ({"text": "\0"}, "stored"),
        ({"checkpoint": "abc"}, "checkpoint"),
        ({"checkpoint": {"after": "x"}}, "checkpoint"),
        ({"checkpoint": {"start": "x"}}, "checkpoint"),
        ({"checkpoint": {"left": -1}}, "checkpoint"),
        ({"checkpoint": {"executions": 5}}, "checkpoint"),
    ],
)
def test_a_wrong_question_is_refused(service: Any, admin: Http, change: dict[str, Any], field: str) -> None:
    status, message = admin.refused("POST", "/services/logs", {"serviceId": service.id, **change})
    assert (status, field in message) == (400, True), message


def test_a_checkpoint_of_another_service_opens_nothing(service: Any, admin: Http) -> None:
    checkpoint = asked(admin, service)["checkpoint"]
    _, stranger = admin.person()
    refused = stranger.refused("POST", "/services/logs", {"serviceId": service.id, "checkpoint": checkpoint})
    assert refused[0] == 403
