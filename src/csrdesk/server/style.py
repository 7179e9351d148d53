"""`ciam_logoStyle` made safe: of what the setting says, only declarations from this list reach the style sheet.

The setting comes from a flow where it was written into a `style` attribute; here nothing inline is allowed.
"""

from __future__ import annotations

import re

_LENGTH = r"(?:0|\d{1,4}(?:\.\d{1,3})?(?:px|em|rem|%|vw|vh))"
_SIZE = re.compile(rf"(?:auto|{_LENGTH})")
_SIDES = re.compile(rf"(?:auto|{_LENGTH})(?: (?:auto|{_LENGTH})){{0,3}}")
_CORNERS = re.compile(rf"{_LENGTH}(?: {_LENGTH}){{0,3}}")
_COLOUR = re.compile(r"(?:#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]{3,20})")

ALLOWED: dict[str, re.Pattern[str]] = {
    "width": _SIZE,
    "height": _SIZE,
    "max-width": _SIZE,
    "max-height": _SIZE,
    "background-color": _COLOUR,
    "border-radius": _CORNERS,
    **{
        f"{box}{side}": _SIDES if not side else _SIZE
        for box in ("margin", "padding")
        for side in ("", "-top", "-right", "-bottom", "-left")
    },
}
"""Each allowed property (CSS 2.2, CSS Backgrounds 3) and the whole of what its value may be."""


def declarations(style: str) -> tuple[list[str], list[str]]:
    """The declarations of `style` that are kept, each as `name: value`, and those that are not."""
    kept: list[str] = []
    dropped: list[str] = []
    for part in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (" ".join(piece.split()).lower() for piece in part.partition(":"))
        pattern = ALLOWED.get(name)
        if pattern and pattern.fullmatch(value):
            kept.append(f"{name}: {value}")
        else:
            dropped.append(part)
    return kept, dropped
