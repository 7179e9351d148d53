"""Themes: every text can be read on what is behind it, and without colours nothing is lost."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.color import Color

from csrdesk import theme
from tests.samples import AGENT
from tests.tui.easel import easel
from tests.tui.reading import segments, words

LEAST = {"dark": 4.5, "light": 4.5, "contrast": 7.0}
FACES = ("polling_fetched", "account_half_disabled", "confirm", "notice_half_done", "username_nobody")


@pytest.mark.parametrize("look", LEAST)
@pytest.mark.parametrize("name", FACES)
async def test_every_text_has_the_contrast_that_its_theme_promises(name: str, look: str) -> None:
    app = easel(AGENT[name], look=look)
    async with app.run_test() as pilot:
        await pilot.pause()
        faint = {
            (segment.text.strip(), ratio)
            for segment in segments(app)
            if any(c.isalnum() for c in segment.text) and (ratio := contrast(segment)) < LEAST[look]
        }
    assert faint == set()


@pytest.mark.parametrize("name", FACES)
async def test_with_no_color_there_are_only_greys_and_the_words_are_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = easel(AGENT[name])
    async with app.run_test() as pilot:
        await pilot.pause()
        coloured = words(app)
    monkeypatch.setenv("NO_COLOR", "1")
    app = easel(AGENT[name])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert words(app) == coloured
        painted = [colours(segment) for segment in segments(app)]
        assert {colour for pair in painted for colour in pair if len({colour.r, colour.g, colour.b}) > 1} == set()


async def test_the_palettes_theme_goes_round() -> None:
    app = easel(AGENT["card"])
    async with app.run_test():
        seen = []
        for _ in range(4):
            seen.append(app.theme)
            theme.next_one(app)
    assert seen == ["csrdesk-dark", "csrdesk-light", "csrdesk-contrast", "csrdesk-dark"]


def colours(segment: Segment) -> tuple[Color, ...]:
    """Front and back of a piece of text, as far as it has them."""
    style = segment.style
    found = (style.color, style.bgcolor) if style else ()
    return tuple(Color.from_rich_color(colour) for colour in found if colour and colour.triplet)


def contrast(segment: Segment) -> float:
    """The ratio of WCAG 2.2."""
    dim, bright = sorted(map(luminance, colours(segment)))
    return round((bright + 0.05) / (dim + 0.05), 2)


def luminance(colour: Color) -> float:
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
