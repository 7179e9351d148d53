"""A desk's side of the customers' pages in memory: the real flow of the page, and a world in which one link, its code
and its devices are what a test says. It is the other side of `CustomerSession` for tests of the pages alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from csrdesk.errors import IllegalEventError, LimitReachedError, LinkOverError
from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import new_password as np
from csrdesk.flows import password_effects as px
from csrdesk.flows import password_replies as pr
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import NOBODY, LinkView, View, Visitor
from csrdesk.flows.kernel import Answer, Ask, Do, Done, Effect, Poll, Replies, Reply, State, Together
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Device, Devices
from csrdesk.model.link import Link, LinkAbout, LinkStage
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.model.secret import Secret
from csrdesk.model.text import digits

NOW = datetime(2030, 5, 6, 12, 0, tzinfo=UTC)
CODE = "271828"
CALL_CODE = "271828182"
PASSCODE = "424242"
USED = "Harbour-41-Tide"
"""A password that the directory refuses, because it was used before."""
ASKED = (
    Requirement("At least 10 characters", "min_length", 10),
    Requirement("At most 255 characters", "max_length", 255),
    Requirement("At least 1 capital letter (A to Z)", "characters", 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    Requirement("At least 1 digit (0 to 9)", "characters", 1, "0123456789"),
    Requirement("Three of these kinds: capital letters, small letters, digits, other characters", "classes", 3),
    Requirement("At least 5 different characters", "distinct", 5),
    Requirement("No character more than 2 times", "said"),
    Requirement("None of your last 6 passwords", "said"),
)
SMS = Device("sms-1", "SMS", address="+1 *** *** 43")
TOTP = Device("totp-1", "TOTP", nickname="Ada's <b>phone</b>")
VOICE = Device("voice-1", "VOICE", address="+44 *** *** 07")
EMAIL = Device("mail-1", "EMAIL", address="a***@e***.org")
PASSKEY = Device("key-1", "FIDO2", nickname="blue key")
ABOUT = LinkAbout("challenge-1", "K7Q-2M9", "Robin Field", "A*** L***, ending 41")
NOT_MAILED = replace(ABOUT, mailed=False)
MAILED = Link("link-2", 2, LinkStage.SENT, "K7Q-2M9", "a***a@e***.org")
"""The one that a page asked for in place of a device."""


@dataclass
class HeldLink:
    """One link: the state of its page, and what became of it."""

    state: State
    rev: int = 1
    browser: str = ""
    page_until: datetime | None = None
    tries: int = 5
    sent: int = 0
    """Passcodes that were sent."""
    stage: LinkStage = LinkStage.SENT
    fetched: list[str] = field(default_factory=list)
    """The user agent of each fetch."""
    elsewhere: int = 0
    """How often another browser than the bound one opened it."""
    events: list[Answer] = field(default_factory=list)
    time_up: bool = False
    goes_on: bool = False
    working: str = ""
    passwords: list[str] = field(default_factory=list)
    """What was set, in this order."""
    signed_out: bool = False


class Customers:
    """`CustomerSession`."""

    def __init__(self, *devices: Device) -> None:
        self.devices = devices
        self.links: dict[str, HeldLink] = {}
        self.sources: list[str] = []
        """Where each answer came from."""
        self.visitors: list[Visitor] = []
        """From which browser."""
        self.flooding: set[str] = set()
        """Source addresses from which too much that was wrong has come."""
        self.address_opened: list[str] = []
        """The user agent of each visit to the spoken address."""

    def new_link(self, state: State | None = None) -> str:
        """A link as it was just mailed; its token."""
        token = secrets.token_urlsafe(32)
        self.links[token] = HeldLink(state or ca.begin(ca.Start(ABOUT, "person-1", Rules())))
        return token

    def new_password_page(self, browser: str = "", *, taken_over: bool = False) -> str:
        """A page that asks a verified caller for a new password; its token."""
        page = p.Page(NOW + timedelta(minutes=9, seconds=20))
        given = np.Given(ABOUT, "person-1", "CN=Ada", "forgot it", "", page, taken_over)
        authority = pr.AuthorityRead((Home.DIRECTORY,), states=(PasswordState(Home.DIRECTORY),))
        token = self.new_link(np.AskNewPassword(given, np.Plan(given.work(authority), ASKED), np.Tried()))
        self.links[token].browser = browser
        return token

    async def open(
        self, token: str, browser: str, *, user_agent: str = "", fetch: bool = True, source: str = ""
    ) -> LinkView:
        if source in self.flooding:
            raise LimitReachedError("Too many wrong answers.", after=61)
        link = self._alive(token, browser)
        if fetch:
            link.fetched.append(user_agent)
        return self._view(link)

    async def answer(
        self, token: str, browser: str, answer: Answer, *, source: str = "", visitor: Visitor = NOBODY
    ) -> LinkView:
        self.sources.append(source)
        self.visitors.append(visitor)
        link = self._alive(token, browser)
        if not isinstance(link.state.want(), Ask | Poll):
            raise IllegalEventError(link.state, answer)
        link.events.append(answer)
        self._step(link, answer)
        while isinstance(want := link.state.want(), Do) and not link.working:
            self._step(link, self._perform(link, want.effect, answer, browser))
        return self._view(link)

    async def opened_address(self, user_agent: str) -> None:
        self.address_opened.append(user_agent)

    async def enter_code(self, code: Secret, browser: str, *, source: str = "", visitor: Visitor = NOBODY) -> Secret:
        self.sources.append(source)
        self.visitors.append(visitor)
        if source in self.flooding:
            raise LimitReachedError("Too many wrong codes.", after=61)
        if digits(code.reveal()) != CALL_CODE:
            raise LinkOverError("over")
        page = p.Page(NOW + timedelta(minutes=10))
        token = self.new_link(ca.ReadingRequirement(ca.Given(NOT_MAILED, "person-1", Rules(), page)))
        link = self.links[token]
        link.stage, link.browser, link.page_until = LinkStage.CODE_RIGHT, browser, page.until
        while isinstance(want := link.state.want(), Do):
            self._step(link, self._perform(link, want.effect, a.CodeGiven(code), browser))
        return Secret(token)

    def _alive(self, token: str, browser: str) -> HeldLink:
        link = self.links.get(token)
        if link is None or link.stage in (LinkStage.EXPIRED, LinkStage.ENDED, LinkStage.TOO_MANY_CODES):
            raise LinkOverError("over")
        if link.stage is LinkStage.NOT_ME and not link.browser:
            raise LinkOverError("over")
        if link.browser and link.browser != browser:
            link.elsewhere += 1
            raise LinkOverError("over")
        return link

    def _step(self, link: HeldLink, event: Answer | Reply) -> None:
        link.state = link.state.step(event)
        link.rev += 1

    def _view(self, link: HeldLink) -> LinkView:
        match link.state.want():
            case Ask(prompt) | Poll(prompt):
                code = Secret(CODE) if isinstance(prompt, dp.MagicLinkSentPrompt) else None
                view = View("page-1", "challenge_acceptance", link.rev, prompt=prompt, spoken_code=code)
            case Done(outcome):
                view = View("page-1", "challenge_acceptance", link.rev, outcome=outcome)
            case _:
                view = View("page-1", "challenge_acceptance", link.rev, working=link.working)
        return LinkView(view, "challenge-1", link.page_until, link.time_up, link.goes_on)

    def _perform(self, link: HeldLink, effect: Effect, answer: Answer, browser: str) -> Reply:
        match effect, answer:
            case Together(effects=effects), _:
                return Replies(tuple(self._perform(link, each, answer, browser) for each in effects))
            case fx.CheckCode(), a.CodeGiven(code):
                return self._check_code(link, digits(code.reveal()), browser)
            case fx.CheckPasscode(device_id=device_id), a.PasscodeGiven(passcode):
                return r.PasscodeRight(device_id) if passcode.reveal() == PASSCODE else r.PasscodeWrong(2)
            case fx.ReadDevices(), _:
                return r.DevicesRead(Devices(self.devices))
            case fx.StartDeviceAuthentication(device_id=device_id), _:
                link.sent += bool(device_id)
                status = "OTP_REQUIRED" if device_id else "DEVICE_SELECTION_REQUIRED"
                return r.AuthenticationIs(r.DeviceAuthentication("authentication-1", status, device_id))
            case dx.CancelPush(), _:
                return r.AuthenticationIs(r.DeviceAuthentication("authentication-1", "DEVICE_SELECTION_REQUIRED"))
            case fx.SelectDevice(device_id=device_id), _:
                link.sent += 1
                return r.AuthenticationIs(r.DeviceAuthentication("authentication-1", "OTP_REQUIRED", device_id))
            case px.SetDirectoryPassword(), a.NewPasswordTyped(password):
                if password.reveal() == USED:
                    return pr.PasswordRefused(("You have used it before. Choose one that you have not had yet.",))
                link.passwords.append(password.reveal())
                return pr.PasswordSet(Home.DIRECTORY, NOW)
            case fx.EndSessions(), a.NewPasswordTyped():
                link.signed_out = True
                return r.SessionsEnded(2)
            case _:
                return self._write(link, effect)

    def _write(self, link: HeldLink, effect: Effect) -> Reply:
        match effect:
            case fx.NoteDevicePassed():
                link.stage = LinkStage.DEVICE_PASSED
                return r.Noted()
            case fx.ApproveChallenge():
                link.stage = LinkStage.APPROVED
                return r.ChallengeApproved()
            case fx.RefuseChallenge():
                link.stage = LinkStage.NOT_ME
                return r.ChallengeRefused()
            case fx.GiveUpFactor():
                link.stage = LinkStage.NO_FACTOR
                return r.Noted()
            case px.ReadPasswordAuthority():
                return pr.AuthorityRead((Home.DIRECTORY,), requirements=ASKED)
            case px.BeginChange() | px.AskAnother():
                return r.Noted()
            case fx.TellCustomer():
                return r.CustomerTold()
            case px.FinishReset(stage=stage):
                link.stage = stage
                return r.Noted()
            case fx.AddPageTime():
                link.page_until = (link.page_until or NOW) + timedelta(minutes=10)
                return r.PageTimeAdded(link.page_until)
            case _:
                return self._by_itself(link, effect)

    def _by_itself(self, link: HeldLink, effect: Effect) -> Reply:
        """What pages of Device Authentication without a caller want."""
        match effect:
            case dx.RereadAddress():
                return r.Noted()
            case dx.FinishPage(stage=stage):
                link.stage = stage
                return r.Noted()
            case fx.SendMagicLink():
                return r.LinkSent(MAILED)
            case fx.EndChallenge(stage=stage):
                return r.LinkChanged(replace(MAILED, rev=MAILED.rev + 1, stage=stage))
            case _:
                raise AssertionError(repr(effect))

    def _check_code(self, link: HeldLink, code: str, browser: str) -> Reply:
        link.tries -= 1
        if link.tries < 0:
            link.stage = LinkStage.TOO_MANY_CODES
            return r.LinkOver(LinkStage.TOO_MANY_CODES)
        if code != CODE:
            return r.CodeWrong(link.tries)
        link.stage, link.browser, link.page_until = LinkStage.CODE_RIGHT, browser, NOW + timedelta(minutes=10)
        return r.CodeRight(link.page_until)
