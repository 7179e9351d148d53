"""PingOne's filters, a subset of SCIM's: each value is a JSON string and so cannot end early (RFC 7644, 3.4.2.2)."""

from __future__ import annotations

import re

import msgspec

_SHAPE = re.compile(r"\+?[0-9][0-9 ().\-/\u00a0]{5,30}")
_CODE_LENGTHS = (1, 2, 3)
"""Country codes have one to three digits (ITU-T E.164)."""
_MAX_PHONE = 32
"""PingOne's limit for a phone number."""


def equals(attribute: str, value: str) -> str:
    """`attribute eq "value"`, the value escaped as JSON."""
    return f"{attribute} eq {msgspec.json.encode(value).decode()}"


def any_of(*filters: str) -> str:
    """One filter that fits where any of these does."""
    return " or ".join(filters)


def phone_forms(typed: str) -> tuple[str, ...]:
    """How a number may be written in PingOne if `typed` is one, with what was typed first; empty where it is none.

    PingOne keeps `+1.5125551234`, country code before the dot. Where that code ends is not written in what people type,
    so each possible end is asked for: the digits are the same, and so is the subscriber.
    """
    value = typed.strip()
    if not _SHAPE.fullmatch(value):
        return ()
    digits = "".join(c for c in value if c in "0123456789")
    number = digits.removeprefix("00") if digits.startswith("00") else digits if value.startswith("+") else ""
    dotted = [f"+{number[:n]}.{number[n:]}" for n in _CODE_LENGTHS] if number else []
    forms = (value, *dotted, *([f"+{number}"] if number else []))
    return tuple(form for form in dict.fromkeys(forms) if len(form) <= _MAX_PHONE)
