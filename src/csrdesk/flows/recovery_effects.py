"""What an account recovery needs from the world. Apart from the other effects, because these act for somebody who is
not on the phone and whom no agent has verified: what PingOne sent to their address is all that they show.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import AccountEffect, Effect, Kind
from csrdesk.model.passwords import Home
from csrdesk.model.recovery import Progress, Stage
from csrdesk.model.risk import RiskCheck


# PingOne: performed by the services
class FindForRecovery(Effect, frozen=True, kw_only=True):
    """Who has that mail address. Answered with `RecoveryUser`, also for nobody and for several: then without a person.

    Protected accounts, and those that the desk's settings leave alone, are nobody here.
    """

    kind = Kind.READ
    action = "recovery.lookup"
    address: str


class ReadRecoveryPolicy(Effect, frozen=True, kw_only=True):
    """What PingOne's default password policy asks: the same for every visitor. Answered with `RecoveryPolicy`."""

    kind = Kind.READ


class SendRecoveryCode(Effect, frozen=True, kw_only=True):
    """Have PingOne mail a recovery code, once, where the account can have one.

    Answered with `RecoveryCodeSent` or `RecoveryNotPossible`.
    """

    kind = Kind.SEND
    action = "recovery.send_code"


class RecoverPassword(AccountEffect, frozen=True, kw_only=True):
    """Hand PingOne code and new password, once: the context's secret is both (`model.recovery.apart`).

    Before it the person is looked at once more: another address than the one that was typed, and it is not done.
    Answered with `PasswordSet`, `PasswordRefused`, `RecoveryCodeWrong` or `RecoveryNotPossible`.
    """

    action = "recovery.set_password"
    needs_secret = True
    home: Home = Home.PINGONE


# The desk itself: performed by the engine
class Linger(Effect, frozen=True, kw_only=True):
    """Wait as long as every answer about an address takes, whoever has it. Answered with `TimeCame`."""

    kind = Kind.READ


class BeginRecovery(Effect, frozen=True, kw_only=True):
    """Count this request for the address. Answered with `RecoveryBegun` or `RecoveryLimited`."""

    kind = Kind.DESK
    takes_secret = True
    address: str


class BindRecovery(Effect, frozen=True, kw_only=True):
    """Whose recovery this is, for what ends it and for those who watch it; nobody's where `person_id` is empty."""

    kind = Kind.DESK
    stage: Stage = Stage.ANALYSED
    found: RiskCheck


class CountTry(Effect, frozen=True, kw_only=True):
    """Count a try before it is made; the secret goes on in memory. Answered with `TryCounted` or `RecoveryOver`."""

    kind = Kind.DESK
    needs_secret = True


class CountResend(Effect, frozen=True, kw_only=True):
    """Count another code before it is sent. Answered with `ResendCounted` or `RecoveryLimited`."""

    kind = Kind.DESK


class FinishRecovery(Effect, frozen=True, kw_only=True):
    """How far it came; where it succeeded, every other open link and page of the person ends. Answered with `Noted`."""

    kind = Kind.DESK
    stage: Stage


# What an agent asks for, for a caller
class InviteToRecover(Effect, frozen=True, kw_only=True):
    """Mail the person the address of the recovery page, and nothing secret.

    Answered with `RecoveryInvited` or `RecoveryNotInvited`; a limit counts it as it counts links.
    """

    kind = Kind.SEND
    action = "recovery.invite"


class AwaitRecovery(Effect, frozen=True, kw_only=True):
    """Wait until the person is further than `seen` with a recovery begun since then. Answered with `RecoveryIs`."""

    kind = Kind.READ
    waits = True
    since: datetime
    seen: Progress
