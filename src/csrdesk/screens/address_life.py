"""The spoken address in words: how to say it, what has happened, what to warn of, what to say next. Pure functions."""

from __future__ import annotations

from datetime import tzinfo

from csrdesk.model.link import Link, LinkStage
from csrdesk.screens.link_life import DEVICE_LOCKED, ending, marked, wrong_passcodes
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import time_of_day
from csrdesk.widgets.tones import Tone

_WAY = (LinkStage.SENT, LinkStage.CODE_RIGHT, LinkStage.DEVICE_PASSED, LinkStage.APPROVED)
_SAID = {".": " dot ", "/": " slash ", ":": " colon ", "-": " dash "}
_MANY = 9
"""More often than that it is not noted that the address was opened."""


def say_address(address: str) -> str:
    """An address as one says it: `desk dot example dot org slash c`."""
    return " ".join("".join(_SAID.get(character, character) for character in address).split())


def life(link: Link, zone: tzinfo | None) -> tuple[Fact, ...]:
    """One line a step, marked as a link's are. Before the right code nobody knows whose browser opened the address."""
    reached = _WAY.index(link.stage) if link.stage in _WAY else -1
    steps = [Fact(*marked(reached, 0, "Code made"))]
    if link.fetched:
        times = "once" if link.fetched == 1 else f"{link.fetched} times"
        or_more = " or more" if link.fetched >= _MANY else ""
        when = f", {time_of_day(link.fetched_at, zone)}" if link.fetched_at else ""
        steps += [
            Fact("[x]", f"Page opened {times}{or_more}{when}", Tone.GOOD),
            Fact("", "(anybody can open it)", Tone.QUIET),
        ]
    else:
        steps.append(Fact("[>]" if reached == 0 else "[ ]", "Page opened", Tone.STRONG if reached == 0 else Tone.QUIET))
    if link.wrong:
        times = "once" if link.wrong == 1 else f"{link.wrong} times"
        steps += [Fact("[!]", f"Wrong code typed {times}", Tone.WARN), Fact("", "(anybody can type one)", Tone.QUIET)]
    steps += [
        Fact(*marked(reached if link.fetched or reached > 0 else -1, 1, "Code right")),
        *wrong_passcodes(link),
        Fact(*marked(reached, 2, "Strong device passed")),
        Fact(*marked(reached, 3, "Approved")),
    ]
    return (*steps, *ending(link))


def warnings(link: Link) -> tuple[str, ...]:
    """What the agent must not overlook."""
    found = []
    if link.second_browser:
        found.append("Your code was typed in a second browser. Ask the caller if that was them; if not, press x.")
    if link.denied and link.stage is LinkStage.CODE_RIGHT:
        found.append("The phone said no to a request. Ask the caller if they pressed Deny; if not, press x.")
    return tuple(found)


def next_word(link: Link) -> str:
    """The one thing to say at this point."""
    match link.stage:
        case LinkStage.SENT if not link.fetched:
            return f"Please open a web browser, on any device, and type: {say_address(link.to)}."
        case LinkStage.SENT:
            return "Please type the nine digits that I say. Only if you called us yourself."
        case LinkStage.CODE_RIGHT if link.passcodes_left == 0:
            return DEVICE_LOCKED
        case LinkStage.CODE_RIGHT:
            return "Thank you, the code is right. Please follow the page, and tell me when it says that you are done."
        case LinkStage.DEVICE_PASSED | LinkStage.APPROVED:
            return "Thank you. One moment, please."
        case _:
            return "This code has ended. One moment, please."
