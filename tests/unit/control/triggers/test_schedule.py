"""Cron triggers fire once for each of their times, whatever was paused, changed or away meanwhile."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from sqlalchemy import func, select

from faas_agent.control.triggers import schedule
from faas_agent.ports.store import events, schedules
from faas_agent.ports.store.tables import FIRINGS, SERVICES, TRIGGERS

House = Any


def test_it_fires_at_its_time_and_not_before_and_not_again(house: House) -> None:
    trigger = house.trigger()
    assert [house.at(time) for time in ("12:59:59.999", "13:00", "13:00", "13:30", "14:00:03")] == [0, 1, 0, 0, 1]
    assert house.runs(trigger) == ["21T13:00", "21T14:00"]


def test_its_execution_has_its_input_and_says_who_made_it_and_for_when(house: House) -> None:
    trigger = house.trigger(input={"text": "hello"})
    house.at("13:00:01")
    with house.platform.store.read() as session:
        row = session.connection.exec_driver_sql("SELECT creator, trigger_id, created_at FROM executions").one()
    assert tuple(row) == ("piper@dataloop.ai", trigger["id"], "2026-11-21T13:00:01.000Z")
    assert house.runs(trigger) == ["21T13:00"]


def test_it_is_due_when_its_zone_says(house: House) -> None:
    trigger = house.trigger(cron="0 14 * * *", timezone="Europe/Berlin")
    assert schedule.seconds_to_next(house.platform, house.time) == 3600 - 30
    assert house.at("13:00") == 1
    assert house.runs(trigger) == ["21T13:00"]


def test_nothing_is_due_where_there_is_no_active_trigger(house: House) -> None:
    assert schedule.seconds_to_next(house.platform, house.time) == inf
    trigger = house.trigger(active=False)
    assert house.at("13:00") == 0
    assert schedule.seconds_to_next(house.platform, house.time) == inf
    house.change(trigger, active=True)
    assert schedule.seconds_to_next(house.platform, house.time) == 3600


@pytest.mark.parametrize(
    ("catchup", "run"),
    [("skip", []), ("last", ["21T17:00"]), ("all(3)", ["21T15:00", "21T16:00", "21T17:00"])],
)
def test_what_was_missed_while_the_platform_was_away_follows_the_policy(
    house: House, catchup: str, run: list[str]
) -> None:
    trigger = house.trigger(catchup=catchup)
    house.at("17:30")
    assert house.runs(trigger) == run
    house.at("18:00")
    assert house.runs(trigger) == [*run, "21T18:00"]


def test_years_away_make_no_storm(house: House) -> None:
    trigger = house.trigger(cron="* * * * *", catchup="all(5)")
    assert house.at("2036-11-21T12:00:10Z") == 5
    assert house.runs(trigger)[-1] == "21T12:00"


def test_a_new_trigger_has_missed_nothing_unless_it_wants_all_since_its_start(house: House) -> None:
    modest, greedy = (
        house.trigger(startAt="2026-11-21T10:00:00Z", catchup=catchup) for catchup in ("last", "all(100)")
    )
    house.at("12:00:31")
    assert house.runs(modest) == []
    assert house.runs(greedy) == ["21T10:00", "21T11:00", "21T12:00"]


def test_it_fires_from_its_start_to_its_end(house: House) -> None:
    trigger = house.trigger(startAt="2026-11-21T14:00:00Z", endAt="2026-11-21T15:00:00Z")
    assert [house.at(f"{hour}:00:01") for hour in range(13, 18)] == [0, 1, 1, 0, 0]
    assert house.runs(trigger) == ["21T14:00", "21T15:00"]
    assert schedule.seconds_to_next(house.platform, house.time) == inf


def test_what_was_missed_before_its_end_does_not_run_after_it(house: House) -> None:
    trigger = house.trigger(endAt="2026-11-21T15:00:00Z", catchup="all(10)")
    house.at("17:00")
    assert house.runs(trigger) == []


def test_a_paused_service_is_left_alone_and_no_storm_follows(house: House) -> None:
    trigger = house.trigger(catchup="all(100)")
    house.service(active=False)
    assert [house.at(f"{hour}:00:01") for hour in range(13, 16)] == [0, 0, 0]
    house.service(active=True)
    assert house.at("15:59") == 0
    assert house.at("16:00") == 1
    assert house.runs(trigger) == ["21T16:00"]


def test_a_service_resumed_while_nobody_looked_has_missed_nothing_before(house: House) -> None:
    trigger = house.trigger(catchup="all(100)")
    house.service(active=False)
    house.time += 5 * 3600
    house.service(active=True)
    house.at("19:00")
    assert house.runs(trigger) == ["21T18:00", "21T19:00"]


def test_a_trigger_counts_from_when_it_became_active(house: House) -> None:
    trigger = house.trigger(catchup="all(100)")
    house.change(trigger, active=False)
    assert house.at("15:30") == 0
    house.change(trigger, active=True)
    house.at("16:00")
    assert house.runs(trigger) == ["21T16:00"]


def test_a_change_of_its_times_counts_from_now_and_another_change_keeps_what_is_owed(house: House) -> None:
    trigger = house.trigger(catchup="all(100)")
    house.time += 2 * 3600
    house.change(trigger, input={"text": "other"})
    house.at("14:30")
    assert house.runs(trigger) == ["21T13:00", "21T14:00"]
    house.time += 3600
    house.change(trigger, cron="45 * * * *")
    house.at("15:45")
    assert house.runs(trigger)[2:] == ["21T15:45"]


def test_with_overlap_skip_it_waits_for_no_run_and_misses_it(house: House) -> None:
    trigger = house.trigger(overlap="skip")
    assert [house.at("13:00"), house.at("14:00")] == [1, 0]
    assert house.log() == [
        f"The trigger {trigger['name']!r} did not fire at 2026-11-21T14:00:00.000Z: "
        "an execution of it has not ended (overlap: skip)"
    ]
    house.end(trigger)
    assert [house.at("14:30"), house.at("15:00")] == [0, 1]
    assert house.runs(trigger) == ["21T13:00", "21T15:00"]


def test_with_overlap_skip_missed_runs_do_not_overlap_either(house: House) -> None:
    trigger = house.trigger(overlap="skip", catchup="all(10)")
    house.at("15:30")
    assert house.runs(trigger) == ["21T13:00"]
    assert len(house.log()) == 2


def test_with_overlap_allow_it_fires_beside_what_runs(house: House) -> None:
    trigger = house.trigger()
    assert [house.at("13:00"), house.at("14:00")] == [1, 1]
    assert house.log() == []
    assert len(house.runs(trigger)) == 2


def test_a_trigger_that_cannot_fire_says_why_and_stops_no_other(house: House) -> None:
    broken, whole = house.trigger(input={"gone": 1}), house.trigger()
    assert house.at("13:00") == 1
    assert house.runs(whole) == ["21T13:00"]
    assert [line for line in house.log() if broken["name"] in line and "has no input 'gone'" in line]


def test_a_zone_that_is_gone_stops_the_trigger_and_no_other(house: House) -> None:
    lost, whole = house.trigger(), house.trigger()
    with house.platform.store.write() as session:
        lost["spec"]["timezone"] = "Atlantis/Capital"
        session.documents(TRIGGERS).put(lost)
    assert [house.at("13:00"), house.at("14:00")] == [1, 1]
    assert len(house.runs(whole)) == 2
    assert [line for line in house.log() if "Atlantis/Capital" in line and lost["name"] in line]


def test_a_trigger_whose_service_is_gone_is_forgotten(house: House) -> None:
    house.trigger()
    with house.platform.store.write() as session:
        session.documents(SERVICES).delete("5" * 24)
    assert house.at("13:00") == 0
    assert schedule.seconds_to_next(house.platform, house.time) == inf


def test_a_deleted_trigger_is_never_due(house: House) -> None:
    trigger = house.trigger()
    with house.platform.store.write() as session:
        events.forget_trigger(session, trigger["id"])
        assert schedules.next_at(session) is None


def test_a_time_that_has_fired_does_not_fire_when_the_clock_is_put_back(house: House) -> None:
    trigger = house.trigger(catchup="all(100)")
    house.at("14:00:05")
    house.at("13:30")
    house.change(trigger, endAt="2030-01-01T00:00:00Z")
    house.at("15:00")
    assert house.runs(trigger) == ["21T13:00", "21T14:00", "21T15:00"]


def test_firings_that_cannot_come_again_are_not_kept(house: House) -> None:
    house.trigger(cron="* * * * *")
    for minute in range(10, 40):
        assert house.at(f"13:{minute}:01") == 1
    with house.platform.store.read() as session:
        assert session.connection.scalar(select(func.count()).select_from(FIRINGS)) == 1


def test_many_that_are_due_at_once_all_fire(house: House) -> None:
    triggers = [house.trigger() for _ in range(2 * schedule.GROUP + 1)]
    assert house.at("13:00") == len(triggers)
    assert all(house.runs(trigger) == ["21T13:00"] for trigger in triggers[:: schedule.GROUP])
