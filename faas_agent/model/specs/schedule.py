"""A cron trigger's times: from when until when, in which zone, and which of the missed ones still run. Pure.

Enters: the spec of a trigger, and times in seconds. Leaves: the same spec with defaults, and times in seconds.
Called by the check of triggers, by the API for the next times, and by ``control/triggers/schedule``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice, takewhile
from math import inf
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from faas_agent.errors import BadRequest
from faas_agent.model.specs.cron import Cron, next_fire, parse
from faas_agent.model.specs.values import show
from faas_agent.model.times import from_wire

LATE_SECONDS = 60.0
"""A run that late is on time: the platform was busy, not away. What is later was missed, and ``catchup`` decides."""
MOST_CATCHUP = 1000
OVERLAPS = ("allow", "skip")
DEFAULTS: dict[str, Any] = {
    "startAt": None, "endAt": None, "timezone": "UTC", "catchup": "last", "overlap": "allow",
}  # fmt: skip
WHEN = ("cron", "timezone", "startAt", "endAt")
"""What says when: a change of one of these starts the schedule anew."""
_CATCHUP = re.compile(r"skip|last|all\(([1-9][0-9]{0,3})\)")
_HOUR = 3600.0
_EARLIER = 1e-6
_FAR = 253_000_000_000.0  # in the year 9987: the calendar of Python ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times from ``start`` to ``end``, both included. ``missed``: how many of those that were missed run late."""

    cron: Cron
    zone: ZoneInfo
    start: float
    end: float
    missed: int
    reaches_back: bool
    """A new trigger counts from its ``startAt``, not from when it was made."""


def check_schedule(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec, complete. Raises BadRequest naming the field."""
    filled = {**spec, **{key: default for key, default in DEFAULTS.items() if spec.get(key) is None}}
    parse_schedule(filled)
    if filled["overlap"] not in OVERLAPS:
        raise BadRequest(f"spec.overlap: 'allow' or 'skip', not {show(filled['overlap'])}")
    return filled


def parse_schedule(spec: Mapping[str, Any]) -> Schedule:
    """What a complete spec says. Raises BadRequest, also for a zone that this machine no longer knows."""
    start, end = _moment(spec, "startAt", 0.0), _moment(spec, "endAt", inf)
    if end < start:
        raise BadRequest("spec.endAt: it has to be later than spec.startAt")
    return Schedule(
        cron=parse(spec.get("cron")),
        zone=_zone(spec["timezone"]),
        start=max(start, 0.0),
        end=end,
        missed=_missed(spec["catchup"]),
        reaches_back=spec["catchup"].startswith("all"),
    )


def times_after(schedule: Schedule, after: float) -> Iterator[float]:
    """Every time later than that, in order."""
    begin = max(after, schedule.start - _EARLIER)  # a time that is the start itself counts
    moment = datetime.fromtimestamp(begin, UTC) if begin < _FAR else None
    while moment is not None and (moment := next_fire(schedule.cron, schedule.zone, moment)) is not None:
        if moment.timestamp() > schedule.end:
            return
        yield moment.timestamp()


def due(schedule: Schedule, since: float, now: float) -> list[float]:
    """What is to run now of the times in ``(since, now]``, in order."""
    if now > schedule.end + LATE_SECONDS:
        return []
    floor = since if schedule.missed else max(since, now - LATE_SECONDS)
    return _latest(schedule, floor, now, schedule.missed or 1)


def counts_from(schedule: Schedule, now: float) -> float:
    """Since when the times of a new trigger count: what came before it was made was not missed, unless it says so."""
    return min(schedule.start - _EARLIER, now) if schedule.reaches_back and schedule.start else now


def _latest(schedule: Schedule, since: float, until: float, most: int) -> list[float]:
    """The last of the times, looked for backwards: an outage of a year costs no more than one of an hour."""
    span = _HOUR
    while True:
        begin = max(since, until - span)
        found = list(takewhile(lambda time: time <= until, times_after(schedule, begin)))
        if len(found) >= most or begin == since:
            return found[-most:]
        span *= 2


def upcoming(schedule: Schedule, after: float, number: int) -> list[float]:
    """The next so many."""
    return list(islice(times_after(schedule, after), number))


def local_time(schedule: Schedule, time: float) -> str:
    """What the clock shows there: ISO-8601 with its distance from UTC."""
    return datetime.fromtimestamp(time, schedule.zone).isoformat()


def _missed(catchup: object) -> int:
    matched = _CATCHUP.fullmatch(catchup) if isinstance(catchup, str) else None
    if matched is None or int(matched[1] or 0) > MOST_CATCHUP:
        raise BadRequest(
            f"spec.catchup: 'skip', 'last' or 'all(N)' with N from 1 to {MOST_CATCHUP} is needed, not {show(catchup)}"
        )
    return 1 if catchup == "last" else int(matched[1] or 0)


def _moment(spec: Mapping[str, Any], name: str, default: float) -> float:
    text = spec.get(name)
    if text is None:
        return default
    try:
        return from_wire(text)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(
            f"spec.{name}: a moment such as '2030-01-31T08:00:00Z', or null, is needed, not {show(text)}"
        ) from None


def _zone(name: object) -> ZoneInfo:
    if not isinstance(name, str) or name not in _zones():
        raise BadRequest(f"spec.timezone: a zone such as 'UTC' or 'Europe/Berlin' is needed, not {show(name)}")
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    """The names of IANA. ``localtime`` is no name of a zone: it is whatever the machine was set to."""
    return frozenset(available_timezones() - {"localtime"})
