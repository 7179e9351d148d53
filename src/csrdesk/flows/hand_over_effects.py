"""What handing a call over needs of the desk, and what comes of it: rows of its own, and on a yes the call's.

Apart from `desk_effects`: there one agent asks for another's word, here one takes the other's place.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Effect, Kind, Reply
from csrdesk.model.hand_overs import Colleague, HandOver
from csrdesk.model.people import Person


class ReadColleagues(Effect, frozen=True, kw_only=True):
    """Who could take the call now, and how far it is. Answered with `ColleaguesRead`."""

    kind = Kind.READ
    call_id: str


class OfferCall(Effect, frozen=True, kw_only=True):
    """Offer the call to that agent; an older offer of it is withdrawn. Answered with `HandOverIs`."""

    kind = Kind.DESK
    call_id: str
    to: str
    note: str


class AwaitHandOver(Effect, frozen=True, kw_only=True):
    """Wait until the offer is answered, or lapses, which is then written down. Answered with `HandOverIs`."""

    kind = Kind.READ
    waits = True
    hand_over_id: str


class WithdrawHandOver(Effect, frozen=True, kw_only=True):
    """Take the offer back, where nobody has answered yet. Answered with `HandOverIs`."""

    kind = Kind.DESK
    hand_over_id: str


class AnswerHandOver(Effect, frozen=True, kw_only=True):
    """Answer an offer. A yes moves the call in the same transaction. Answered with `HandOverIs`.

    Refused for everybody else, out of scope, while something is being done in the call, and once it is answered or has
    lapsed.
    """

    kind = Kind.DESK
    hand_over_id: str
    accepts: bool
    why: str = ""


class ColleaguesRead(Reply, frozen=True):
    """By name."""

    person: Person
    stage: str
    verified_until: datetime | None
    colleagues: tuple[Colleague, ...]


class HandOverIs(Reply, frozen=True):
    hand_over: HandOver
