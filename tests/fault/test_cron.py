"""A server that is killed while cron triggers fire: what was due runs once, none is lost, none doubled."""

from __future__ import annotations

import datetime
import signal
from collections import Counter
from typing import Any

CODE = """
class ServiceRunner:
    def run(self, a=None):
        return a
"""
DAYS, TRIGGERS = 10, 8


def made(house: Any, service: str) -> Counter[tuple[str, str]]:
    """(trigger, scheduled time) -> its executions."""
    found, page = [], 0
    query = {"resource": "executions", "filter": {"$and": [{"serviceId": service}]}, "pageSize": 100}
    while answer := house.api("POST", "/query/faas", {**query, "page": page})["items"]:
        found, page = found + answer, page + 1
    return Counter((one["triggerId"], one["event"]["body"]["scheduledAt"]) for one in found)


def test_killed_between_its_firings_it_makes_each_run_once(house: Any) -> None:
    service = house.deploy(CODE, ["run"])
    project = house.api("GET", f"/services/{service}")["projectId"]
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=DAYS)
    spec = {"cron": "0 0 * * *", "startAt": start.isoformat(), "catchup": "all(100)"}
    spec["operation"] = {"type": "function", "serviceId": service, "functionName": "run"}
    triggers = []
    for number in range(TRIGGERS):
        body = {"type": "Cron", "name": f"daily-{number}", "projectId": project, "spec": spec}
        triggers.append(house.api("POST", "/triggers", body)["id"])
    house.end(signal.SIGKILL)
    house.start()
    midnights = [
        (start + datetime.timedelta(days=day)).strftime("%Y-%m-%dT00:00:00.000Z") for day in range(1, DAYS + 1)
    ]
    expected = {(trigger, midnight) for trigger in triggers for midnight in midnights}
    house.until(lambda: expected <= made(house, service).keys())
    assert set(made(house, service).values()) == {1}
