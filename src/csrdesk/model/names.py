"""Distinguished names, taken apart once (RFC 4514): compared by their parts, never as text."""

from __future__ import annotations

import re

# A part ends at a comma that no backslash stands before; a pair of hex digits is a byte of UTF-8 (RFC 4514, 2.4).
_PART = re.compile(r"((?:[^,\\]|\\.)*),?", re.DOTALL)
_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)


def parts(dn: str) -> tuple[tuple[str, str], ...]:
    """Attribute and value of each part, from the object upwards, both case-folded as AD compares them."""
    found = [piece for piece in _PART.findall(dn) if piece.strip()]
    return tuple(
        (name.strip().casefold(), _plain(value)) for name, _, value in (piece.partition("=") for piece in found)
    )


def is_below(dn: str, ancestor: str) -> bool:
    """Whether `dn` is `ancestor` or lies below it; nothing lies below an empty name."""
    above = parts(ancestor)
    return bool(above) and parts(dn)[-len(above) :] == above


def above(dn: str) -> str:
    """The name of what an object lies in; empty for one without."""
    found = _PART.match(dn)
    return dn[found.end() :].strip() if found else ""


def common_name(dn: str) -> str:
    """The value of the first part, case-folded: a group's name, as people write it."""
    found = parts(dn)
    return found[0][1] if found else ""


def _plain(value: str) -> str:
    return _ESCAPED.sub(_unescape, value.strip()).casefold()


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return bytes.fromhex(found[1].replace("\\", "")).decode("utf-8", "replace")
    return found[2]
