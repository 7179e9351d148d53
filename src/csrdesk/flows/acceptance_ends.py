"""How the customer's page of a link begins and ends: what its states carry along, its outcomes and its last states.

Apart from the page's way from the one to the other, which is `challenge_acceptance`.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Done, Outcome, Terminal
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import STRONG_KINDS
from csrdesk.model.link import LinkAbout, LinkStage
from csrdesk.model.risk import RiskCheck

SECTION = "Challenge Acceptance By The User"


class Start(msgspec.Struct, frozen=True):
    """Made by the desk in the transaction that makes the link."""

    about: LinkAbout
    person_id: str
    rules: Rules


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    about: LinkAbout
    person_id: str
    rules: Rules
    page: p.Page = p.Page()
    check: RiskCheck | None = None
    """What PingOne Protect made of this page; None where it was not asked, or not yet."""

    @property
    def steps_up(self) -> bool:
        """Whether only a strong device counts: without a mail, or where Protect wants it."""
        return not self.about.mailed or (self.check is not None and self.check.steps_up)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of device that may be asked."""
        allowed = self.rules.allowed_device_types
        return tuple(kind for kind in allowed if kind.strip() in STRONG_KINDS) if self.steps_up else allowed

    @property
    def challenge_id(self) -> str:
        return self.about.challenge_id

    def extended(self, page: p.Page) -> Given:
        return replace(self, page=page)


class PageApproved(Outcome, frozen=True):
    """Keep this page open while you talk to us."""

    about: LinkAbout


class PageRefused(Outcome, frozen=True):
    """The customer said "this wasn't me", on this page or on the phone."""

    about: LinkAbout
    on_phone: bool = False
    """A push was denied there, twice."""


class PageNoFactor(Outcome, frozen=True):
    """No device could be used; the agent has been told."""

    about: LinkAbout


class PageStopped(Outcome, frozen=True):
    """PingOne Protect recommends against it, or could not be asked; the agent has been told."""

    about: LinkAbout


class PageOver(Outcome, frozen=True):
    """The link ended while the page was open."""

    stage: LinkStage


class Approved(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout

    def want(self) -> Done[PageApproved]:
        return Done(PageApproved(self.about))


class Refused(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout
    on_phone: bool = False

    def want(self) -> Done[PageRefused]:
        return Done(PageRefused(self.about, self.on_phone))


class NoFactor(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout

    def want(self) -> Done[PageNoFactor]:
        return Done(PageNoFactor(self.about))


class Stopped(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout

    def want(self) -> Done[PageStopped]:
        return Done(PageStopped(self.about))


class PageClosed(Terminal, frozen=True):
    section = SECTION

    stage: LinkStage

    def want(self) -> Done[PageOver]:
        return Done(PageOver(self.stage))
