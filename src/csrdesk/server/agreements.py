"""The text of an agreement as a page can show it: plain text as paragraphs, HTML through a sanitiser (nh3, ammonia).

The text is PingOne's, and whoever administers it there; nothing of it may run, load, submit or look like the page.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape

from csrdesk.model.agreements import Agreement

_WORDS: Final = ("a", "abbr", "b", "br", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u")
_BLOCKS: Final = (
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "ul",
)
_TABLES: Final = ("table", "tbody", "td", "tfoot", "th", "thead", "tr")
_TAGS: Final = frozenset((*_WORDS, *_BLOCKS, *_TABLES))
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_SCHEMES: Final = {"https", "mailto", "tel"}


def shown_text(agreement: Agreement) -> Markup:
    """What goes into the page as it stands."""
    return _clean(agreement.text) if agreement.html else _paragraphs(agreement.text)


def _clean(text: str) -> Markup:
    # Here, because few pages need it.
    import nh3

    safe = nh3.clean(
        text,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    safe = safe.replace("<h1>", "<h2>").replace("</h1>", "</h2>")  # the page has its own, and says the title in it
    return Markup(safe)  # noqa: S704 - made safe right here


def _paragraphs(text: str) -> Markup:
    """A blank line ends a paragraph, any other one a line."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    lines = (Markup("<br>").join(escape(line) for line in block.strip().split("\n")) for block in blocks)
    return Markup("\n").join(Markup("<p>{}</p>").format(line) for line in lines)
