"""Moments and spans as people at a desk read them: pure functions, so that no screen counts seconds by itself."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def utc_now() -> datetime:
    """The machine's clock; screens get it handed in, so that tests can move it."""
    return datetime.now(UTC)


def span(seconds: float) -> str:
    """`1:47`; never below `0:00`."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def left(until: datetime, now: datetime) -> str:
    """`1:47 left`, or that the time is up."""
    seconds = (until - now).total_seconds()
    return f"{span(seconds)} left" if seconds > 0 else "time is up"


def time_of_day(moment: datetime, zone: tzinfo | None) -> str:
    """`09:10:05` in `zone`, the machine's own where None."""
    return moment.astimezone(zone).strftime("%H:%M:%S")


def distance(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """`today`, `yesterday`, `45 days ago`, `in 3 days`: by the calendar of `zone`."""
    days = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
    names = {0: "today", -1: "yesterday", 1: "tomorrow"}
    return names.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")


def dated(moment: datetime | None, now: datetime, zone: tzinfo | None) -> str:
    """`2026-01-18, 45 days ago`; `today 09:10`; or `never`."""
    if moment is None:
        return "never"
    far, local = distance(moment, now, zone), moment.astimezone(zone)
    if far in ("today", "yesterday", "tomorrow"):
        return f"{far} {local:%H:%M}"
    return f"{local:%Y-%m-%d}, {far}"


def on_day(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """`tomorrow 09:10`, or `2026-03-07 09:10`: when something begins."""
    far, local = distance(moment, now, zone), moment.astimezone(zone)
    day = far if far in ("today", "yesterday", "tomorrow") else f"{local:%Y-%m-%d}"
    return f"{day} {local:%H:%M}"


def short(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """For a list: `03-04 09:10:05`, with the year instead of the time where it is another one: `2029-03-04`."""
    local = moment.astimezone(zone)
    return f"{local:%m-%d %H:%M:%S}" if local.year == now.astimezone(zone).year else f"{local:%Y-%m-%d}"


def zone_name(now: datetime, zone: tzinfo | None) -> str:
    """What the agent's clock calls its own time: `CET`, `UTC`."""
    return now.astimezone(zone).tzname() or "local time"
