"""What the agent is shown while a caller is verified without a link: which phone, the number to say, what was heard."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Prompt
from csrdesk.model.devices import Device
from csrdesk.model.link import Link
from csrdesk.model.people import Person
from csrdesk.model.ways import Way


class PhonesPrompt(Prompt, frozen=True):
    """Which phone is reached; nothing has gone out when it shows."""

    answers = a.DeviceChosen | a.Cancelled
    person: Person
    way: Way
    """`PUSH` or `CALL_BACK`."""
    phones: tuple[Device, ...]
    """What can be reached: the apps, or the one number on record."""
    note: str = ""
    warned: bool = False
    """The note is a warning: to choose goes on all the same."""
    code: str = ""
    """The `code` of the problem behind the note, for scripts; empty where a rule said no."""


class AgentPushPrompt(Prompt, frozen=True):
    """The phone has the question: the agent says the number, and the caller chooses it there."""

    answers = a.OtherDeviceChosen | a.LineDropped | a.Cancelled
    person: Person
    device: Device
    number: str
    link: Link
    """The try and its clock."""
    until: datetime | None = None
    """When PingOne takes the question off the phone; None where that is not known."""

    @property
    def ends_at(self) -> datetime | None:
        """Whichever comes first: the push's own end, or the try's."""
        return min((end for end in (self.until, self.link.expires_at) if end), default=None)


class HeardPrompt(Prompt, frozen=True):
    """PingOne rings the number on record: the caller tells the passcode that they hear there."""

    answers = a.PasscodeHeard | a.RingAgainChosen | a.MoreTimeChosen | a.LineDropped | a.Cancelled
    person: Person
    link: Link
    """The try, its clock and the passcodes that can still be typed; `to` is the masked number."""
    note: str = ""
