"""From what a flow shows a customer to the page that shows it: one template a prompt, one an outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import Struct

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import LinkView
from csrdesk.flows.kernel import Outcome, Prompt

WORKING_SECONDS = 2
"""How often the page of a working flow is loaded again."""
GOES_ON_SECONDS = 5
"""How often the page of a caller who is verified looks whether there is another question."""
_GOES_ON = (dp.PushPrompt, dp.MagicLinkSentPrompt)
"""What asks, and waits for something else meanwhile."""


class Countdown(Struct, frozen=True):
    """The page's clock in words, for the moment at which the page is made."""

    until: datetime
    seconds: int
    more_time: bool

    @property
    def moment(self) -> str:
        return f"{self.until:%H:%M} UTC"

    @property
    def iso(self) -> str:
        return self.until.isoformat(timespec="seconds")

    @property
    def words(self) -> str:
        """Minutes, rounded up, so that the last one is still "1"."""
        minutes = math.ceil(self.seconds / 60)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"


class Page(Struct, frozen=True):
    """A template and what it is filled with."""

    template: str
    context: dict[str, object]
    status: int = 200


PROMPTS: Mapping[type[Prompt], str] = MappingProxyType(
    {
        p.CodePrompt: "code.html",
        p.NotMePrompt: "not_me.html",
        p.BrowserPrompt: "browser.html",
        p.DeviceSelectionPrompt: "device_selection.html",
        p.PasscodePrompt: "passcode.html",
        dp.PasskeyPrompt: "passkey.html",
        dp.PushPrompt: "push.html",
        dp.PushTimedOutPrompt: "push_timed_out.html",
        dp.MagicLinkOfferPrompt: "magic_link_offer.html",
        dp.MagicLinkSentPrompt: "magic_link_sent.html",
        dp.LinkAgainPrompt: "link_again.html",
        p.TryAgainPrompt: "try_again.html",
        pp.NewPasswordPrompt: "new_password.html",
        pp.CannotSetPasswordPrompt: "cannot_set_password.html",
    }
)
"""The template of each prompt."""
ENDS: Mapping[type[Outcome], str] = MappingProxyType(
    {
        ca.PageApproved: "done.html",
        ca.PageRefused: "refused.html",
        ca.PageNoFactor: "no_factor.html",
        ca.PageStopped: "risk_stopped.html",
        ca.PageOver: "ended.html",
        da.Outputs: "device_over.html",
        pp.PasswordChanged: "password_changed.html",
        pp.PasswordKept: "password_kept.html",
    }
)
"""The template of each end."""


def page_of(link: LinkView, now: datetime, *, note: str = "") -> Page:
    """The page for a link that is alive for this browser; `note` stands in place of the prompt's own."""
    view = link.view
    again = _again(link, GOES_ON_SECONDS) if link.goes_on else {}
    if link.time_up:
        return Page("time_up.html", {"verified": link.goes_on, "alone": link.alone, **again}, 410)
    if view.prompt is not None:
        again = _again(link, WORKING_SECONDS) if isinstance(view.prompt, _GOES_ON) else {}
        return Page(_template(view.prompt), {**_context(link, view.prompt, now, note), **again})
    if view.outcome is not None:
        return Page(_end(view.outcome), {"outcome": view.outcome, "alone": link.alone, **again})
    return Page("working.html", {"working": view.working, **_again(link, WORKING_SECONDS)})


def _again(link: LinkView, seconds: int) -> dict[str, object]:
    """Look again in so many seconds; `at` is what the page is now, so that a script sees whether it went on."""
    return {"refresh": seconds, "at": f"{link.view.rev} {link.view.working}".strip()}


def _context(link: LinkView, prompt: Prompt, now: datetime, note: str) -> dict[str, object]:
    if not isinstance(prompt, p.CustomerPrompt):
        raise TypeError(f"{type(prompt).__name__} is not for customers")
    page = prompt.page if isinstance(prompt, p.PagePrompt) else p.Page(more_time=False)
    until = page.until or link.page_until
    clock = countdown(until, now, more_time=page.more_time) if until else None
    return {
        "prompt": prompt,
        "about": prompt.about,
        "note": note or prompt.note,
        "problem": bool(note),
        "rev": link.view.rev,
        "code": link.view.spoken_code.reveal() if link.view.spoken_code else "",
        "clock": clock,
    }


def countdown(until: datetime, now: datetime, *, more_time: bool) -> Countdown:
    """What is left of the page's clock."""
    left = max((until - now).total_seconds(), 0)
    return Countdown(until.astimezone(UTC), math.ceil(left), more_time)


def _template(prompt: Prompt) -> str:
    template = PROMPTS.get(type(prompt))
    if template is None:
        raise TypeError(f"no page shows {type(prompt).__name__}")
    return template


def _end(outcome: Outcome) -> str:
    template = ENDS.get(type(outcome))
    if template is None:
        raise TypeError(f"no page shows {type(outcome).__name__}")
    return template
