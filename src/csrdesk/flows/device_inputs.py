"""What each part of Device Authentication is given and carries along: inputs in Ping's names, the page, the devices.

A file of its own, because the parts (passcode, passkey, push) run inside the flow that knows them all.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Problem
from csrdesk.flows.ping import spelled
from csrdesk.model.devices import Device
from csrdesk.model.link import LinkAbout

NOT_NOW = "That did not work on our side just now, and nothing was approved. Try again."
"""What customers read of a failure outside: what the systems behind are called is of no use to them."""
NOT_USABLE = "device_not_usable"
"""The `code` of a problem by which that one device takes nothing more now: locked, blocked, gone."""
_SENT = frozenset({"SMS", "VOICE", "EMAIL", "MOBILE"})
"""Device types that something is sent to; the others wait for their owner."""


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with, in Ping's names."""

    p1_user_id: str
    """The PingOne id of whoever shows a device."""
    resend_otp_limit: int
    """How often a passcode may be sent again: N means exactly N."""
    email: str = ""
    """The address whose mailbox the caller of this flow has opened already, by a link or a code; empty for none. No
    magic link to it is offered, and an email device at it is none: they would prove nothing new. States keep it masked;
    it is compared on the server, in any letter case."""
    p1_mfa_policy_id: str = ""
    """The device authentication policy; empty for PingOne's default one."""
    allowed_device_types: tuple[str, ...] = ()
    """Which kinds of device may be asked."""
    otp_fallback_allowed: bool = True
    """Whether the app's passcode may stand in for a push."""
    magic_link_enabled: bool = False
    """Whether a magic link to the person's own address is offered beside the devices, and where there is none. csrdesk
    calls the flow with false in a page that verifies a caller: that page was opened by a link to the same address."""
    company_logo: str = ""
    """The pages show the logo of `flowCompanyLogo` or `ciam_logoUrl`, which csrdesk serves; no caller names another."""
    cancel_enabled: bool = True
    """Whether the page offers to cancel."""


class Given(msgspec.Struct, frozen=True):
    """What every state carries along: the inputs, and the page that the flow runs in."""

    inputs: Inputs
    about: LinkAbout
    page: p.Page = p.Page()

    def select(self, choice: Choice, device_id: str) -> fx.SelectDevice:
        """Make PingOne ask that device, or ask it again."""
        return fx.SelectDevice(
            person_id=self.inputs.p1_user_id,
            authentication_id=choice.authentication_id,
            device_id=device_id,
            device_type=choice.type_of(device_id),
        )


class Choice(msgspec.Struct, frozen=True):
    """The devices that can be asked, PingOne's authentication under way, and what was sent so far."""

    devices: tuple[Device, ...]
    authentication_id: str = ""
    """Empty before one was started, and after one that takes no more passcodes."""
    sent_to: tuple[str, ...] = ()
    """The devices that a passcode or a push was sent to: whatever makes PingOne send them another is a resend."""
    resends: int = 0
    """`resendOtpAttempts`, over all devices and every authentication of this run."""
    magic_link: str = ""
    """The masked address that a magic link would go to; empty where none is offered."""

    @property
    def has_others(self) -> bool:
        """Whether there is another way than the one that is asked for."""
        return len(self.devices) > 1 or bool(self.magic_link)

    def device(self, device_id: str) -> Device | None:
        return next((d for d in self.devices if d.id == device_id), None)

    def type_of(self, device_id: str) -> str:
        """PingOne's type of that device; empty where it is none of these."""
        device = self.device(device_id)
        return device.type if device else ""

    def sending(self, device_id: str) -> Choice:
        """The choice once PingOne is made to ask that device; a try counts, whatever comes of it."""
        if device_id in self.sent_to:
            return replace(self, resends=self.resends + 1)
        device = self.device(device_id)
        return replace(self, sent_to=(*self.sent_to, device_id)) if device and device.type in _SENT else self

    def asking(self, authentication_id: str, device_id: str) -> Choice:
        """The choice once PingOne asks for that device, also where it chose the device itself."""
        known = self if device_id in self.sent_to else self.sending(device_id)
        return replace(known, authentication_id=authentication_id)

    def resends_left(self, device_id: str, limit: int) -> int:
        """How often that device may still be sent something again."""
        return max(limit - self.resends, 0) if device_id in self.sent_to else 0

    def without_authentication(self) -> Choice:
        """The choice once PingOne's authentication takes nothing more: the next device begins another."""
        return replace(self, authentication_id="")

    def without(self, device_id: str) -> Choice:
        """The choice once that device takes nothing more: another one begins another authentication."""
        others = tuple(device for device in self.devices if device.id != device_id)
        return replace(self, devices=others, authentication_id="")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to choose."""
        return not self.devices and not self.magic_link

    def may_send(self, device_id: str, limit: int) -> bool:
        """Whether PingOne may be made to ask that device: a limit of N is exactly N resends."""
        return device_id not in self.sent_to or self.resends < limit


def words(problem: Problem) -> str:
    """What the customer reads where nothing was sent: a limit of the desk's own, or a device that is locked."""
    return problem.message if problem.code in ("limit_reached", NOT_USABLE) else NOT_NOW


def after(choice: Choice, device_id: str, problem: Problem) -> Choice:
    """What is left to choose where a device could not be asked: without it where it takes nothing more."""
    return choice.without(device_id) if problem.code == NOT_USABLE else choice.without_authentication()
