"""A magic link's life in words: what has happened, what comes next, what to warn of, what to say. Pure functions."""

from __future__ import annotations

from datetime import tzinfo

from csrdesk.model.link import Link, LinkStage
from csrdesk.model.risk import RiskCheck
from csrdesk.model.text import clean
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone

_WAY = (LinkStage.SENDING, LinkStage.SENT, LinkStage.CODE_RIGHT, LinkStage.DEVICE_PASSED, LinkStage.APPROVED)
_ENDS = {
    LinkStage.NOT_ME: 'Refused: the caller pressed "This wasn\'t me"',
    LinkStage.NO_FACTOR: "Ended: the caller cannot use any of the devices",
    LinkStage.RISKY: "Ended: PingOne Protect advises against it",
    LinkStage.EXPIRED: "Ended: time was up",
    LinkStage.TOO_MANY_CODES: "Ended: too many wrong codes",
    LinkStage.CANCELLED: "Ended: the caller cancelled",
    LinkStage.ENDED: "Ended",
}
CODES = 5
"""Tries that a fresh link has."""
_FETCHER = 19


def life(link: Link, zone: tzinfo | None) -> tuple[Fact, ...]:
    """One line a step, each with a mark: `[x]` done, `[>]` awaited now, `[ ]` still to come, `[!]` gone wrong."""
    reached = _WAY.index(link.stage) if link.stage in _WAY else -1
    steps = [
        Fact(*marked(reached, 0, f"Sent to {link.to}")),
        Fact(*marked(reached, 1, "Accepted by the mail server")),
        *_fetched(link, zone, reached),
        Fact(*marked(reached if link.fetched else min(reached, 0), 2, "Code right")),
        Fact(*marked(reached, 3, "Device passed")),
        Fact(*marked(reached, 4, "Approved")),
    ]
    if 0 < link.codes_left < CODES and reached == _WAY.index(LinkStage.SENT):
        steps.insert(-3, Fact("[!]", f"Code wrong, {_tries(link.codes_left)} left", Tone.WARN))
    if link.risk:
        steps.insert(-2, Fact("[!]" if link.risk.is_notable else "[x]", link.risk.label, risk_tone(link.risk)))
    steps[-2:-2] = wrong_passcodes(link)
    return (*steps, *ending(link))


def wrong_passcodes(link: Link) -> tuple[Fact, ...]:
    """What is wrong with the passcodes of a device on the page, while a device is awaited there."""
    if link.stage is not LinkStage.CODE_RIGHT or not (link.passcodes_wrong or link.passcodes_left == 0):
        return ()
    if link.passcodes_left == 0:
        return (Fact("[!]", "Device locked: wrong passcodes", Tone.BAD),)
    left = f", {_tries(link.passcodes_left)} left" if link.passcodes_left else ""
    return (Fact("[!]", f"Passcode wrong{left}", Tone.WARN),)


DEVICE_LOCKED = "That device is locked for a while. Can you choose another one on the page?"
"""What to say where wrong passcodes have locked a device."""


def ending(link: Link) -> tuple[Fact, ...]:
    """How it ended without an approval; nothing while it goes on."""
    if link.phone_said_no:
        return (Fact("[!]", "Refused: a request was denied on the phone, twice", Tone.BAD),)
    return (Fact("[!]", _ENDS[link.stage], Tone.BAD),) if link.stage in _ENDS else ()


def marked(reached: int, step: int, words: str) -> tuple[str, str, Tone]:
    """Mark, words and tone of a step, by the last one that was reached."""
    if reached >= step:
        return "[x]", words, Tone.GOOD
    return ("[>]", words, Tone.STRONG) if reached + 1 == step and reached >= 0 else ("[ ]", words, Tone.QUIET)


def _fetched(link: Link, zone: tzinfo | None, reached: int) -> tuple[Fact, ...]:
    if not link.fetched:
        waiting = reached == _WAY.index(LinkStage.SENT)
        return (Fact("[>]" if waiting else "[ ]", "Link fetched", Tone.STRONG if waiting else Tone.QUIET),)
    times = {1: "once", 2: "twice"}.get(link.fetched, f"{link.fetched} times")
    when = f", {time_of_day(link.fetched_at, zone)}" if link.fetched_at else ""
    by = (Fact("", f"last by {clean(link.fetched_by, _FETCHER)}", Tone.QUIET),) if link.fetched_by else ()
    return (Fact("[x]", f"Fetched {times}{when}", Tone.GOOD), *by, Fact("", "(mail scanners fetch, too)", Tone.QUIET))


def risk_tone(found: RiskCheck) -> Tone:
    """How loud what PingOne Protect said is."""
    if found.stops:
        return Tone.BAD
    return Tone.WARN if found.is_notable else Tone.GOOD


def _tries(left: int) -> str:
    return "1 try" if left == 1 else f"{left} tries"


def warnings(link: Link) -> tuple[str, ...]:
    """What the agent must not overlook."""
    found = []
    if link.second_browser:
        found.append("The link was opened in a second browser. Ask the caller if that was them; if not, press x.")
    if link.denied and link.stage is LinkStage.CODE_RIGHT:
        found.append("The phone said no to a request. Ask the caller if they pressed Deny; if not, press x.")
    if link.codes_left == 1 and link.stage is LinkStage.SENT:
        found.append("One more wrong code ends this link.")
    return tuple(found)


def next_word(link: Link) -> str:
    """The one thing to say at this point of the link's life."""
    match link.stage:
        case LinkStage.SENDING:
            return "The mail is on its way. One moment, please."
        case LinkStage.SENT if not link.fetched:
            return (
                f"The subject ends with {spell(link.reference)}. Please open the link in that mail, and no older one."
            )
        case LinkStage.SENT:
            return "Please type the code that I say into the page. Only if you called us yourself."
        case LinkStage.CODE_RIGHT if link.passcodes_left == 0:
            return DEVICE_LOCKED
        case LinkStage.CODE_RIGHT:
            return "Thank you, the code is right. Please follow the page and tell me when it says that you are done."
        case LinkStage.DEVICE_PASSED | LinkStage.APPROVED:
            return "Thank you. One moment, please."
        case _:
            return "This link has ended. One moment, please."


def spell(reference: str) -> str:
    """A reference as one says it: character by character."""
    return " ".join(character for character in reference if character.isalnum())
