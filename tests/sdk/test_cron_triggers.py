"""Cron triggers through the real SDK: made, fired by the clock, changed, and refused for what cannot be."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from calls import deploy, ended, function, new_name, push, until
from raw_http import Http

CODE = """
class ServiceRunner:
    def run(self, note='none', context=None):
        return [note, context.event.body]
"""
NEVER = "0 0 29 2 *"


@pytest.fixture(scope="module")
def service(dl: ModuleType, project: Any) -> Any:
    """One function; ends with the project."""
    return deploy(dl, push(dl, project, CODE, function(dl, "run", note="String")))


@pytest.fixture
def cron(dl: ModuleType, service: Any) -> Iterator[Any]:
    """Makes cron triggers; they are deleted afterwards."""
    made = []

    def create(expression: str = NEVER, **more: Any) -> Any:
        made.append(
            service.triggers.create(
                name=new_name("cron"), function_name="run", trigger_type=dl.TriggerType.CRON, cron=expression, **more
            )
        )
        return made[-1]

    yield create
    for one in made:
        service.triggers.delete(trigger_id=one.id)


def made_by(admin: Http, trigger_id: str) -> list[Any]:
    """The executions of a trigger, oldest first."""
    query = {"resource": "executions", "filter": {"$and": [{"triggerId": trigger_id}]}, "pageSize": 100, "page": 0}
    return list(reversed(admin("POST", "/query/faas", query).json()["items"]))


def shifted(**by: float) -> str:
    """Now and so much, in UTC."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**by)).isoformat()


def test_a_cron_trigger_is_what_was_asked_for(dl: ModuleType, service: Any, cron: Any, admin: Http) -> None:
    begin, end = "2030-01-01T00:00:00.000Z", "2031-01-01T00:00:00.000Z"
    made = cron("0 5 * * MON", start_at=begin, end_at=end, inputs={"note": "hello"})
    found = service.triggers.get(trigger_id=made.id)
    assert isinstance(found, dl.entities.trigger.CronTrigger)
    assert (found.cron, found.start_at, found.end_at, found.input) == ("0 5 * * MON", begin, end, {"note": "hello"})
    assert (found.type, found.active, found.function_name) == ("Cron", True, "run")
    assert made.id in [one.id for one in service.triggers.list().all()]
    assert admin("GET", f"/triggers/{made.id}").json()["spec"]["id"] == made.id


def test_the_clock_calls_the_function_with_the_input_of_the_trigger(service: Any, cron: Any, admin: Http) -> None:
    made = cron("* * * * *", inputs={"note": "on time"})
    found = until(lambda: made_by(admin, made.id), 75)  # a minute begins within that time
    execution = ended(service, service.executions.get(execution_id=found[0]["id"]))
    assert execution.latest_status["status"] == "success"
    note, told = execution.output
    assert (note, told["scheduledAt"][:17]) == ("on time", found[0]["createdAt"][:17])
    assert told["scheduledAt"].endswith(":00.000Z")
    assert (execution.creator, execution.trigger_id) == ("piper@dataloop.ai", made.id)


def test_all_since_its_start_run_at_once(admin: Http, service: Any, project: Any) -> None:
    operation = {"type": "function", "serviceId": service.id, "functionName": "run"}
    start = shifted(hours=-3)
    spec = {"cron": "0 * * * *", "startAt": start, "endAt": None, "catchup": "all(100)", "operation": operation}
    body = {"type": "Cron", "name": new_name("cron"), "projectId": project.id, "active": True, "spec": spec}
    made = admin("POST", "/triggers", body).json()
    assert (made["spec"]["timezone"], made["spec"]["overlap"]) == ("UTC", "allow")
    found = until(lambda: (seen := made_by(admin, made["id"])) and len(seen) >= 3 and seen)
    hours = [one["event"]["body"]["scheduledAt"] for one in found]
    assert hours == sorted(set(hours))
    assert all(hour.endswith(":00:00.000Z") and hour > start for hour in hours)
    admin("DELETE", f"/triggers/{made['id']}")


def test_an_update_changes_the_times_and_keeps_what_the_sdk_does_not_know(cron: Any, admin: Http) -> None:
    made = cron("0 3 * * *")
    admin("PATCH", f"/triggers/{made.id}", {"spec": {"timezone": "Asia/Tokyo"}})
    made.cron = "0 4 * * *"
    assert made.update().cron == "0 4 * * *"
    answer = admin("GET", f"/triggers/{made.id}/next?n=2").json()
    assert (answer["active"], answer["timezone"]) == (True, "Asia/Tokyo")
    assert [(one["at"][11:], one["local"][11:]) for one in answer["next"]] == [
        ("19:00:00.000Z", "04:00:00+09:00"),
        ("19:00:00.000Z", "04:00:00+09:00"),
    ]


def test_a_trigger_that_is_not_active_or_has_ended_has_no_future(cron: Any, admin: Http) -> None:
    made = cron("* * * * *", end_at="2020-01-01T00:00:00Z")
    assert admin("GET", f"/triggers/{made.id}/next").json()["next"] == []
    made.active = False
    made.update()
    assert admin("GET", f"/triggers/{made.id}/next").json()["active"] is False


@pytest.mark.parametrize(
    ("expression", "more", "message"),
    [
        ("0 25 * * *", {}, "spec.cron: the hour field cannot be '25'"),
        ("0 0 31 2 *", {}, "spec.cron: the day-of-month field cannot be '31'"),
        ("often", {}, "spec.cron: five fields are needed"),
        (None, {}, "spec.cron: an expression of five fields is needed"),
        (NEVER, {"start_at": "soon"}, "spec.startAt: a moment such as"),
        (NEVER, {"start_at": "2030-01-02", "end_at": "2030-01-01"}, "spec.endAt: it has to be later"),
        (NEVER, {"inputs": {"nose": 1}}, "spec.input.nose"),
    ],
)
def test_a_cron_trigger_that_cannot_be_is_refused(
    dl: ModuleType, service: Any, expression: str, more: dict[str, Any], message: str
) -> None:
    before = len(service.triggers.list().items)
    with pytest.raises(dl.exceptions.BadRequest) as refused:
        service.triggers.create(
            name=new_name("wrong"), function_name="run", trigger_type="Cron", cron=expression, **more
        )
    assert message in str(refused.value)
    assert len(service.triggers.list().items) == before


@pytest.mark.parametrize("spec", [{"timezone": "Mars"}, {"catchup": "all(0)"}, {"overlap": "queue"}, {"cron": "x"}])
def test_a_change_that_cannot_be_changes_nothing(cron: Any, admin: Http, spec: dict[str, str]) -> None:
    made = cron()
    before = admin("GET", f"/triggers/{made.id}").json()
    status, message = admin.refused("PATCH", f"/triggers/{made.id}", {"spec": spec})
    assert (status, message.partition(":")[0]) == (400, f"spec.{next(iter(spec))}")
    assert admin("GET", f"/triggers/{made.id}").json() == before
