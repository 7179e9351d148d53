"""How showing one device can end: each part of Device Authentication (passcode, passkey, push) ends in one of these."""

from __future__ import annotations

from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import Choice
from csrdesk.flows.kernel import Done, Outcome, Terminal
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Proof

_DECIDING = "Decide Authentication Path Based On MFA Policy"


class Shown(Outcome, frozen=True):
    """The part is over; what came of it stands in its last state."""


class _End(Terminal, frozen=True):
    section = _DECIDING

    def want(self) -> Done[Shown]:
        return Done(Shown())


class Proved(_End, frozen=True):
    """The named device was shown, by this very answer."""

    section = "Return Success"

    proof: Proof


class ChoosingAgain(_End, frozen=True):
    """Back to the devices."""

    section = "Device Selection"

    choice: Choice
    note: str = ""


class AskedOtherwise(_End, frozen=True):
    """PingOne went to another step than the one that was expected."""

    choice: Choice
    authentication: r.DeviceAuthentication


class UsingPasscode(_End, frozen=True):
    """The app's passcode in place of a push."""

    section = "Mobile Passcode Flow"

    choice: Choice
    device_id: str


class CannotUse(_End, frozen=True):
    """The customer cannot use any of these."""

    section = "Return Error"


class Cancelled(_End, frozen=True):
    section = "Return Success"


class DeniedTwice(_End, frozen=True):
    """The phone said no a second time: somebody else asked for these pushes."""

    section = "Return Error"


class LinkEnded(_End, frozen=True):
    """The link ended meanwhile."""

    section = "Return Error"

    stage: LinkStage
