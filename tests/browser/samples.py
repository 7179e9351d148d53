"""Each page that a customer can see, by name, as the state of the flow that shows it."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from csrdesk.flows import acceptance_ends as ae
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_page, magic_link_page
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import magic_link as ml
from csrdesk.flows import new_password as np
from csrdesk.flows import password_replies as pr
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import State
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Device, Devices
from csrdesk.model.link import LinkAbout, LinkStage
from csrdesk.model.passwords import Home
from tests.server.customers import ABOUT, ASKED, EMAIL, MAILED, NOW, PASSKEY, SMS, TOTP, VOICE

PAGE = p.Page(NOW + timedelta(minutes=9, seconds=20))
GIVEN = ca.Given(ABOUT, "person-1", Rules(), PAGE)
DEVICE_GIVEN = da.Given(da.Inputs("person-1", 3), ABOUT, PAGE)
APP = Device("app-1", "MOBILE", nickname="Pixel")
CHOICE = da.Choice((PASSKEY, APP, TOTP, SMS, VOICE, EMAIL), "authentication-1")
ALONE = LinkAbout("page-1", "P4R-7TX", "", ABOUT.account, "to confirm that it is you")
"""A page without an agent on the other side."""
BY_ITSELF = da.Given(da.Inputs("person-1", 3, magic_link_enabled=True), ALONE, PAGE)
OPENED = magic_link_page.Start(replace(ALONE, challenge_id="link-2", reference="K7Q-2M9"), "person-1")
SETTING = np.Given(ABOUT, "person-1", "CN=Ada", "forgot it", "", PAGE, sign_out_fixed=False)
PLAN = np.Plan(SETTING.work(pr.AuthorityRead((Home.DIRECTORY, Home.PINGONE))), ASKED)
HALF = np.Tried(("You have used it before. Choose one that you have not had yet.",), half_done=True)


def _authenticating(sub: da.DeviceAuthenticationState) -> State:
    return ca.Authenticating(GIVEN, sub)


def _showing(sub: pc.PasscodeState | pk.PasskeyState | ph.PushState) -> State:
    return _authenticating(da.Showing(DEVICE_GIVEN, sub))


def _by_itself(sub: da.DeviceAuthenticationState) -> State:
    return device_page.Authenticating(BY_ITSELF, sub)


def _magic_link(sub: ml.MagicLinkState) -> State:
    return _by_itself(da.CallingMagicLink(BY_ITSELF, CHOICE, sub))


MAGIC = ml.Given(ml.Inputs("person-1", can_change_device=True), ALONE, MAILED.to, PAGE)
ASKING: dict[str, State] = {
    "code": ca.AskCode(GIVEN),
    "wrong code": ca.AskCode(GIVEN, "That code is not right. Ask for it again. Tries left: 3."),
    "not me": ca.AskNotMe(GIVEN, ca.AskCode(GIVEN)),
    "browser": _authenticating(da.GatheringBrowserData(DEVICE_GIVEN, Devices())),
    "device": _authenticating(da.AskDevice(DEVICE_GIVEN, CHOICE)),
    "passcode": _showing(pc.AskPasscode(DEVICE_GIVEN, CHOICE.sending("sms-1"), "sms-1")),
    "wrong passcode": _showing(
        pc.AskPasscode(DEVICE_GIVEN, CHOICE, "totp-1", note="That passcode is not right. Tries left: 2.")
    ),
    "passkey": _showing(pk.AskPasskey(DEVICE_GIVEN, CHOICE, "key-1", '{"challenge": [1, -2]}')),
    "push": _showing(ph.AwaitingPush(DEVICE_GIVEN, CHOICE, "app-1", "47")),
    "push timed out": _showing(ph.AskAfterTimeOut(DEVICE_GIVEN, CHOICE.sending("app-1"), "app-1")),
    "try again": ca.AskAgain(GIVEN, "Your devices could not be checked just now. Try again."),
    "browser by itself": _by_itself(da.GatheringBrowserData(BY_ITSELF, Devices())),
    "device or link": _by_itself(da.AskDevice(BY_ITSELF, replace(CHOICE, magic_link=MAILED.to))),
    "magic link": _magic_link(ml.DisplayingForm(MAGIC, "The link's time was up. You can send another one.")),
    "magic link sent": _magic_link(ml.AwaitingChallenge(MAGIC, MAILED)),
    "magic link opened": magic_link_page.AskCode(OPENED),
    "magic link not me": magic_link_page.AskNotMe(OPENED, magic_link_page.AskCode(OPENED)),
    "magic link again": magic_link_page.AskAgain(OPENED),
    "new password": np.AskNewPassword(SETTING, PLAN, np.Tried()),
    "refused password": np.AskNewPassword(replace(SETTING, sign_out_fixed=True), PLAN, HALF),
    "lost password": np.AskNewPassword(SETTING, PLAN, np.Tried(note="The password was not set. Type it once more.")),
    "no password now": np.AskAgain(
        SETTING, "This did not work just now. Try again.", np.ReadingRequirements(SETTING, np.Tried())
    ),
}
ENDS: dict[str, State] = {
    "done": ca.Approved(ABOUT),
    "refused": ca.Refused(ABOUT),
    "denied on the phone": ca.Refused(ABOUT, on_phone=True),
    "no factor": ca.NoFactor(ABOUT),
    "ended": ca.PageClosed(LinkStage.ENDED),
    "magic link done": ae.Approved(OPENED.about),
    "magic link refused": ae.Refused(OPENED.about),
    "device shown": da.ReturnSuccess("complete", ml.MAGIC_LINK),
    "device cancelled": da.ReturnSuccess("cancelled"),
    "device denied": da.DeniedByCustomer(),
    "password changed": np.Changed(ABOUT, signed_out=True),
    "password kept": np.Kept(ABOUT, half_done=False),
    "password half changed": np.Kept(ABOUT, half_done=True),
}
PAGES = ASKING | ENDS
