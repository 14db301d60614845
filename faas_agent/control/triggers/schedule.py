"""From the clock to executions: every scheduled time of every active cron trigger, once.

Enters: the time, and the ``schedules`` rows that are due. Leaves: executions, the unique row of each (trigger,
scheduled time), and the schedule moved on, in one transaction: any number of processes may do this at the same moment.
Level-triggered: what was missed is seen by the next step, whenever that is. Called by the loops, and by the API where
triggers and services change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

import structlog

from faas_agent.control import revisions
from faas_agent.control.dispatch.create import create, prepare
from faas_agent.control.platform import Platform
from faas_agent.errors import FaasError
from faas_agent.model.executions.execution import TRIGGER_CREATOR, Row
from faas_agent.model.specs.schedule import WHEN, counts_from, due, parse_schedule, times_after
from faas_agent.model.times import to_wire
from faas_agent.ports.store import events, executions, logs, schedules
from faas_agent.ports.store.session import Session
from faas_agent.ports.store.tables import SERVICES, TRIGGERS

LOG = structlog.get_logger("triggers")
GROUP = 50
Trigger = Mapping[str, Any]


def fire_due(platform: Platform, now: float) -> int:
    """Deal with every time up to now. Returns how many executions were created."""
    fired = 0
    while seconds_to_next(platform, now) <= 0:
        with platform.store.write() as session:
            found = schedules.due(session, now, GROUP)
            fired += sum(_meet(session, platform, one, now) for one in found)
    return fired


def seconds_to_next(platform: Platform, now: float) -> float:
    """How long nothing is due."""
    with platform.store.read() as session:
        first = schedules.next_at(session)
    return inf if first is None else first - now


def begin(session: Session, platform: Platform, trigger: Trigger) -> None:
    """A new trigger."""
    if trigger["type"] == "Cron":
        _count(session, platform, trigger, counts_from(parse_schedule(trigger["spec"]), platform.clock()))


def change(session: Session, platform: Platform, before: Trigger, trigger: Trigger) -> None:
    """A trigger that says something else now. Its times count from now when it is active again or has other times."""
    if trigger["type"] != "Cron":
        return
    moved = any(before["spec"].get(key) != trigger["spec"].get(key) for key in WHEN)
    if moved or before["active"] != trigger["active"]:
        _count(session, platform, trigger, platform.clock())


def resume(session: Session, platform: Platform, service_id: str) -> None:
    """A service that takes work again: what its triggers would have run meanwhile was not missed."""
    for trigger in session.documents(TRIGGERS).find(service_id=service_id, type="Cron", active=True):
        _count(session, platform, trigger, platform.clock())


def _count(session: Session, platform: Platform, trigger: Trigger, since: float) -> None:
    if not trigger["active"]:
        schedules.forget(session, trigger["id"])
        return
    schedule = parse_schedule(trigger["spec"])
    schedules.put(session, trigger["id"], since, next(times_after(schedule, since), None))
    session.after_commit(platform.signals.schedules.set)


def _meet(session: Session, platform: Platform, one: schedules.Due, now: float) -> int:
    """One trigger that is due. One that cannot fire stops no other."""
    trigger = session.documents(TRIGGERS).get(one.trigger_id)
    service = trigger and session.documents(SERVICES).get(trigger["spec"]["operation"]["serviceId"])
    if not trigger or not service:
        schedules.forget(session, one.trigger_id)
        return 0
    try:
        schedule = parse_schedule(trigger["spec"])
    except FaasError as error:  # a zone that this machine does not know
        schedules.put(session, trigger["id"], now, None)
        _tell(session, platform, trigger, now, error.message)
        return 0
    schedules.put(session, trigger["id"], now, next(times_after(schedule, now), None))
    times = due(schedule, one.since, now) if service["active"] else []
    return _fire(session, platform, service, trigger, times)


def _fire(
    session: Session, platform: Platform, service: Mapping[str, Any], trigger: Trigger, times: Sequence[float]
) -> int:
    """An execution for each of the times, as far as the overlap policy lets them."""
    if times and trigger["spec"]["overlap"] == "skip":
        run = 0 if executions.any_unended_of_trigger(session, trigger["id"]) else 1
        for time in times[run:]:
            _tell(session, platform, trigger, time, "an execution of it has not ended (overlap: skip)")
        times = times[:run]
    if not times:
        return 0
    schedules.forget_fired(session, trigger["id"], to_wire(times[0]))
    try:
        rows = list(_rows(session, platform, service, trigger, times))
    except FaasError as error:
        _tell(session, platform, trigger, times[-1], error.message)
        return 0
    if rows:
        create(session, platform, rows)
    return len(rows)


def _rows(
    session: Session, platform: Platform, service: Mapping[str, Any], trigger: Trigger, times: Sequence[float]
) -> Iterator[Row]:
    """The executions to create. Raises FaasError when the function cannot be called with the trigger's input."""
    spec = trigger["spec"]
    package = revisions.of_service(session, service)
    for time in map(to_wire, times):
        row = prepare(
            platform,
            service,
            package,
            spec["operation"].get("functionName") or "run",
            spec.get("input") or {},
            TRIGGER_CREATOR,
            trigger_id=trigger["id"],
            event={"source": "cron", "projectId": trigger["projectId"], "body": {"scheduledAt": time}},
        )
        if events.first_firing(session, trigger["id"], time, row["id"]):
            yield row


def _tell(session: Session, platform: Platform, trigger: Trigger, time: float, why: str) -> None:
    """Whoever looks for the missing execution looks into the service's log."""
    LOG.warning("trigger did not fire", trigger=trigger["id"], time=to_wire(time), why=why)
    text = f"The trigger {trigger['name']!r} did not fire at {to_wire(time)}: {why}"
    line = {"at": platform.clock(), "level": "WARNING", "message": text}
    logs.append(session, trigger["spec"]["operation"]["serviceId"], "", [line])
