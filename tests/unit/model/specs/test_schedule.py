"""From when until when a cron trigger runs, and what becomes of the runs that were missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from faas_agent.errors import BadRequest
from faas_agent.model.specs.schedule import (
    DEFAULTS,
    LATE_SECONDS,
    Schedule,
    check_schedule,
    due,
    local_time,
    parse_schedule,
    upcoming,
)
from faas_agent.model.times import from_wire, to_wire

NOON = from_wire("2026-11-21T12:00:00Z")
HOUR = 3600.0
DAY = 24 * HOUR


def schedule(**spec: Any) -> Schedule:
    return parse_schedule(check_schedule({"cron": "0 * * * *"} | spec))


def clock(times: list[float]) -> list[str]:
    return [to_wire(time)[8:16] for time in times]


def test_what_is_left_out_is_filled_in_and_what_is_unknown_is_kept() -> None:
    assert check_schedule({"cron": "@daily", "id": "x"}) == DEFAULTS | {"cron": "@daily", "id": "x"}
    assert check_schedule({"cron": "@daily", "timezone": None})["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"cron": "0 25 * * *"}, "spec.cron: the hour field"),
        ({"cron": None}, "spec.cron: an expression"),
        ({"timezone": "Mars/Olympus"}, "spec.timezone: a zone such as 'UTC' or 'Europe/Berlin'"),
        ({"timezone": "../../etc/passwd"}, "spec.timezone"),
        ({"timezone": "America"}, "spec.timezone"),
        ({"timezone": "localtime"}, "spec.timezone"),
        ({"timezone": ["UTC"]}, "spec.timezone"),
        ({"startAt": "tomorrow"}, "spec.startAt: a moment such as '2030-01-31T08:00:00Z'"),
        ({"startAt": 5}, "spec.startAt"),
        ({"endAt": ""}, "spec.endAt"),
        ({"startAt": "2030-01-02", "endAt": "2030-01-01"}, "spec.endAt: it has to be later than spec.startAt"),
        ({"catchup": "all"}, "spec.catchup: 'skip', 'last' or 'all(N)'"),
        ({"catchup": "all(0)"}, "spec.catchup"),
        ({"catchup": "all(1001)"}, "spec.catchup"),
        ({"catchup": {"all": 5}}, "spec.catchup"),
        ({"overlap": "queue"}, "spec.overlap: 'allow' or 'skip', not 'queue'"),
        ({"overlap": []}, "spec.overlap"),
    ],
)
def test_a_wrong_field_is_named(spec: Mapping[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_schedule({"cron": "0 * * * *", **spec})
    assert refused.value.message.startswith(message)


def test_it_begins_and_ends_when_it_says_both_included() -> None:
    bounded = schedule(startAt="2026-11-21T14:00:00Z", endAt="2026-11-21T16:00:00.000Z")
    assert clock(upcoming(bounded, NOON, 9)) == ["21T14:00", "21T15:00", "21T16:00"]
    assert upcoming(bounded, NOON + 4 * HOUR, 9) == []


def test_a_start_beyond_the_calendar_never_comes() -> None:
    assert upcoming(schedule(startAt="9999-12-31T23:59:59-12:00"), NOON, 1) == []
    assert clock(upcoming(schedule(startAt="0001-01-01T00:00:00+14:00"), NOON, 1)) == ["21T13:00"]


def test_times_are_those_of_its_zone() -> None:
    berlin = schedule(cron="0 8 * * *", timezone="Europe/Berlin")
    winter, summer = upcoming(berlin, NOON, 1)[0], upcoming(berlin, NOON + 180 * DAY, 1)[0]
    assert (local_time(berlin, winter), to_wire(winter)) == ("2026-11-22T08:00:00+01:00", "2026-11-22T07:00:00.000Z")
    assert local_time(berlin, summer) == "2027-05-21T08:00:00+02:00"


@pytest.mark.parametrize(
    ("catchup", "run"),
    [("skip", []), ("last", ["21T11:00"]), ("all(2)", ["21T10:00", "21T11:00"])],
)
def test_after_an_outage_the_policy_says_what_runs(catchup: str, run: list[str]) -> None:
    now = NOON - 1800
    assert clock(due(schedule(catchup=catchup), now - 5 * HOUR, now)) == run


def test_all_means_no_more_than_there_were() -> None:
    assert clock(due(schedule(catchup="all(1000)"), NOON - 2 * HOUR, NOON)) == ["21T11:00", "21T12:00"]


def test_a_little_late_is_on_time_for_every_policy() -> None:
    for catchup in ("skip", "last", "all(5)"):
        assert clock(due(schedule(catchup=catchup), NOON - HOUR, NOON + LATE_SECONDS - 1)) == ["21T12:00"]
    assert due(schedule(catchup="skip"), NOON - HOUR, NOON + LATE_SECONDS) == []


def test_what_was_run_is_not_due_again() -> None:
    assert due(schedule(), NOON, NOON + 1) == []


def test_after_its_end_nothing_is_caught_up() -> None:
    ended = schedule(cron="*/5 * * * *", endAt="2026-11-21T12:00:00Z", catchup="all(100)")
    assert clock(due(ended, NOON - 300, NOON + 1)) == ["21T12:00"]
    assert due(ended, NOON - HOUR, NOON + HOUR) == []


def test_years_of_missed_minutes_are_not_counted_one_by_one() -> None:
    every_minute = schedule(cron="* * * * *", catchup="all(3)")
    assert clock(due(every_minute, NOON - 20_000 * DAY, NOON)) == ["21T11:58", "21T11:59", "21T12:00"]
    yearly = schedule(cron="@yearly", catchup="all(2)")
    assert [to_wire(time)[:10] for time in due(yearly, 0.0, NOON)] == ["2025-01-01", "2026-01-01"]
