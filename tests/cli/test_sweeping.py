"""Garbage of a long-lived process: found in pauses, kept small without them, and the process left as it was found."""

from __future__ import annotations

import asyncio
import gc
import weakref

from csrdesk.cli.sweeping import BUSY_THRESHOLD, ENOUGH, INTERVAL, STILL, swept_in_pauses

PATIENCE_SECONDS = 20.0


class Screen:
    """Refers to itself, as a screen's widgets do to each other."""

    def __init__(self) -> None:
        self.parent = self
        self.parts: list[list[int]] = [[] for _ in range(ENOUGH + 1000)]


def left_behind(gone: asyncio.Event) -> weakref.ref[Screen]:
    """A screen that nobody has any more, and that counting references does not free."""
    return weakref.ref(Screen(), lambda _: gone.set())


async def test_what_was_left_is_let_go_in_the_first_pause() -> None:
    async with swept_in_pauses():
        gone = asyncio.Event()
        left = left_behind(gone)
        assert left() is not None
        await asyncio.wait_for(gone.wait(), PATIENCE_SECONDS)


async def test_nothing_is_searched_for_while_something_goes_on() -> None:
    async with swept_in_pauses():
        gc.collect()
        left, kept = left_behind(asyncio.Event()), list[list[int]]()
        for _ in range(8):
            # Never a pause between two looks, and in all fewer than would start a search of itself.
            kept.extend([] for _ in range(STILL + 100))
            await asyncio.sleep(INTERVAL / 2)
        assert ENOUGH + len(kept) < BUSY_THRESHOLD
        assert left() is not None


async def test_what_was_there_at_the_start_is_never_searched_again() -> None:
    async with swept_in_pauses():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == BUSY_THRESHOLD
    assert gc.get_freeze_count() == 0


async def test_the_search_is_as_before_when_it_is_over() -> None:
    before = gc.get_threshold()
    async with swept_in_pauses():
        pass
    assert gc.get_threshold() == before
