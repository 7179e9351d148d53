"""What a registration needs from the world, and what comes of it. Apart from the other effects, because these act for
somebody who has no account yet and whom no agent has verified: reading the mailbox is all that they show.
"""

from __future__ import annotations

from csrdesk.flows.kernel import AccountEffect, Effect, Kind, Reply
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import Stage


class RegistrationChange(AccountEffect, frozen=True, kw_only=True):
    """A change of the account that is being made: policy permits it on its own open page alone, and nowhere else."""

    act: Act = Act.REGISTER
    reason: str = "The customer registered by themselves."


# PingOne: performed by the services
class FindForRegistration(Effect, frozen=True, kw_only=True):
    """Whether anybody has that mail address, as address or as user name. Answered with `RegistrationUser`."""

    kind = Kind.READ
    action = "registration.lookup"
    address: str


class SendEmailCode(Effect, frozen=True, kw_only=True):
    """Have PingOne mail a passcode: a one-time device authentication to the address. Answered with `EmailCodeSent`."""

    kind = Kind.SEND
    action = "registration.send_code"
    address: str


class CheckEmailCode(Effect, frozen=True, kw_only=True):
    """Hand PingOne the passcode, the context's secret. Answered with `EmailCodeRight` or `EmailCodeWrong`."""

    kind = Kind.SEND
    needs_secret = True
    action = "registration.check_code"
    authentication_id: str


class CreateUser(RegistrationChange, frozen=True, kw_only=True):
    """Make the account, once; its password is the context's secret, where it is to have one.

    Answered with `UserCreated`, `AddressTaken`, `NameRefused`, `PasswordRefused`, or `SecretLost`.
    """

    action = "registration.create"
    takes_secret = True
    address: str
    given_name: str
    family_name: str
    with_password: bool


class EnrollEmail(RegistrationChange, frozen=True, kw_only=True):
    """Make the address of the account a device of its own, active at once: its code was right before.

    Answered with `EmailEnrolled`, also where it is there already, or `EmailNotAllowed`.
    """

    action = "registration.enroll_email"


class SetFirstPassword(RegistrationChange, frozen=True, kw_only=True):
    """Give the account the password that was typed, the context's secret. Answered with `PasswordSet` or
    `PasswordRefused`.
    """

    action = "registration.set_password"
    needs_secret = True


class TellOwner(Effect, frozen=True, kw_only=True):
    """Mail whoever has the address that somebody tried to register with it, and nobody else.

    Where a registration of that person is half done, the mail leads back to it. Answered with `CustomerTold`.
    """

    kind = Kind.SEND
    action = "registration.tell_owner"


class Welcome(Effect, frozen=True, kw_only=True):
    """Mail the new account's owner that it is there, and how to come back to a page that they left.

    Answered with `CustomerTold`.
    """

    kind = Kind.SEND
    action = "registration.welcome"


# The desk itself: performed by the engine
class BeginRegistration(Effect, frozen=True, kw_only=True):
    """Count this request for the address. Answered with `RecoveryBegun` or `RecoveryLimited`."""

    kind = Kind.DESK
    takes_secret = True
    address: str


class NoteRegistration(Effect, frozen=True, kw_only=True):
    """How far it is, with time for what comes next; the account's id once it is there. Answered with `Noted`."""

    kind = Kind.DESK
    stage: Stage


class FinishRegistration(Effect, frozen=True, kw_only=True):
    """How it ended. Answered with `Noted`."""

    kind = Kind.DESK
    stage: Stage


# What the world answers
class RegistrationUser(Reply, frozen=True):
    """Who has the address; nobody where there is no id."""

    person_id: str = ""


class EmailCodeSent(Reply, frozen=True):
    authentication_id: str


class EmailCodeRight(Reply, frozen=True):
    pass


class EmailCodeWrong(Reply, frozen=True):
    """Wrong, too old, or tried too often; PingOne has counted it."""


class UserCreated(Reply, frozen=True):
    person_id: str


class AddressTaken(Reply, frozen=True):
    """Somebody has that address by now, or another account has it as its user name."""


class NameRefused(Reply, frozen=True):
    """PingOne takes no such name."""


class EmailEnrolled(Reply, frozen=True):
    pass


class EmailNotAllowed(Reply, frozen=True):
    """PingOne's settings let no address be a device: it is left out."""
