"""What crosses the inner door between a desk and customers' pages that run as a process of their own.

Pages and answers are the flows' own; each comes with the name of its class, and only a class that a customer's page has
is looked up. What a customer typed crosses in memory alone: it is a `Secret` at either end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Final, TypeVar, get_args

import msgspec
from msgspec import Raw, Struct

from csrdesk.errors import UnexpectedAnswerError
from csrdesk.flows.doors import LinkView, PublicView, View, Visitor
from csrdesk.flows.kernel import Answer, Audience, Outcome, Prompt
from csrdesk.model.secret import Secret, decode_hook

T = TypeVar("T")

VERSION: Final = 1
"""Of what crosses; both ends must have the same."""
NOTHING: Final = Raw(b"null")
PROMPTS: Final = (
    "csrdesk.flows.prompts",
    "csrdesk.flows.device_prompts",
    "csrdesk.flows.password_prompts",
    "csrdesk.flows.public_prompts",
    "csrdesk.flows.registration_prompts",
    "csrdesk.flows.pairing_prompts",
)
"""The modules of the prompts that customers get."""
OUTCOMES: Final = (
    "csrdesk.flows.acceptance_ends:PageApproved",
    "csrdesk.flows.acceptance_ends:PageRefused",
    "csrdesk.flows.acceptance_ends:PageNoFactor",
    "csrdesk.flows.acceptance_ends:PageStopped",
    "csrdesk.flows.acceptance_ends:PageOver",
    "csrdesk.flows.device_authentication:Outputs",
    "csrdesk.flows.password_prompts:PasswordChanged",
    "csrdesk.flows.password_prompts:PasswordKept",
    "csrdesk.flows.recovery_inputs:Outputs",
    "csrdesk.flows.registration_inputs:Outputs",
)
"""How a page can end."""


class Named(Struct, frozen=True):
    """A value with the name of its class."""

    kind: str
    value: Raw


class Open(Struct, frozen=True):
    """`CustomerSession.open`, and `PublicSession.open` with the first two alone."""

    token: Secret
    browser: Secret
    user_agent: str = ""
    fetch: bool = True
    source: str = ""


class Form(Struct, frozen=True):
    """An answer: `CustomerSession.answer`, and `PublicSession.answer` with `asked`."""

    token: Secret
    browser: Secret
    answer: Named
    source: str = ""
    user_agent: str = ""
    signals: Secret | None = None
    asked: int = 0


class Code(Struct, frozen=True):
    """`CustomerSession.enter_code`."""

    code: Secret
    browser: Secret
    source: str = ""
    user_agent: str = ""
    signals: Secret | None = None


class Visit(Struct, frozen=True):
    """`CustomerSession.opened_address`."""

    user_agent: str = ""


class Begin(Struct, frozen=True):
    """`PublicSession.begin`."""

    flow: str
    browser: Secret
    answer: Named
    source: str = ""
    user_agent: str = ""
    signals: Secret | None = None


class Resume(Struct, frozen=True):
    """`PublicSession.resume`."""

    flow: str
    token: Secret
    browser: Secret
    source: str = ""


class Token(Struct, frozen=True):
    """The token of a page."""

    token: Secret


class Shown(Struct, frozen=True):
    """A `View`, as a customer may see it."""

    id: str
    flow: str
    rev: int
    prompt: Named | None
    outcome: Named | None
    working: str
    spoken_code: Secret | None
    shown: Secret | None


class LinkShown(Struct, frozen=True):
    """A `LinkView`."""

    view: Shown
    challenge_id: str
    page_until: datetime | None
    time_up: bool
    goes_on: bool
    alone: bool


class PublicShown(Struct, frozen=True):
    """A `PublicView`."""

    view: Shown
    until: datetime


class Picture(Struct, frozen=True):
    """The logo."""

    content: bytes
    media_type: str


class Script(Struct, frozen=True):
    """PingOne's Signals script."""

    url: str
    integrity: str
    environment_id: str


class About(Struct, frozen=True):
    """All that pages need to know of their desk: how they look, where they are, and the key of their forms."""

    version: int
    public_url: str
    form_key: Secret
    """Hexadecimal; made from the desk's own key, which it does not tell."""
    company: str
    phone: str
    sign_on_url: str
    logo_style: tuple[str, ...]
    logo: Picture | None
    signals: Script | None
    spoken_address: bool
    offers: tuple[str, ...]
    """The flows that customers may begin by themselves."""


def encode(value: object) -> bytes:
    """A value of this module as it crosses."""
    return msgspec.json.encode(value, enc_hook=_reveal)


def decode(content: bytes, kind: type[T]) -> T:
    """The value. Raises `msgspec.DecodeError`, also for what is nested deeper than anything that crosses."""
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=_secret)
    except RecursionError as error:
        raise msgspec.DecodeError(str(error)) from None


def named(value: Prompt | Outcome | Answer) -> Named:
    """A page's prompt, its end, or an answer."""
    return Named(_name(type(value)), Raw(encode(value)))


def answer_of(sent: Named) -> Answer:
    """An answer that some page of a customer's takes. Raises `msgspec.DecodeError` for everything else."""
    kind = answers().get(sent.kind)
    if kind is None:
        raise msgspec.DecodeError("no page takes that")
    return decode(sent.value, kind)


def visitor(user_agent: str, signals: Secret | None) -> Visitor:
    """Whose browser it was."""
    return Visitor(user_agent, signals)


def shown(view: View) -> Shown:
    """What of a view crosses; what is wrong with the desk itself is for agents."""
    prompt = named(view.prompt) if view.prompt is not None else None
    outcome = named(view.outcome) if view.outcome is not None else None
    return Shown(view.id, view.flow, view.rev, prompt, outcome, view.working, view.spoken_code, view.shown)


def view_of(said: Shown) -> View:
    """The view again. Raises `UnexpectedAnswerError` for a page that this csrdesk does not have."""
    return View(
        id=said.id,
        flow=said.flow,
        rev=said.rev,
        prompt=_value(said.prompt, prompts()) if said.prompt else None,
        outcome=_value(said.outcome, outcomes()) if said.outcome else None,
        working=said.working,
        spoken_code=said.spoken_code,
        shown=said.shown,
    )


def link_shown(link: LinkView) -> LinkShown:
    """What a browser may see of a link."""
    return LinkShown(shown(link.view), link.challenge_id, link.page_until, link.time_up, link.goes_on, link.alone)


def link_view_of(said: LinkShown) -> LinkView:
    """The same at the other end."""
    return LinkView(view_of(said.view), said.challenge_id, said.page_until, said.time_up, said.goes_on, said.alone)


def public_view_of(said: PublicShown) -> PublicView:
    """What a browser may see of a page that it began by itself."""
    return PublicView(view_of(said.view), said.until)


@cache
def prompts() -> Mapping[str, type[Prompt]]:
    """Every prompt that a customer can get, by its name."""
    found = (kind for module in PROMPTS for kind in vars(import_module(module)).values())
    return {
        _name(kind): kind
        for kind in found
        if isinstance(kind, type)
        and issubclass(kind, Prompt)
        and kind.audience is Audience.CUSTOMER
        and hasattr(kind, "answers")
    }


@cache
def outcomes() -> Mapping[str, type[Outcome]]:
    """Every end of a page, by its name."""
    kinds: list[type[Outcome]] = [
        getattr(import_module(module), name) for module, _, name in (place.partition(":") for place in OUTCOMES)
    ]
    return {_name(kind): kind for kind in kinds}


@cache
def answers() -> Mapping[str, type[Answer]]:
    """Every answer that a page of a customer's takes, by its name."""
    taken = (kind.answers for kind in prompts().values())
    return {_name(kind): kind for union in taken for kind in (get_args(union) or (union,))}


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix('csrdesk.flows.')}.{kind.__name__}"


def _value(sent: Named, kinds: Mapping[str, type[T]]) -> T:
    try:
        return decode(sent.value, kinds[sent.kind])
    except (KeyError, msgspec.DecodeError) as error:
        raise not_understood(f"kind={sent.kind[:80]!r} {type(error).__name__}") from None


def not_understood(details: str) -> UnexpectedAnswerError:
    """What came is of no shape that this csrdesk knows: desk and pages are of two versions."""
    return UnexpectedAnswerError("The desk's answer was not understood.", system="the desk", details=details)


def _secret(kind: type, value: object) -> object:
    if kind is Secret and not isinstance(value, str):
        raise TypeError("expected text")  # of which msgspec makes a `ValidationError`
    return decode_hook(kind, value)


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)
