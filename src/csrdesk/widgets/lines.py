"""The lines that frame every screen: who and where, until when the caller is verified, what to say, common keys."""

from __future__ import annotations

from datetime import datetime, tzinfo

from textual.content import Content
from textual.widgets import Static

from csrdesk.config.keys import KeySettings
from csrdesk.widgets.choices import shown
from csrdesk.widgets.moments import left, span, time_of_day
from csrdesk.widgets.tones import Tone, inert

_ALMOST_LOCKED = 30
"""Seconds before the console locks itself at which it says so."""
_ALMOST_OVER = 120
"""Seconds before its end at which the window's line becomes a warning."""


def heading(desk: str, agent: str, *, short: bool = False) -> Content:
    """The first line's left half; shorter where the right one names the machine that it is connected to."""
    return Content.assemble(
        inert(desk, Tone.STRONG, limit=40),
        ("" if short else "  help desk console", Tone.QUIET.value),
        "   ",
        inert(f"Agent: {agent}", limit=40),
    )


def connection(words: str, *, well: bool) -> Content:
    """The first line's right half: the connection in words."""
    return inert(words if well else f"! {words}", Tone.GOOD if well else Tone.WARN, limit=30)


def calls(number: int, wanting: int, keys: KeySettings) -> Content:
    """Beside the connection while there are several calls: how many, and how many want the agent."""
    if number < 2:
        return Content()
    parts: list[Content | str | tuple[str, str]] = ["  ", (shown(keys.calls), "bold $primary"), f" {number} calls"]
    if wanting:
        parts.append((f", ! {wanting} for you", Tone.WARN.value))
    return Content.assemble(*parts, "   ")


def window(until: datetime | None, now: datetime, zone: tzinfo | None, *, by_exception: bool = False) -> Content:
    """The second line: whether the caller is verified, and for how long; an exception never looks like a proof."""
    if until is None:
        return Content.styled("Caller not verified", Tone.QUIET.value)
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return Content.styled("! The verification has ended", Tone.BAD.value)
    tone = Tone.WARN if by_exception or seconds < _ALMOST_OVER else Tone.GOOD
    mark = "! " if tone is Tone.WARN else ""
    stands = "EXCEPTION, CALLER NOT VERIFIED," if by_exception else "CALLER VERIFIED"
    return Content.styled(f"{mark}{stands} until {time_of_day(until, zone)}, {left(until, now)}", tone.value)


def locking(seconds: float) -> Content:
    """Beside the window: the console is about to lock itself. No key is named that could mean something else."""
    if seconds > _ALMOST_LOCKED:
        return Content()
    return Content.styled(f"   ! Locks in {span(seconds)}: an arrow key stops it", Tone.WARN.value)


def closing(mailbox_url: str, keys: KeySettings) -> Content:
    """The last line: keys that always work, and in the demo where the customer's mail is."""
    parts: list[Content | str | tuple[str, str]] = []
    always = ((keys.help, "Help"), (keys.commands, "Commands"), (keys.leave, "Leave"))
    # The demo's address needs the room; the help names all three.
    for key, label in (k for k in always if not (mailbox_url and k[0] == keys.commands)):
        parts += [(shown(key), "bold $primary"), f" {label}  "]
    if mailbox_url:
        parts += [("Demo mail ", Tone.QUIET.value), inert(mailbox_url, Tone.STRONG, limit=60)]
    return Content.assemble(*parts)


class SayLine(Static):
    """The one thing to say to the caller on this screen."""

    def say(self, words: str) -> None:
        """Show `words`, or nothing at all where there is nothing to say."""
        self.display = bool(words)
        self.update(Content.assemble(("Say  ", "bold $primary"), inert(words)))


class Notice(Static):
    """A line that is there only while it has something to tell."""

    def __init__(self, *, id: str, tone: Tone = Tone.WARN) -> None:
        super().__init__(id=id, classes="notice")
        self._tone = tone
        self.display = False

    def tell(self, words: str) -> None:
        """Show `words` behind a mark; empty hides the line."""
        self.display = bool(words)
        self.update(Content.assemble(("! ", self._tone.value), inert(words, self._tone)))
