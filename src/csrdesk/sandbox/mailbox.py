"""What lies in the invented people's mailboxes and on their phones, for whoever plays the customer.

A page for people, without any script, and the same as JSON for programs. Both show everything to anybody on this
machine: that is what they are for.
"""

from __future__ import annotations

import functools
import re
from datetime import datetime

import jinja2
import msgspec
from markupsafe import Markup, escape
from starlette.responses import Response

from csrdesk.sandbox import pushes
from csrdesk.sandbox.authenticator import Passkey
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.model import Device, Mail, Passcode, Push, User
from csrdesk.sandbox.passcodes import WITH_APP, totp_now

_URL = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]])")
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_STEP = 30
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
}


class TotpCode(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app shows now."""

    username: str
    email: str
    device_id: str
    nickname: str
    code: str
    seconds_left: int


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there, newest first."""

    mails: list[Mail]
    passcodes: list[Passcode]
    totp: list[TotpCode]
    pushes: list[Push]
    """Those that wait for an answer."""
    passkeys: list[Passkey]
    """For programs that play the customer; a person's own browser does not know them."""


def linked(text: str) -> Markup:
    """Text from a mail for a page: escaped, control and bidi characters made visible, addresses of pages clickable."""
    pieces = _URL.split(_NOT_SHOWN.sub("\ufffd", text.replace("\r\n", "\n")))
    return Markup("").join(
        Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _shown(text: str) -> str:
    return _NOT_SHOWN.sub("\ufffd", text)


def _totp(user: User, device: Device, now: datetime) -> TotpCode:
    return TotpCode(
        username=user.username,
        email=user.email,
        device_id=device.id,
        nickname=device.nickname,
        code=totp_now(device, now),
        seconds_left=_STEP - int(now.timestamp()) % _STEP,
    )


def _names(call: Call, username: str) -> set[str]:
    return {username.casefold(), call.world.user(username).email.casefold()}


def _addresses(call: Call, to: str) -> set[str]:
    """Where mail to whoever is meant goes: an address is its own, a user name or customer number its owner's."""
    owners = (
        user for user in call.world.users.values() if to in {user.username.casefold(), user.external_id.casefold()}
    )
    return {to} | {user.email.casefold() for user in owners}


def mailbox(call: Call) -> Mailbox:
    """`?to=` keeps what reached that address or number, and all that is its owner's; `?since=` what came later."""
    to = call.query.get("to", "").strip().casefold()
    since_text = call.query.get("since", "")
    since = int(since_text) if since_text.isascii() and since_text.isdigit() else 0
    now = call.clock.now()
    addresses = _addresses(call, to) if to else set()
    apps = [
        _totp(user, device, now)
        for user in call.world.users.values()
        for device in user.devices
        if device.type in WITH_APP and to in {"", user.email.casefold(), user.username.casefold()}
    ]
    return Mailbox(
        mails=[
            mail
            for mail in reversed(call.world.mails)
            if mail.seq > since and (not to or mail.to.casefold() in addresses)
        ],
        passcodes=[
            code
            for code in reversed(call.world.passcodes)
            if code.seq > since
            and to in {"", code.to.casefold(), code.email.casefold(), code.username.casefold()}
        ],
        totp=apps,
        pushes=[
            push
            for push in pushes.waiting(call.world, now)
            if push.seq > since and to in {"", push.email.casefold(), push.username.casefold()}
        ],
        passkeys=[key for key in call.world.passkeys if to and to in _names(call, key.username)],
    )  # fmt: skip


def as_json(call: Call) -> Response:
    """GET /mailbox.json."""
    return Response(msgspec.json.encode(mailbox(call)), headers=_HEADERS, media_type="application/json")


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("csrdesk.sandbox"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["linked"] = linked
    environment.filters["shown"] = _shown
    return environment


def as_page(call: Call) -> Response:
    """GET /mailbox."""
    html = _templates().get_template("mailbox.html").render(box=mailbox(call), to=call.query.get("to", ""))
    return Response(html, headers=_HEADERS, media_type="text/html; charset=utf-8")


def style(call: Call) -> Response:  # noqa: ARG001 - called like the others
    """GET /mailbox/style.css."""
    return Response(_templates().get_template("mailbox.css").render(), headers=_HEADERS, media_type="text/css")
