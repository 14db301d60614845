"""When a cron expression comes next, in a zone whose clock is put forward and back. Pure.

Enters: the text of an expression, a zone, a moment. Leaves: the next moment in UTC, always later than the one given.
The calendar (which wall times match) is cronsim's, asked without a zone; what a change of the clock does to a wall
time is decided here, because the libraries that know zones get it wrong (docs/ARCHITECTURE.md, Cron).

* A wall time that the clock skips comes at the first instant after the gap.
* A wall time that the clock shows twice comes once, the first time.
* A job with ``*`` or a step as its hours is an interval: it comes in both passes. One that comes every hour anyway
  is not hurried after a gap: from 01:30 to 03:30 is an hour then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from faas_agent.errors import BadRequest
from faas_agent.model.specs.values import show

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
TAKES = {
    "minute": "0-59",
    "hour": "0-23",
    "day-of-month": "1-31, L (the last) or LW (the last weekday), in a month that has it",
    "month": "1-12 or JAN-DEC",
    "day-of-week": "0-7 or SUN-SAT, 5L (the last Friday), MON#2 (the second Monday)",
}
"""The five fields in their order, and what each may hold beside ``*``, lists, ranges and steps."""
LONGEST = 200
_ANY_TIME = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Cron:
    """A checked expression. ``interval``: its hours are ``*`` or a step. ``hourly``: it comes in every hour."""

    expression: str
    interval: bool
    hourly: bool

    def walls(self, after: datetime) -> Iterator[datetime]:
        """The wall times that match, in order, without a zone."""
        return iter(CronSim(self.expression, after))

    def instants(self, wall: datetime, zone: ZoneInfo) -> list[datetime]:
        """When it comes for that wall time there: once, in both passes of a repeated hour, or not at all."""
        first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first > second:
            return [] if self.hourly else [_change_between(second, first, zone)]
        return [first, second] if self.interval and first < second else [first]


def parse(expression: object) -> Cron:
    """Raises BadRequest naming the field at fault."""
    if not isinstance(expression, str) or not expression.strip() or len(expression) > LONGEST:
        raise BadRequest("spec.cron: an expression of five fields is needed, such as '0 2 * * *'")
    text = expression.strip()
    if text.startswith("@") and text.lower() not in ALIASES:
        raise BadRequest(f"spec.cron: {show(text)} is not one of {', '.join(ALIASES)}")
    fields = ALIASES.get(text.lower(), text).split()
    if len(fields) != len(TAKES):
        raise BadRequest(f"spec.cron: five fields are needed ({', '.join(TAKES)}), not {len(fields)}: {show(text)}")
    try:
        calendar = CronSim(" ".join(fields), _ANY_TIME)
    except CronSimError as error:
        raise _refusal(fields, str(error)) from None
    hourly = len(calendar.hours) == 24
    cron = Cron(" ".join(fields), hourly or "*" in fields[1] or "/" in fields[1], hourly)
    if next(cron.walls(_ANY_TIME), None) is None:
        raise BadRequest(
            f"spec.cron: {show(text)} never comes: its day-of-month, month and day-of-week exclude another"
        )
    return cron


def next_fire(cron: Cron, zone: ZoneInfo, after_utc: datetime) -> datetime | None:
    """The first moment later than that one, in UTC; None when there is none within fifty years."""
    try:
        local = after_utc.astimezone(zone)
        return _first_after(cron, zone, after_utc, local.replace(tzinfo=None, fold=0) - _repeated(local))
    except OverflowError:  # the calendar ends
        return None


def _first_after(cron: Cron, zone: ZoneInfo, after: datetime, wall_before: datetime) -> datetime | None:
    found: datetime | None = None
    for wall in cron.walls(wall_before):
        instants = cron.instants(wall, zone)
        later = [instant for instant in instants if instant > after]
        found = min(later if found is None else [*later, found], default=None)
        # within a repeated hour a later wall time may come earlier: its first pass, before the other's second
        if found is not None and len(instants) == 1:
            return found
    return found


def _repeated(local: datetime) -> timedelta:
    """How far the clock is put back over this wall time; zero for one that it shows once."""
    first, second = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return max(first - second, timedelta())


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the clock is put forward; it lies in (before, after]."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, round((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        unchanged = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old
        low, high = (middle, high) if unchanged else (low, middle)
    return before + timedelta(seconds=high)


def _refusal(fields: list[str], why: str) -> BadRequest:
    name = why.removeprefix("Bad ")
    field = fields[list(TAKES).index(name)]
    return BadRequest(
        f"spec.cron: the {name} field cannot be {show(field)}; it takes {TAKES[name]}, lists, ranges, steps"
    )
