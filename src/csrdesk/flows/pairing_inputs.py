"""What a device registration is given, carries along and hands back, in Ping's names.

A file of its own, because the parts of the flow (choosing a kind, pairing one device) know it both.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.flows.kernel import Outcome

NOT_NOW = "That did not work on our side just now. Nothing was registered. Try again in a moment."
"""What customers read of a failure outside."""
RESENDS = 3
"""How often a passcode may be sent again in one registration: N means exactly N."""
_NAMES = {
    "pingone_user_id": "pingOneUserId",
    "auto_enroll_email": "ciam_autoEnrollEmail",
    "company_logo": "ciam_companyLogo",
    "auth_method": "ciam_authMethod",
    "subflow_result": "ciam_subflowResult",
    "error_message": "ciam_errorMessage",
}


def spelled(name: str) -> str:
    """The encoded name of a Python attribute: `auth_method` -> `ciam_authMethod`, `allow_cancel` -> `allowCancel`."""
    first, *rest = name.split("_")
    return _NAMES.get(name) or first + "".join(word.capitalize() for word in rest)


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with."""

    pingone_user_id: str
    """Whose devices they become."""
    email: str = ""
    """The person's own address, masked: the performer reads the whole one."""
    auto_enroll_email: bool = False
    """Whether that address was verified already, so that it becomes a device without another passcode."""
    allow_cancel: bool = True
    """Whether the page offers to leave without a device."""
    passwordless_required: bool = False
    """Whether there is no password to choose in place of a device."""
    allowed_device_types: tuple[str, ...] = ()
    """Which kinds of device may be registered."""
    company_logo: str = ""
    """Has no effect: the page takes its logo from the settings."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    auth_method: str = ""
    """What was registered: `fido2`, `totp`, `sms`, `voice` or `email`."""
    subflow_result: str = ""
    """`complete`, `passwordInstead` or `cancelled`; empty after an error."""
    error_message: str = ""
    """For people."""


class Work(msgspec.Struct, frozen=True):
    """What every state carries along."""

    inputs: Inputs
    policy_id: str = ""
    """The MFA policy (`p1MFAPolicyId`); empty for PingOne's default one."""
    asked: int = 1
    """The number of the question; grows with each."""
    resent: int = 0
    """Passcodes that were sent again, over all devices."""

    @property
    def person_id(self) -> str:
        return self.inputs.pingone_user_id

    @property
    def resends_left(self) -> int:
        return max(RESENDS - self.resent, 0)

    def next(self) -> Work:
        """The same, for another question."""
        return replace(self, asked=self.asked + 1)

    def resending(self) -> Work:
        """The same, once another passcode is sent."""
        return replace(self, resent=self.resent + 1)
