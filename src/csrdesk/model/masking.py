"""Addresses as agents, saved states and the audit see them: enough to recognise, too little to use."""

from __future__ import annotations

_SHOW_LAST_FROM = 4


def mask_email(address: str) -> str:
    """`j***n@e***.org`: first, three stars, the last only from four characters up; last domain label."""
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        return "***"
    last = local[-1] if len(local) >= _SHOW_LAST_FROM else ""
    _, dot, label = domain.rpartition(".")
    return f"{local[0]}***{last}@{domain[0]}***{dot}{label if dot else ''}"


def mask_phone(number: str) -> str:
    """`+1 *** *** 43`: country code and last two digits of a number in PingOne's form `+1.5125551234`."""
    code, dot, rest = number.partition(".")
    digits = [c for c in (rest if dot else number) if c.isdigit()]
    country = code if dot and code.startswith("+") else ""
    return f"{country} *** *** {''.join(digits[-2:])}".strip()


def mask_username(username: str) -> str:
    """A user name as it is, unless it is an address."""
    return mask_email(username) if "@" in username else username


def mask_name(given: str, family: str) -> str:
    """`M*** S***`, as the customer's page names the account."""
    return " ".join(f"{part[0]}***" for part in (given, family) if part) or "***"


def ending(number: str, length: int = 2) -> str:
    """The last characters of a customer number."""
    return number[-length:] if len(number) > length else ""
