"""Contrast in both colour schemes, computed from the style sheet (WCAG 2.2, 1.4.3, 1.4.6 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("csrdesk.server").joinpath("static", "site.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "ratio"),
    [
        ("text", "page", 7.0),
        ("text", "card", 7.0),
        ("text", "tint", 7.0),
        ("text", "warn-tint", 7.0),
        ("soft", "page", 4.5),
        ("soft", "card", 4.5),
        ("soft", "tint", 4.5),
        ("strong", "card", 4.5),
        ("strong", "tint", 4.5),
        ("on-strong", "strong", 4.5),
        ("on-strong", "strong-hover", 4.5),
        ("warn", "card", 4.5),
        ("warn", "warn-tint", 4.5),
        ("good", "good-tint", 4.5),
        ("field", "card", 3.0),
        ("focus", "card", 3.0),
    ],
)
def test_colours_can_be_told_apart_in_both_schemes(scheme: dict[str, str], front: str, back: str, ratio: float) -> None:
    one, two = sorted((luminance(scheme[front]), luminance(scheme[back])), reverse=True)
    assert (one + 0.05) / (two + 0.05) >= ratio


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
