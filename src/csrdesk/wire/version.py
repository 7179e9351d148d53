"""Which shapes the two ends of the desk API speak, and what to do where they differ: either end says it here."""

from __future__ import annotations

import re
from typing import Final

from csrdesk import __version__
from csrdesk.errors import OtherVersionError

PREFIX: Final = "/desk/v1"
"""Below it is everything. Another number here is another protocol; the same one may have another `WIRE`."""
WIRE: Final = 1
"""Of the shapes of prompts, answers and bodies: it grows with each change that the other end would not understand."""
SETTLED_HEADER: Final = "csrdesk-settled"
"""On what comes back of a start or an answer: the flow asks or is over, so nobody has to wait for that."""
WIRE_HEADER: Final = "csrdesk-wire"
"""Which shapes, as `1; csrdesk 0.1.0`: on each request of a csrdesk, and on every answer of a desk."""
NO_NUMBER: Final = -1
_SPOKEN = re.compile(r"(\d{1,6}); csrdesk ([0-9A-Za-z.+-]{1,40})")


def spoken() -> str:
    """The header's value of this csrdesk."""
    return f"{WIRE}; csrdesk {__version__}"


def check_client(header: str) -> None:
    """For the desk: raises `OtherVersionError` where whoever asks is a csrdesk of other shapes. Scripts say none."""
    number, version = _read(header)
    if header and number != WIRE:
        raise OtherVersionError(_words(mine=(WIRE, __version__), theirs=(number, version), i_am_desk=True))


def check_desk(header: str) -> None:
    """For the client: raises `OtherVersionError` where the desk speaks other shapes, or is none."""
    number, version = _read(header)
    if number == NO_NUMBER:
        words = "What answers there is no csrdesk desk. Look at desk.server in the settings. Nothing was done."
        raise OtherVersionError(words, details=f"header={header[:80]!r}")
    if number != WIRE:
        raise OtherVersionError(_words(mine=(WIRE, __version__), theirs=(number, version), i_am_desk=False))


def _read(header: str) -> tuple[int, str]:
    found = _SPOKEN.fullmatch(header)
    return (int(found[1]), found[2]) if found else (NO_NUMBER, "of another kind")


def _words(*, mine: tuple[int, str], theirs: tuple[int, str], i_am_desk: bool) -> str:
    desk, client = (mine, theirs) if i_am_desk else (theirs, mine)
    said = f"This csrdesk is {client[1]}, and the desk is {desk[1]}: they do not understand each other."
    if client[0] < desk[0]:
        return f"{said} Update csrdesk on this machine. Nothing was done."
    return f"{said} The desk has to be updated first, by whoever runs it; until then use csrdesk {desk[1]}."
