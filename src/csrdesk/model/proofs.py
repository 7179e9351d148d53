"""What a caller has shown, what each act needs, and how the two compare: the one place where that is decided."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from csrdesk.model.devices import Strength
from csrdesk.model.risk import RiskCheck


class Act(StrEnum):
    """What can be done to an account. `PROTECT` is the disable that needs no proof: "somebody has their account"."""

    PROTECT = "protect"
    DISABLE = "disable"
    ENABLE = "enable"
    UNLOCK = "unlock"
    RESET = "reset"
    EXPIRE = "expire"
    """The last day of the account in AD."""
    MUST_CHANGE = "must_change"
    """The password in AD has to be changed at the next sign-in."""
    DEVICES = "devices"
    """Removing, blocking or otherwise changing an MFA device."""
    RECOVER = "recover"
    """A customer's own, on the recovery page: what PingOne sent to their address is the proof."""
    RISK = "risk"
    """The disable that PingOne Protect recommends, where settings name it."""
    REGISTER = "register"
    """A customer's own, on the registration page: the account that they make there, and what belongs to it."""
    EXCEPTION = "exception"
    """No change by itself: what a lead is asked for where nothing proves the caller, and which opens some of these."""


_NEVER_OF_A_CALL: Final = frozenset({Act.RECOVER, Act.RISK, Act.REGISTER, Act.EXCEPTION})

LINK = "ml"
"""The method of link and code: the caller reads the mail on record."""
CALL_BACK = "voice"
"""The method of a call-back: the caller answers at the number on record. Without a device's id, since it is none."""
EXCEPTION = "exception"
"""The method of an exception, which is no word of `authMethod`: nothing digital was shown, and a lead said yes."""


def names(acts: tuple[Act, ...]) -> str:
    """Those acts in words, as settings list them: `unlock, must change, devices`."""
    return ", ".join(act.value.replace("_", " ") for act in acts)


class Proof(msgspec.Struct, frozen=True):
    """One thing shown: the link and the code, a device, or the number on record. Or, where nothing is, an exception."""

    method: str
    """A word of `authMethod`: `ml`, `sms`, `totp`, ...; or `EXCEPTION`."""
    strength: Strength
    device_id: str = ""
    label: str = ""
    """The device as people tell it from others, masked."""


class Evidence(msgspec.Struct, frozen=True):
    """Everything shown in one verification, and what was asked for."""

    proofs: tuple[Proof, ...] = ()
    registered: bool = False
    """Whether a device was registered when the link was approved: then a device was required."""
    factor_not_asked: str = ""
    """Why PingOne would not ask for the registered device: `disabled`, `locked`, or empty."""
    risk: RiskCheck | None = None
    """What PingOne Protect made of the customer's page; None where it was not asked."""
    gives: tuple[Act, ...] = ()
    """What an exception opens, and nothing else; empty where the caller has shown something."""

    @property
    def exception(self) -> str:
        """`exception, approved by NAME`, where a lead's word stands for everything shown; empty otherwise."""
        return next((p.label for p in self.proofs if p.method == EXCEPTION), "")

    @property
    def has_device(self) -> bool:
        return any(p.device_id and p.strength is not Strength.NONE for p in self.proofs)

    @property
    def has_link(self) -> bool:
        """Whether the caller has entered a link's code: they read the mail on record."""
        return any(p.method == LINK for p in self.proofs)

    @property
    def called_back(self) -> bool:
        """Whether the caller answered at the number on record."""
        return any(p.method == CALL_BACK and not p.device_id for p in self.proofs)

    @property
    def auth_method(self) -> str:
        """`authMethod`: blank-separated words in the order shown; empty for an exception, which shows nothing."""
        return " ".join(p.method for p in self.proofs if p.method != EXCEPTION)

    @property
    def label(self) -> str:
        """The verification in words, as screen and audit name it."""
        if self.exception:
            return self.exception
        if self.has_device:
            strongest = min((p.strength for p in self.proofs if p.device_id), key=list(Strength).index)
            return f"authentication: {'link, code and device' if self.has_link else 'device alone'} ({strongest.value})"
        if self.called_back:
            return "call-back to the number on record (weak), no device"
        if self.factor_not_asked:
            return f"link and code; account {self.factor_not_asked}, factor not asked"
        return "recovery proof: link and code, no device"

    def missing_for(self, act: Act) -> str:
        """Why this evidence is not enough for `act`, in words; empty where it is.

        It reads what was shown, never the way in which: a strong device stands for link and code as well, but for
        changing another device; a call-back stands for link and code without a device, and no further.
        """
        if act is Act.PROTECT:
            return ""
        if act in _NEVER_OF_A_CALL:
            return "No call gives this: it is not an agent's to do."
        if self.exception:
            return "" if act in self.gives else f"The exception does not give this, only: {names(self.gives)}."
        if act is Act.DEVICES:
            return self._missing_for_devices()
        if self._strong():
            return ""
        if not self.has_link and not self.called_back:
            return "The caller has not shown enough yet."
        if self.has_link and (self.has_device or not self.registered):
            return ""
        if act in (Act.UNLOCK, Act.DISABLE) or (act is Act.ENABLE and self.factor_not_asked == "disabled"):
            return ""
        if self.has_link:
            return "This needs the caller's registered device as well. Verify again with the device."
        return "A call-back is not enough for this. Verify again with a device, or by a link."

    def _missing_for_devices(self) -> str:
        if not self._strong():
            return "To change a device the caller shows a passkey, a push with a number or an authenticator app."
        return "" if self.has_link else "To change a device the caller opens a link and types its code as well."

    def missing_for_device(self, device_id: str) -> str:
        """Why this is not enough to change that device; empty where it is: a device never vouches for itself."""
        missing = self.missing_for(Act.DEVICES)
        if missing or self.exception or self._strong(besides=device_id):
            return missing
        return "This is the device that the caller has shown. Verify again with another strong device."

    def _strong(self, *, besides: str = "") -> bool:
        strong = (p for p in self.proofs if p.strength is Strength.STRONG)
        return any(p.device_id and p.device_id != besides for p in strong)
