"""From what a flow shows a customer to the page that shows it: one template a prompt, one an outcome."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from msgspec import Struct

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import LinkView
from csrdesk.flows.kernel import Outcome, Prompt

WORKING_SECONDS = 2
"""How often the page of a working flow is loaded again."""
GOES_ON_SECONDS = 5
"""How often the page of a caller who is verified looks whether there is another question."""


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


def page_of(link: LinkView, now: datetime, *, note: str = "") -> Page:
    """The page for a link that is alive for this browser; `note` stands in place of the prompt's own."""
    view = link.view
    again = _again(link, GOES_ON_SECONDS) if link.goes_on else {}
    if link.time_up:
        return Page("time_up.html", {"verified": link.goes_on, **again}, 410)
    if view.prompt is not None:
        again = _again(link, WORKING_SECONDS) if isinstance(view.prompt, dp.PushPrompt) else {}
        return Page(_template(view.prompt), {**_context(link, view.prompt, now, note), **again})
    if view.outcome is not None:
        return Page(_end(view.outcome), {"outcome": view.outcome, **again})
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
        "clock": clock,
    }


def countdown(until: datetime, now: datetime, *, more_time: bool) -> Countdown:
    """What is left of the page's clock."""
    left = max((until - now).total_seconds(), 0)
    return Countdown(until.astimezone(UTC), math.ceil(left), more_time)


def _template(prompt: Prompt) -> str:
    match prompt:
        case p.CodePrompt():
            return "code.html"
        case p.NotMePrompt():
            return "not_me.html"
        case p.BrowserPrompt():
            return "browser.html"
        case p.DeviceSelectionPrompt():
            return "device_selection.html"
        case p.PasscodePrompt():
            return "passcode.html"
        case dp.PasskeyPrompt():
            return "passkey.html"
        case dp.PushPrompt():
            return "push.html"
        case dp.PushTimedOutPrompt():
            return "push_timed_out.html"
        case p.TryAgainPrompt():
            return "try_again.html"
        case pp.NewPasswordPrompt():
            return "new_password.html"
        case pp.CannotSetPasswordPrompt():
            return "cannot_set_password.html"
        case _:
            raise TypeError(f"no page shows {type(prompt).__name__}")


def _end(outcome: Outcome) -> str:
    match outcome:
        case ca.PageApproved():
            return "done.html"
        case ca.PageRefused():
            return "refused.html"
        case ca.PageNoFactor():
            return "no_factor.html"
        case ca.PageOver():
            return "ended.html"
        case pp.PasswordChanged():
            return "password_changed.html"
        case pp.PasswordKept():
            return "password_kept.html"
        case _:
            raise TypeError(f"no page shows {type(outcome).__name__}")
