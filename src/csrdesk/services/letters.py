"""What the mails say: a text and an HTML part each, from the templates beside this file.

Apart from the sending, because nothing here needs a server. Jinja2 is loaded with the first letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Protocol

import msgspec

from csrdesk.model.notices import Change
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean

if TYPE_CHECKING:
    from jinja2 import Environment

_LINE = 120


class Letter(msgspec.Struct, frozen=True):
    """A mail as written; `text` and `html` may hold a link and so are never logged."""

    subject: str
    text: str
    html: str


class Mailer(Protocol):
    """Hands letters to a mail server."""

    async def send(self, letter: Letter, *, to: str, sender_name: str) -> None:
        """Return when the server has accepted the letter. Raises a `ServiceError` with the server's words, cleaned."""
        ...

    async def greet(self) -> None:
        """Connect and sign in, and send nothing. Raises as `send` does."""
        ...


class MagicLinkFacts(msgspec.Struct, frozen=True):
    """What the letters "Magic Link Authentication" and "Change Password Magic Link" say.

    The spoken code is not among it and never will be.
    """

    url: Secret
    reference: str
    agent: str
    """Empty where no agent asks: the customer wants it, for a page that they have open."""
    company: str
    phone: str = ""
    minutes: int = 3
    reset: bool = False
    """The link is for a new password."""


def magic_link(facts: MagicLinkFacts) -> Letter:
    """The link, who asks, and when not to press it; the subject bears the reference that the agent reads out."""
    shown = {
        "url": facts.url.reveal(),
        "reference": clean(facts.reference, _LINE),
        "agent": clean(facts.agent, _LINE),
        "company": clean(facts.company, _LINE),
        "phone": clean(facts.phone, _LINE),
        "minutes": facts.minutes,
        "reset": facts.reset,
        "title": "Password Change Request" if facts.reset else "Magic Link Authentication",
    }
    template = "magic_link" if facts.agent else "confirm_link"
    return Letter(
        subject=f"{shown['title']}, reference {shown['reference']}",
        text=_templates().get_template(f"{template}.txt").render(shown),
        html=_templates().get_template(f"{template}.html").render(shown),
    )


_CHANGED = {
    Change.DISABLED: ("Account Disabled", "disabled your account"),
    Change.ENABLED: ("Account Enabled", "enabled your account again"),
    Change.UNLOCKED: ("Account Unlocked", "unlocked your account"),
    Change.END_DATE: ("Account End Date Changed", "changed the day on which your account ends"),
    Change.MUST_CHANGE: ("Password Change Needed", "had you asked for a new password when you next sign in"),
    Change.PASSWORD: ("Password Changed", "helped to change your password"),
    Change.DEVICES: ("Device Changed", "changed a device that you sign in with"),
}
"""The subject, which is the template's name, and what the desk has done."""
_NOTHING = "If that was you, there is nothing to do."
_PHONE = "If that was you, call us: we help you on the phone."
_HAPPENED = {
    Change.RECOVERED: ("Password Changed", "On {when} a new password was set for your account on our page.", _NOTHING),
    Change.NEW_DEVICE: (
        "New Device Sign-in Activity",
        "On {when} somebody asked for a new password for your account, on a device that we do not know.",
        _NOTHING,
    ),
    Change.SUSPICIOUS: (
        "Suspicious Activity",
        "On {when} somebody asked for a new password for your account. It looked wrong, and we stopped it.",
        _PHONE,
    ),
    Change.DISABLED_FOR_RISK: (
        "Account Disabled",
        "On {when} somebody asked for a new password for your account. It looked wrong, and we disabled the account.",
        _PHONE,
    ),
    Change.REGISTRATION_TRIED: (
        "Somebody tried to register with your address",
        "On {when} somebody asked for a new account with your mail address. You have one, so nothing was made.",
        "If that was you, sign in with the account that you have.",
    ),
    Change.CALL_US: (
        "Password Change Request",
        "On {when} somebody asked for a new password for your account. Our page cannot change this one.",
        _PHONE,
    ),
}
"""The same for what happened on the recovery page: subject, what was done, and what to do if it was them."""


def subject_of(change: Change) -> str:
    """The subject of the letter about a change."""
    return _HAPPENED[change][0] if change in _HAPPENED else _CHANGED[change][0]


def notice(change: Change, at: datetime, *, company: str, phone: str = "", exception: str = "") -> Letter:
    """What was done to the account, when, and whom to call: no link, nothing that is worth stealing, and no name but
    that of a lead who approved an `exception`: `exception, approved by NAME`.
    """
    when = f"{at.astimezone(UTC):%d %B %Y at %H:%M} UTC"
    if change in _HAPPENED:
        subject, said, then = _HAPPENED[change]
        said, otherwise = said.format(when=when), "If it was not you"
    else:
        subject, what = _CHANGED[change]
        said, otherwise = f"Our help desk has {what} on {when}.", "If you did not"
        if exception:
            said += f" Whoever asked for it could not prove that they are you: {clean(exception, _LINE)}."
        then = "If you asked us for this, there is nothing to do."
    shown = {
        "subject": subject,
        "said": said,
        "then": then,
        "otherwise": otherwise,
        "company": clean(company, _LINE),
        "phone": clean(phone, _LINE),
    }
    return Letter(
        subject=subject,
        text=_templates().get_template("notice.txt").render(shown),
        html=_templates().get_template("notice.html").render(shown),
    )


def recovery(url: str, *, company: str, phone: str = "") -> Letter:
    """The way to the recovery page, for a caller: the page's address, which everybody may know."""
    subject = "Choose a new password"
    shown = {"subject": subject, "url": url, "company": clean(company, _LINE), "phone": clean(phone, _LINE)}
    return Letter(
        subject=subject,
        text=_templates().get_template("recovery.txt").render(shown),
        html=_templates().get_template("recovery.html").render(shown),
    )


def invitation(url: str, *, company: str, phone: str = "") -> Letter:
    """The way to the registration page, for somebody without an account: an address that everybody may know."""
    subject = "Make your account"
    shown = {"subject": subject, "url": url, "company": clean(company, _LINE), "phone": clean(phone, _LINE)}
    return Letter(
        subject=subject,
        text=_templates().get_template("invitation.txt").render(shown),
        html=_templates().get_template("invitation.html").render(shown),
    )


CREATED = ("New Account Created", "Your new account is there.")
HALF_DONE = ("Your registration", "Somebody asked for a new account with your mail address. You have one already.")
"""Subject and first sentence of the two letters that can lead back to a registration."""


def registration(url: str, about: tuple[str, str], *, company: str, phone: str = "") -> Letter:
    """About a new account, with the way back to a page that was left; without one where `url` is empty."""
    subject, said = about
    shown = {"subject": subject, "said": said, "url": url, "company": clean(company, _LINE)}
    shown["phone"] = clean(phone, _LINE)
    return Letter(
        subject=subject,
        text=_templates().get_template("registration.txt").render(shown),
        html=_templates().get_template("registration.html").render(shown),
    )


_ALERTS = {
    "link.not_me": 'A customer said "this wasn\'t me"',
    "protective_disable": "An account was disabled without proof",
    "exception.approved": "A lead made an exception for a caller who proved nothing",
    "risk.disable": "An account was disabled because PingOne Protect recommended it",
    "limit.reached": "A limit was reached",
    "protected.touched": "Somebody came to a protected account",
    "notice.not_sent": "A customer was not told of a change of their account",
    "sign_in.ended_by_lead": "A lead ended an agent's sign-in",
    "audit.verified": "The audit is not as it was written",
}


def alert(action: str, *, row: int, by: str, call_id: str, person_id: str) -> Letter:
    """For the desk's own people: what kind of alert, and where the audit has the rest; no name of any customer."""
    what = _ALERTS.get(action, action)
    shown = {
        "what": what,
        "action": clean(action, _LINE),
        "row": row,
        "by": clean(by, _LINE),
        "call_id": clean(call_id, _LINE),
        "person_id": clean(person_id, _LINE),
    }
    return Letter(
        subject=f"csrdesk alert: {what}",
        text=_templates().get_template("alert.txt").render(shown),
        html=_templates().get_template("alert.html").render(shown),
    )


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("csrdesk.services"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
