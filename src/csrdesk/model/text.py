"""Strangers' text made harmless once, where it enters, so that no screen, log, mail or file needs to think of it."""

from __future__ import annotations

import unicodedata

# Bidirectional controls (Unicode TR 9) are of category Cf, as are zero-width joiners, which some scripts need.
_KEPT_FORMAT = {"\u200c", "\u200d"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(value: str, limit: int = 256) -> str:
    """`value` on one line, control, bidi and unassigned characters visibly replaced, at most `limit` characters."""
    read = value[: limit * 4]
    if not (read.isascii() and read.isprintable()):  # nearly all of it is, and needs no look at each character
        read = "".join(
            c if c in _KEPT_FORMAT or unicodedata.category(c) not in _UNSAFE else _REPLACEMENT
            for c in unicodedata.normalize("NFC", read)
        )
    text = read.strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def digits(value: str) -> str:
    """`value` with its decimal digits as ASCII, full-width and others too, and without blanks and hyphens.

    Anything else is kept as it is, so that the result compares unequal rather than by luck.
    """
    return "".join(
        str(unicodedata.decimal(c, c)) for c in value if not c.isspace() and c not in "-\u2010\u2011\u2012\u2013.\u00b7"
    )


def passcode(value: str) -> str:
    """A typed passcode as PingOne takes it: 6 to 10 ASCII letters or digits, lower-cased; empty where it is none."""
    text = digits(value).lower()
    return text if text.isascii() and text.isalnum() and _PASSCODE[0] <= len(text) <= _PASSCODE[1] else ""


_PASSCODE = (6, 10)
