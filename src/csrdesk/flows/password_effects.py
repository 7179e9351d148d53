"""What a password reset needs from the world. Apart from the other effects, because two rules hold for these alone:
the new password is the context's secret and nowhere else, and only the customer's own page may ask for a write.
"""

from __future__ import annotations

from csrdesk.flows.kernel import AccountEffect, Effect, Kind
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.link import LinkStage
from csrdesk.model.passwords import Home


# PingOne and the directory: performed by the services
class ReadPasswordAuthority(Effect, frozen=True, kw_only=True):
    """Where this person's password is to be written (`password_authority` of the population), or why nowhere.

    Answered with `AuthorityRead`, also where Reset cannot be offered; `Failed` is for what could not be read.
    """

    kind = Kind.READ
    dn: str = ""
    """The directory entry, empty where there is none."""
    with_requirements: bool = False
    """Read what the judging directories ask of a password as well: for the customer's page."""


class ReadPasswordState(Effect, frozen=True, kw_only=True):
    """When the password was set last, and whether a change is demanded: the read-back after a lost answer.

    Answered with `PasswordStateRead`.
    """

    kind = Kind.READ
    home: Home
    dn: str = ""


class SetDirectoryPassword(AccountEffect, frozen=True, kw_only=True):
    """Write `unicodePwd` (the context's secret), with `lockoutTime` 0 in the same modify where it is locked.

    Protection and the account's state are looked at once more before; after it, `pwdLastSet` is read back. Answered
    with `PasswordSet` or `PasswordRefused`.
    """

    action = "ad.set_password"
    needs_secret = True
    dn: str


class SetPingOnePassword(AccountEffect, frozen=True, kw_only=True):
    """PingOne's `password.set` (the context's secret), `bypassPolicy` and `forceChange` false; `lastChangedAt` is read.

    Protection and the account's state are looked at once more before. Answered with `PasswordSet` or
    `PasswordRefused`.
    """

    action = "pingone.set_password"
    needs_secret = True
    home: Home = Home.PINGONE
    """`PINGONE`, or `GATEWAY` where PingOne hands it on."""


# The desk itself: performed by the engine
class OpenPasswordPage(Effect, frozen=True, kw_only=True):
    """Let the page that verified this caller ask for a new password: no new mail, code or factor.

    Answered with `PasswordPageOpened`, or `NoPasswordPage` where the caller has to be asked by a link of its own.
    """

    kind = Kind.DESK
    dn: str = ""
    account: str = ""
    """How the page names the account."""
    homes: tuple[Home, ...] = ()
    """Where it will be set, for a rehearsal's words."""
    reason: str
    ticket: str = ""


class BeginChange(Effect, frozen=True, kw_only=True):
    """From here on nothing else ends this page, until the writes have their outcome. The secret goes on in memory.

    Whether the caller is verified is asked here once for all of it: what was begun is not left half done.
    """

    kind = Kind.DESK
    needs_secret = True
    challenge_id: str


class AskAnother(Effect, frozen=True, kw_only=True):
    """The password was refused: the page may ask again; `lines` are what was done all the same."""

    kind = Kind.DESK
    challenge_id: str
    lines: tuple[ResultLine, ...] = ()


class FinishReset(Effect, frozen=True, kw_only=True):
    """The page's last word for the agent's side: approved where the password is set, cancelled where it is not."""

    kind = Kind.DESK
    challenge_id: str
    stage: LinkStage
    lines: tuple[ResultLine, ...] = ()
    later: Later | None = None
    """The mail about it, where that is still tried."""


class ReadReset(Effect, frozen=True, kw_only=True):
    """What came of the page, in lines for the agent: also where it was only half done, or the time ran out."""

    kind = Kind.READ
    challenge_id: str
