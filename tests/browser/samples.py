"""Each page that a customer can see, by name, as the state of the flow that shows it."""

from __future__ import annotations

from datetime import timedelta

from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import State
from csrdesk.flows.rules import Rules
from csrdesk.model.link import LinkStage
from tests.server.customers import ABOUT, EMAIL, NOW, SMS, TOTP, VOICE

PAGE = p.Page(NOW + timedelta(minutes=9, seconds=20))
GIVEN = ca.Given(ABOUT, "person-1", Rules(), PAGE)
DEVICE_GIVEN = da.Given(da.Inputs("person-1", 3), ABOUT, PAGE)
CHOICE = da.Choice((TOTP, SMS, VOICE, EMAIL), "authentication-1")


def _authenticating(sub: da.DeviceAuthenticationState) -> State:
    return ca.Authenticating(GIVEN, sub)


ASKING: dict[str, State] = {
    "code": ca.AskCode(GIVEN),
    "wrong code": ca.AskCode(GIVEN, "That code is not right. Ask for it again. Tries left: 3."),
    "not me": ca.AskNotMe(GIVEN, ca.AskCode(GIVEN)),
    "browser": _authenticating(da.GatheringBrowserData(DEVICE_GIVEN)),
    "device": _authenticating(da.AskDevice(DEVICE_GIVEN, CHOICE)),
    "passcode": _authenticating(da.AskPasscode(DEVICE_GIVEN, CHOICE.sending("sms-1"), "sms-1")),
    "wrong passcode": _authenticating(
        da.AskPasscode(DEVICE_GIVEN, CHOICE, "totp-1", note="That passcode is not right. Tries left: 2.")
    ),
    "unsupported": _authenticating(da.UnsupportedDevice(DEVICE_GIVEN, CHOICE, "passkey")),
    "try again": ca.AskAgain(GIVEN, "Your devices could not be checked just now. Try again."),
}
ENDS: dict[str, State] = {
    "done": ca.Approved(ABOUT),
    "refused": ca.Refused(ABOUT),
    "no factor": ca.NoFactor(ABOUT),
    "ended": ca.PageClosed(LinkStage.ENDED),
}
PAGES = ASKING | ENDS
