"""An account's last day: a day as people say it, and the moment after it as a directory keeps it.

AD's own tools do the same: "end of 24 December" is midnight after it, where the one sits who types it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

NEVER = "never"
"""What people type, and what the audit says, where there is no last day."""


def after(day: date, zone: tzinfo | None = None) -> datetime:
    """The moment when `day` is over in `zone`, the machine's own where None. Raises `OverflowError` for no such day."""
    midnight = datetime.combine(day + timedelta(days=1), time())
    return midnight.replace(tzinfo=zone) if zone else midnight.astimezone()


def ends_of(typed: str, zone: tzinfo | None = None) -> str:
    """`2026-12-24` or `never` as `Confirmed.ends` takes it. Raises `ValueError` for what is neither."""
    word = typed.strip()
    if word.casefold() == NEVER:
        return NEVER
    try:
        return after(date.fromisoformat(word), zone).isoformat()
    except (OverflowError, OSError):
        raise ValueError(word) from None


def moment_of(ends: str) -> datetime | None:
    """The opposite of `words_of`: None for never. Raises `ValueError` for what is no moment of a known zone."""
    if ends == NEVER:
        return None
    moment = datetime.fromisoformat(ends)
    if moment.tzinfo is None or not 2 < moment.year < 9998:
        raise ValueError(ends)
    return moment


def words_of(ends_at: datetime | None) -> str:
    """For the audit: RFC 3339 in UTC, or `never`."""
    return ends_at.astimezone(UTC).isoformat() if ends_at else NEVER


def last_day(ends_at: datetime) -> str:
    """`24 December 2026`: the day that ends with that moment, in the moment's own zone."""
    day = ends_at - timedelta(microseconds=1)
    return f"{day.day} {day:%B %Y}"
