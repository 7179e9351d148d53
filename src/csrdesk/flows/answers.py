"""What people can answer. A front end makes these from a prompt's own list; nothing else becomes an event."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret

Short = Annotated[str, msgspec.Meta(max_length=256)]
Line = Annotated[str, msgspec.Meta(max_length=1000)]


# The agent, looking up
class UsernameGiven(Answer, frozen=True):
    """An identifier chooses an account; it proves nobody."""

    identifier: Short
    ticket: Short = ""


class UserChosen(Answer, frozen=True):
    user_id: Short


class AnotherCustomerChosen(Answer, frozen=True):
    """Look up somebody else in the same call; a verification ends with it."""


class CallEnded(Answer, frozen=True):
    """The agent ends the call: links and verification end with it."""


# The agent, verifying
class MagicLinkChosen(Answer, frozen=True):
    """Verify by a link (agent), or confirm by one beside the devices (customer)."""


class PushChosen(Answer, frozen=True):
    """The agent leads a push to the caller's app."""


class CallBackChosen(Answer, frozen=True):
    """PingOne rings the number on record."""


class ExceptionChosen(Answer, frozen=True):
    """The caller can show nothing: ask a lead to let some acts be done all the same."""


class ExceptionAsked(Answer, frozen=True):
    """Ask a lead now: why, and the ticket."""

    reason: Line
    ticket: Short = ""


class SpokenAddressChosen(Answer, frozen=True):
    """Say a short address and a code; the caller shows a strong device there."""


class OpenAddressChosen(Answer, frozen=True):
    """Make a code to say."""


class ProtectiveDisableChosen(Answer, frozen=True):
    """Somebody has their account: no proof is needed to close the door."""


class RecoveryChosen(Answer, frozen=True):
    """Mail the caller the way to the page on which they choose a new password by themselves."""


class InviteChosen(Answer, frozen=True):
    """Mail the address that was looked up, and that nobody has, the way to the registration page."""


class CannotVerifyChosen(Answer, frozen=True):
    """The way "none": nothing is done, the words to say are shown, one audit row."""


class LineDropped(Answer, frozen=True):
    """The caller is gone: links and verification end, customer and ticket stay for when they call back."""


class SendChosen(Answer, frozen=True):
    pass


class ResendChosen(Answer, frozen=True):
    """A new link (agent) or a new passcode (customer)."""


class NewCodeChosen(Answer, frozen=True):
    """A new spoken code for the same link."""


class PasscodeHeard(Answer, frozen=True):
    """What the caller heard on the phone that PingOne rang, and told the agent."""

    passcode: Secret


class RingAgainChosen(Answer, frozen=True):
    """Ring the number on record once more, for a new passcode."""


class MoreTimeChosen(Answer, frozen=True):
    pass


class Cancelled(Answer, frozen=True):
    pass


# The agent, acting
class DisableChosen(Answer, frozen=True):
    pass


class EnableChosen(Answer, frozen=True):
    pass


class UnlockChosen(Answer, frozen=True):
    """End every lock of the account; never a device's."""


class ExpireChosen(Answer, frozen=True):
    """Set the last day of the account in AD."""


class MustChangeChosen(Answer, frozen=True):
    """Let AD ask for another password at the next sign-in."""


class ResetChosen(Answer, frozen=True):
    """Let the customer choose a new password, in their own page."""


class OwnLinkChosen(Answer, frozen=True):
    """The page that verified is closed: ask for the new password by a link of its own."""


class DevicesChosen(Answer, frozen=True):
    """Look at the caller's devices, and change one."""


class BlockDeviceChosen(Answer, frozen=True):
    device_id: Short


class UnblockDeviceChosen(Answer, frozen=True):
    device_id: Short


class UnlockDeviceChosen(Answer, frozen=True):
    """End the pause after wrong tries."""

    device_id: Short


class RenameDeviceChosen(Answer, frozen=True):
    device_id: Short
    nickname: Annotated[str, msgspec.Meta(max_length=100)]


class DefaultDeviceChosen(Answer, frozen=True):
    """Put it first."""

    device_id: Short


class RemoveDeviceChosen(Answer, frozen=True):
    device_id: Short


class RefreshChosen(Answer, frozen=True):
    """Read the account again."""


class BackChosen(Answer, frozen=True):
    pass


class Confirmed(Answer, frozen=True):
    reason: Line
    ticket: Short = ""
    ends: Short = ""
    """Where a last day is asked for: the moment after it (RFC 3339), or `never`."""


class Declined(Answer, frozen=True):
    pass


class NoticeRead(Answer, frozen=True):
    pass


class TryAgainChosen(Answer, frozen=True):
    pass


# The customer
class CodeGiven(Answer, frozen=True):
    """The spoken code, as typed."""

    code: Secret


class NotMeChosen(Answer, frozen=True):
    """Leads to the page that asks; ends nothing yet."""


class NotMeAnswered(Answer, frozen=True):
    choice: Literal["not_me", "go_back"]


class BrowserChecked(Answer, frozen=True):
    webauthn: WebAuthn = WebAuthn.NONE


class DeviceChosen(Answer, frozen=True):
    device_id: Short


class OtherDeviceChosen(Answer, frozen=True):
    pass


class PasscodeGiven(Answer, frozen=True):
    passcode: Secret


class AssertionGiven(Answer, frozen=True):
    """What the browser's authenticator signed, as JSON."""

    assertion: Secret


class PasskeyFailed(Answer, frozen=True):
    """The browser says why it has nothing to give: a person's words are never taken for it."""

    reason: Literal["cancelled", "unsupported", "failed"]


class AppPasscodeChosen(Answer, frozen=True):
    """The app's passcode in place of a push."""


class CannotUseAnyChosen(Answer, frozen=True):
    """None of the devices offered can be used."""


class FactorCancelled(Answer, frozen=True):
    pass


class NewPasswordTyped(Answer, frozen=True):
    """Twice, as typed: blanks at its ends belong to it."""

    password: Secret
    again: Secret
    sign_out_elsewhere: Literal["yes", "no"] = "no"
    """A box that is not ticked sends nothing."""
