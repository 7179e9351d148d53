"""Letting go of what was painted: Textual's cache of blended colours keeps the last 1,024 widgets that used it.

`StylesCache.get_inner_outer` needs two colours, but is cached by the widget's own cache as well, with every painted
line in it: of a console that is used all day, 300,000 objects that are searched for garbage again and again, with the
words of callers who are long gone. In Textual 8.2.8, which csrdesk pins.
"""

from __future__ import annotations

from functools import lru_cache, partial

from textual._styles_cache import StylesCache


def keep_no_painted_widgets() -> None:
    """Cache those colours by the colours alone, from now on and for every app of this process."""
    cached = StylesCache.get_inner_outer
    if not isinstance(StylesCache.__dict__["get_inner_outer"], staticmethod):
        by_colours = lru_cache(256)(partial(cached.__wrapped__, StylesCache))
        StylesCache.get_inner_outer = staticmethod(by_colours)  # type: ignore[assignment]
