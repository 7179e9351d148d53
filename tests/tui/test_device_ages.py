"""What the caller's card says of a device's age: since when it is there, and from when it counts (R-37)."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from csrdesk.screens.whom import since_words
from tests.samples import AGENT, NEW_PASSKEY, NOW, OLD_PHONE, PHONE
from tests.tui.easel import easel
from tests.tui.reading import words


def test_a_device_that_counts_says_the_day_and_a_new_one_from_when_in_the_agents_zone() -> None:
    assert since_words(PHONE, NOW, UTC) == ""
    assert since_words(OLD_PHONE, NOW, UTC) == "since 2026-01-18"
    assert since_words(NEW_PASSKEY, NOW, UTC) == "registered today 07:10, counts from 2026-03-07 07:10"
    east = timezone(timedelta(hours=9))
    assert since_words(NEW_PASSKEY, NOW, east) == "registered today 16:10, counts from 2026-03-07 16:10"


async def test_r_37_the_card_says_why_a_device_does_not_count_yet_and_from_when() -> None:
    app = easel(AGENT["unverifiable_card_too_new"])
    async with app.run_test(size=(80, 24)):
        shown = " ".join(words(app).split())
    assert "registered too recently" in shown
    assert "counts from" in shown


async def test_the_card_says_since_when_each_device_is_registered() -> None:
    app = easel(AGENT["card_with_ages"])
    async with app.run_test(size=(120, 36)):
        shown = " ".join(words(app).split())
    assert "since 2026-01-18" in shown
    assert "counts from" in shown
