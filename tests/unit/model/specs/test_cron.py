"""What a cron expression means, and what a clock that is put forward or back does to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faas_agent.errors import BadRequest
from faas_agent.model.specs.cron import ALIASES, next_fire, parse

ZONES = sorted(available_timezones() - {"localtime"})
CHANGING_ZONES = """
    Africa/Cairo Africa/Casablanca Africa/El_Aaiun America/Asuncion America/Chicago America/Denver America/Godthab
    America/Halifax America/Havana America/Los_Angeles America/Mexico_City America/Miquelon America/Montevideo
    America/New_York America/Nuuk America/Phoenix America/Port-au-Prince America/Santiago America/Sao_Paulo
    America/Scoresbysund America/St_Johns America/Whitehorse Antarctica/Troll Antarctica/Casey Asia/Amman Asia/Beirut
    Asia/Damascus Asia/Gaza Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Tehran Asia/Tokyo Atlantic/Azores
    Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Berlin Europe/Dublin Europe/London Europe/Moscow
    Pacific/Apia Pacific/Auckland Pacific/Chatham Pacific/Easter Pacific/Fiji Pacific/Norfolk UTC
"""
"""Every kind of change: an hour, half an hour, two, three; at or over midnight; for good; twice around Ramadan."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
EXPRESSIONS = (
    "* * * * *", "*/15 * * * *", "0 * * * *", "30 * * * *", "0 */2 * * *", "30 */3 * * *", "0 0 * * *", "30 0 * * *",
    "30 1 * * *", "30 2 * * *", "0 3 * * *", "59 23 * * *", "*/20 1-3 * * *", "0,30 0,2,23 * * *",
)  # fmt: skip


def fires(expression: str, zone: str, after: datetime, number: int) -> list[str]:
    """The next times on the wall there, each with its distance from UTC."""
    cron, place = parse(expression), ZoneInfo(zone)
    found = []
    for _ in range(number):
        moment = next_fire(cron, place, after)
        assert moment is not None
        after = moment
        found.append(moment.astimezone(place).strftime("%d %H:%M %z"))
    return found


def between(expression: str, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """Every time in ``(begin, end]``, each asked for from the one before."""
    cron, found = parse(expression), []
    moment = next_fire(cron, zone, begin)
    while moment is not None and moment <= end:
        assert moment > (found[-1] if found else begin), "a time that does not grow"
        found.append(moment)
        moment = next_fire(cron, zone, moment)
    return found


def expected(expression: str, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """The same by looking at the clock minute by minute, which knows nothing of gaps and repeats."""
    cron = parse(expression)
    days = int((end - begin) / DAY) + 4
    first = (begin.astimezone(zone) - 2 * DAY).replace(tzinfo=None)
    walls = {wall for wall in islice(cron.walls(first), days * 1440) if wall < first + days * DAY}
    found, highest = set(), (begin.astimezone(zone).replace(tzinfo=None) - DAY)
    moment = begin - DAY
    while moment <= end:
        shown = moment.astimezone(zone).replace(tzinfo=None)
        passed = {wall for wall in walls if highest < wall <= shown} if shown > highest else set()
        if cron.hourly:
            passed &= {shown}
        if passed or (cron.interval and shown in walls):
            found.add(moment)
        highest, moment = max(highest, shown), moment + MINUTE
    return sorted(one for one in found if begin < one <= end)


def changes(zone: ZoneInfo, first: int, last: int) -> list[datetime]:
    """The instants, to the minute, at which the clock there is changed."""
    found, day = [], datetime(first, 1, 1, tzinfo=UTC)
    while day.year <= last:
        if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset():
            minutes = (day + number * MINUTE for number in range(1, 1441))
            before = day.astimezone(zone).utcoffset()
            found.append(next(one for one in minutes if one.astimezone(zone).utcoffset() != before))
        day += DAY
    return found


# -- the calendar ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("* * * * *", ["21 12:01", "21 12:02"]),
        ("*/15 * * * *", ["21 12:15", "21 12:30"]),
        ("0 2 * * *", ["22 02:00", "23 02:00"]),
        ("0 9-17/4 * * MON-FRI", ["23 09:00", "23 13:00"]),
        ("30 8 1,15 * *", ["01 08:30", "15 08:30"]),
        ("0 0 1 jan *", ["01 00:00", "01 00:00"]),
        ("0 0 13 * FRI", ["27 00:00", "04 00:00"]),
        ("0 0 * * 7", ["22 00:00", "29 00:00"]),
        ("0 0 L * *", ["30 00:00", "31 00:00"]),
        ("@hourly", ["21 13:00", "21 14:00"]),
        ("@Daily", ["22 00:00", "23 00:00"]),
        ("  @weekly ", ["22 00:00", "29 00:00"]),
    ],
)
def test_an_expression_means_what_cron_means(expression: str, wanted: list[str]) -> None:
    saturday = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert [one[:8] for one in fires(expression, "UTC", saturday, 2)] == wanted


def test_the_next_time_is_later_than_now_and_never_now() -> None:
    noon = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    cron, zone = parse("0 12 * * *"), ZoneInfo("UTC")
    assert next_fire(cron, zone, noon) == noon + DAY
    assert next_fire(cron, zone, noon - timedelta(microseconds=1)) == noon


def test_a_leap_day_comes_in_its_year() -> None:
    assert next_fire(parse("0 0 29 2 *"), ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC)) == datetime(
        2028, 2, 29, tzinfo=UTC
    )


def test_the_end_of_the_calendar_is_no_error() -> None:
    assert next_fire(parse("@yearly"), ZoneInfo("Pacific/Kiritimati"), datetime(9999, 12, 31, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("60 * * * *", "the minute field cannot be '60'; it takes 0-59"),
        ("* 24 * * *", "the hour field cannot be '24'; it takes 0-23"),
        ("* * 0 * *", "the day-of-month field cannot be '0'"),
        ("* * * 13 *", "the month field cannot be '13'"),
        ("* * * * 8", "the day-of-week field cannot be '8'"),
        ("* * * * FOO", "the day-of-week field cannot be 'FOO'"),
        ("*/0 * * * *", "the minute field cannot be '*/0'"),
        ("* 5-2 * * *", "the hour field cannot be '5-2'"),
        ("0 0 31 2 *", "the day-of-month field cannot be '31'"),
        ("* * * *", "five fields are needed (minute, hour, day-of-month, month, day-of-week), not 4"),
        ("0 * * * * *", "not 6"),
        ("@reboot", "'@reboot' is not one of @yearly"),
        ("9" * 5000 + " * * * *", "an expression of five fields is needed"),
        ("", "an expression of five fields is needed, such as '0 2 * * *'"),
        (None, "an expression of five fields is needed"),
        (5, "an expression of five fields is needed"),
    ],
)
def test_an_expression_that_cannot_be_is_refused_by_its_field(expression: object, named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(expression)
    assert refused.value.message.startswith("spec.cron: ")
    assert named in refused.value.message


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text("0123456789*/,-L#W@ AMONFRIJS", max_size=30)))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        cron = parse(text)
    except BadRequest:
        return
    assert next_fire(cron, ZoneInfo("Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC)) is not None


def test_every_alias_is_an_expression() -> None:
    assert [parse(alias) for alias in ALIASES] == [parse(expression) for expression in ALIASES.values()]


# -- the clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "zone", "after", "wanted"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["29 03:00 +0200", "30 02:30 +0200"]),
        ("0,30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", ["29 03:00 +0200", "29 03:30 +0200"]),
        ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["24 01:00 +0300", "25 00:00 +0300"]),
        ("0 */6 * * *", "Africa/Cairo", "2026-04-23T17:00", ["24 01:00 +0300", "24 06:00 +0300"]),
        ("30 * * * *", "Europe/Berlin", "2026-03-29T00:00", ["29 01:30 +0100", "29 03:30 +0200"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["04 02:30 +1100", "05 02:15 +1100"]),
        ("30 2 * * *", "Antarctica/Troll", "2026-03-28T12:00", ["29 03:00 +0200", "30 02:30 +0200"]),
    ],
)
def test_a_time_that_the_clock_skips_comes_right_after_the_gap(
    expression: str, zone: str, after: str, wanted: list[str]
) -> None:
    assert fires(expression, zone, datetime.fromisoformat(after).replace(tzinfo=UTC), 2) == wanted


@pytest.mark.parametrize(
    ("expression", "zone", "after", "wanted"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01 01:30 -0400", "02 01:30 -0500"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["05 01:45 +1100", "06 01:45 +1030"]),
        ("0 */3 * * *", "Australia/Lord_Howe", "2026-04-04T13:30", ["05 03:00 +1030", "05 06:00 +1030"]),
    ],
)
def test_a_time_that_the_clock_shows_twice_comes_once(
    expression: str, zone: str, after: str, wanted: list[str]
) -> None:
    assert fires(expression, zone, datetime.fromisoformat(after).replace(tzinfo=UTC), 2) == wanted


def test_an_interval_goes_on_through_a_repeated_hour() -> None:
    before = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    assert fires("*/30 * * * *", "Europe/Berlin", before, 5) == [
        "25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "25 03:00 +0100", "25 03:30 +0100",
    ]  # fmt: skip


def test_asked_within_the_repeated_hour_the_answer_is_not_in_the_past() -> None:
    second_pass = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)  # 02:20 for the second time
    assert fires("45 2 * * *", "Europe/Berlin", second_pass, 1) == ["26 02:45 +0100"]
    assert fires("45 * * * *", "Europe/Berlin", second_pass, 1) == ["25 02:45 +0100"]


@pytest.mark.parametrize("zone", CHANGING_ZONES.split())
def test_at_every_change_of_the_clock_until_2035_a_daily_job_comes_once_a_day(zone: str) -> None:
    place = ZoneInfo(zone)
    for change in changes(place, 2020, 2035):
        shown = change.astimezone(place).replace(tzinfo=None)
        midnight = (shown - DAY).replace(hour=0, minute=0)
        for hour, minute in ((shown.hour, 0), (shown.hour, 30), (shown.hour - 1, 30), (shown.hour - 1, 15)):
            wanted = [midnight + timedelta(days=day, hours=hour % 24, minutes=minute) for day in range(4)]
            begin = midnight.replace(tzinfo=place).astimezone(UTC) - MINUTE
            found = between(f"{minute} {hour % 24} * * *", place, begin, change + 4 * DAY)
            for wall, moment in zip(wanted, found, strict=False):
                assert moment.astimezone(place).replace(tzinfo=None) == wall or moment == change, (zone, wall, moment)
            assert len(found) >= len(wanted)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(EXPRESSIONS), st.integers(1975, 2036), st.data())
def test_in_any_zone_the_times_are_those_that_the_clock_shows(
    zone: str, expression: str, year: int, data: st.DataObject
) -> None:
    place = ZoneInfo(zone)
    around = data.draw(st.sampled_from([*changes(place, year, year), datetime(year, 6, 1, tzinfo=UTC)]))
    begin = around + timedelta(minutes=data.draw(st.integers(-1500, 300)))
    end = begin + timedelta(hours=data.draw(st.sampled_from([3, 26])))
    assert between(expression, place, begin, end) == expected(expression, place, begin, end)
