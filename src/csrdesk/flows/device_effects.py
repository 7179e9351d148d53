"""What Device Authentication needs beside the passcodes' effects (`effects`): a push is waited for, an assertion is
made by a browser, and where the flow has a page of its own, that has devices to read and an end.
"""

from __future__ import annotations

from csrdesk.flows.kernel import AccountEffect, Effect, Kind
from csrdesk.model.devices import DeviceChange
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Proof


class GatherDevices(Effect, frozen=True, kw_only=True):
    """As `ReadDevices`, beside the mailbox that this page's caller has opened, which is not always the person's own;
    and where a magic link could go, which is none that goes to that mailbox.

    Answered with `DevicesGathered`.
    """

    kind = Kind.READ


class RereadAddress(Effect, frozen=True, kw_only=True):
    """Read the person's address again: open links that went to another one end. Answered with `Noted`."""

    kind = Kind.READ


class FinishPage(Effect, frozen=True, kw_only=True):
    """A page of Device Authentication is done; whatever it has left open ends. Answered with `Noted` or `LinkOver`."""

    kind = Kind.DESK
    challenge_id: str
    stage: LinkStage
    """`APPROVED`, `CANCELLED` or `NO_FACTOR`."""
    proof: Proof | None = None
    """What was shown, where something was."""


class CheckAssertion(Effect, frozen=True, kw_only=True):
    """Hand PingOne what the browser's authenticator signed (the context's secret: JSON), with the pages' own origin.

    Answered with `AssertionRight`, `AssertionWrong` or `PasscodeRefused`.
    """

    kind = Kind.SEND
    needs_secret = True
    action = "mfa.check"
    authentication_id: str
    device_id: str


class AwaitPush(Effect, frozen=True, kw_only=True):
    """Ask PingOne until the push has an answer: each second for 20 s, then every 2 s.

    Answered with `PushApproved`, `PushDenied`, `PushTimedOut`, or `AuthenticationIs` for whatever else came of it.
    """

    kind = Kind.READ
    authentication_id: str
    device_id: str


class NotePushDenied(Effect, frozen=True, kw_only=True):
    """Somebody pressed Deny on the phone: count it, and tell the agent.

    Answered with `PushDenialNoted` or `LinkOver`.
    """

    kind = Kind.DESK
    challenge_id: str


class CancelPush(Effect, frozen=True, kw_only=True):
    """Take the push back, to use another device. Answered with `AuthenticationIs`."""

    kind = Kind.SEND
    action = "mfa.cancel"
    authentication_id: str


class ChangeDevice(AccountEffect, frozen=True, kw_only=True):
    """Block, unblock, unlock, rename, put first or remove one device; the list is read back.

    Answered with `DeviceChanged`. Policy asks for another strong device than this one.
    """

    action = "pingone.change_device"
    device_id: str
    change: DeviceChange
    nickname: str = ""
    """The new name; empty for every other change."""
