"""A magic link's life as the agent watches it; the token is not here, and neither is the spoken code."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from csrdesk.model.risk import RiskCheck


class Purpose(StrEnum):
    """What a link is for; a link of one purpose is good for no other."""

    VERIFY = "verify"
    RESET = "reset"
    """Verify for a new password, which the same page then asks for."""
    PASSWORD = "password"  # noqa: S105 - what for, not a password
    """The page's second part: no mail and no code of its own, only the browser that verified."""
    SPOKEN_ADDRESS = "spoken_address"
    """Verify without a mail: a code that is typed at one fixed address, and a strong device after it."""
    PUSH = "push"
    """A try without link or page: the agent leads a push to the app on the caller's phone."""
    CALL_BACK = "call_back"
    """A try without link or page: PingOne rings the number on record."""
    EXCEPTION = "exception"
    """No link, and nothing shown: the row of what a lead has approved."""
    DEVICE = "device"
    """A page of Device Authentication by itself: no mail, no code of its own, only the browser that it was made for."""
    MAGIC_LINK = "magic_link"
    """Asked for by such a page, in place of a device. It verifies no caller."""


class LinkStage(StrEnum):
    """How far a link is. The last eight are ends."""

    SENDING = "sending"
    SENT = "sent"
    CODE_RIGHT = "code_right"
    DEVICE_PASSED = "device_passed"
    SETTING = "setting"
    """A new password is being written: nothing else ends the page meanwhile."""
    APPROVED = "approved"
    NOT_ME = "not_me"
    NO_FACTOR = "no_factor"
    """The customer cannot use any of the devices offered."""
    RISKY = "risky"
    """PingOne Protect recommends against it, or gave no answer where settings need one."""
    EXPIRED = "expired"
    TOO_MANY_CODES = "too_many_codes"
    CANCELLED = "cancelled"
    """The customer kept their password."""
    ENDED = "ended"
    """Cancelled, replaced by a newer link, or the call is over."""

    @property
    def open(self) -> bool:
        """Whether it can still be ended: by its clock, by a newer one, by either side."""
        return self in (LinkStage.SENDING, LinkStage.SENT, LinkStage.CODE_RIGHT, LinkStage.DEVICE_PASSED)

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return not self.open and self is not LinkStage.SETTING


DENIALS = 2
"""A push that is denied so often on one page counts as "this wasn't me"."""


class Link(msgspec.Struct, frozen=True):
    """One challenge row as the agent's screen shows it; `rev` grows with each change, so that a waiter knows news."""

    id: str
    rev: int
    stage: LinkStage
    reference: str
    """Stands in the mail's subject, so that caller and agent mean the same mail."""
    to: str
    """The masked address."""
    attempt: int = 1
    """Grows with each new code for the same link: the spoken code is derived from it."""
    expires_at: datetime | None = None
    """The link's clock: from the mail server's acceptance to the right code."""
    extended: bool = False
    page_until: datetime | None = None
    """The page's clock: from the right code."""
    codes_left: int = 5
    fetched: int = 0
    """How often the link was fetched, by anybody: mail scanners do so, too."""
    fetched_by: str = ""
    """The last fetcher's user agent, cleaned and shortened."""
    fetched_at: datetime | None = None
    second_browser: bool = False
    """After the right code, the link was opened in another browser as well."""
    denied: int = 0
    """How often the phone said no to a push that the page asked for."""
    wrong: int = 0
    """Of a code for the spoken address: wrong codes that were typed there meanwhile, by anybody."""
    risk: RiskCheck | None = None
    """What PingOne Protect made of the page; None where it was not asked."""
    passcodes_wrong: int = 0
    """How many wrong passcodes of a device were typed on the page."""
    passcodes_left: int | None = None
    """How many more the device of the last one takes; 0 where it is locked, None where nobody knows."""

    @property
    def phone_said_no(self) -> bool:
        """Whether a push that was denied again has ended it, and not a word of the customer's on the page."""
        return self.stage is LinkStage.NOT_ME and self.denied >= DENIALS


class LinkAbout(msgspec.Struct, frozen=True):
    """What the customer's page says of a link: who asks, for which account, and what for."""

    challenge_id: str
    reference: str
    agent_name: str
    """Empty where no agent asks: the customer does it by themselves."""
    account: str
    """`M*** S***, ending 41`."""
    purpose: str = "to verify that it is you on the phone"
    handed_over: bool = False
    """Whether the agent took the call over from another one: the page says to whom the customer talks now."""
    mailed: bool = True
    """Whether a mail brought the customer here. If not, the page asks for a strong device, and for nothing less."""
