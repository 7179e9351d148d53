"""What it takes to verify a caller without a link: a row of the desk's own for each try, and PingOne's call-back.

Apart from `effects`, because no customer's page takes part: the agent's side alone opens, ends and approves a try.
"""

from __future__ import annotations

from csrdesk.flows.kernel import Effect, Kind
from csrdesk.model.link import Purpose
from csrdesk.model.proofs import Evidence


class OpenTry(Effect, frozen=True, kw_only=True):
    """Write down a try, before anything goes out; older links and tries of this person end.

    Answered with `TryOpened` or `TryNotOpened`.
    """

    kind = Kind.DESK
    purpose: Purpose
    to: str
    """The device, or the masked number, that is reached."""
    warned: bool = False
    """The agent has read how often this person was tried, and goes on."""


class RefuseTry(Effect, frozen=True, kw_only=True):
    """The phone said no: end the try, freeze verification of this person, alert. Answered with `ChallengeRefused`."""

    kind = Kind.DESK
    challenge_id: str


class ApproveTry(Effect, frozen=True, kw_only=True):
    """Use the try up, once, with what was shown. Answered with `ChallengeApproved` or `LinkOver`."""

    kind = Kind.DESK
    challenge_id: str
    evidence: Evidence


class RingNumber(Effect, frozen=True, kw_only=True):
    """Let PingOne ring the number on record and say a passcode: an authentication of its own, without any device.

    The number is read anew, and is known to the performer alone. Answered with `AuthenticationIs` or `NumberNotRung`.
    """

    kind = Kind.SEND
    action = "mfa.call_back"
    policy_id: str = ""
    to: str
    """The masked number that the agent was shown: another one is not rung."""


class CheckHeard(Effect, frozen=True, kw_only=True):
    """Count the try, then hand PingOne the passcode that the caller heard (the context's secret).

    Answered with `PasscodeHeardRight`, `PasscodeWrong` or `PasscodeRefused`.
    """

    kind = Kind.SEND
    needs_secret = True
    action = "mfa.check"
    challenge_id: str
    authentication_id: str
