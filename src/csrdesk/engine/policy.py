"""What may be done, decided purely from facts: nothing here reads or writes, so every rule can be read and tried alone.

The facts are read, and the decision is written down, in the transaction of the audit's intent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from csrdesk.config import LimitSettings
from csrdesk.engine.clock import APART
from csrdesk.errors import ForbiddenError, NotSignedInError, NotVerifiedError
from csrdesk.flows.device_effects import ChangeDevice
from csrdesk.flows.directory_effects import DemandPasswordChange, SetDirectoryExpiry
from csrdesk.flows.effects import (
    EndSessions,
    SetDirectoryEnabled,
    SetPingOneEnabled,
    UnlockDirectory,
    UnlockPassword,
    UnlockPingOne,
)
from csrdesk.flows.kernel import AccountEffect
from csrdesk.flows.password_effects import SetDirectoryPassword, SetPingOnePassword
from csrdesk.flows.recovery_effects import RecoverPassword
from csrdesk.flows.registration_effects import RegistrationChange
from csrdesk.model.days import last_day
from csrdesk.model.devices import Strength
from csrdesk.model.grants import EVERYTHING, Grants
from csrdesk.model.link import Purpose
from csrdesk.model.proofs import CALL_BACK, Act, Evidence, Proof


class Window(msgspec.Struct, frozen=True):
    """A verified window: this caller, in this call of this agent, until then."""

    challenge_id: str
    call_id: str
    agent: str
    person_id: str
    evidence: bytes
    started_at: datetime
    verified_until: datetime
    ended_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Not over, and not begun in the future either: then the clock was set back, and nobody knows for how long."""
        return self.ended_at is None and self.started_at - APART <= now < self.verified_until

    @property
    def shown(self) -> Evidence:
        """What the caller has shown."""
        return msgspec.json.decode(self.evidence, type=Evidence)


class OwnExpiry(msgspec.Struct, frozen=True):
    """What the desk itself did to an account's last day, as far back as agents may undo: None stands for never."""

    wrote: datetime | None
    """The last one that it set."""
    before: datetime | None
    """The latest that had stood there before."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk knows when something is asked for."""

    now: datetime
    agent: str
    call_id: str
    person_id: str
    window: Window | None = None
    """The newest window of this call."""
    frozen: bool = False
    """Whether the person has said that it was not them since a lead made the exception that the window stands on."""
    protected_elsewhere: int = 0
    """How many other accounts this agent protectively disabled within the hour."""
    script: bool = False
    """Whether settings let this agent act without a call, and this step belongs to none."""
    bulk: Act | None = None
    """The act of the open run over many accounts that this step belongs to; None where it belongs to none."""
    asks_for_password: bool = False
    """Whether this step belongs to the page on which this customer has typed a new password just now: the caller was
    verified, with what a reset needs, when that began.
    """
    disabled_by_desk_at: datetime | None = None
    """When csrdesk disabled it in the directory concerned; None where csrdesk's last change there was no disable."""
    own_expiry: OwnExpiry | None = None
    """Where the desk has set a last day lately."""
    public_page: bool = False
    """Whether this step belongs to an open page that was begun with this person's address, by no agent."""
    registers: bool = False
    """Whether this step belongs to an open page on which an address was verified: before there is an account, or with
    the account that was made there as the person concerned."""
    grants: Grants = EVERYTHING
    """What the agent may do, as it is known when this is decided."""
    signed_out: str = ""
    """Why nothing is done in the agent's name any more, in words; empty where it is."""
    in_scope: bool = True
    """Whether the person is one whom the agent serves."""
    needs_second: bool = False
    """Whether settings let nobody do this act alone."""
    approval: str = ""
    """What a second agent approved of it, and is good for it now: its id."""
    risk_disables: int = 0
    """How often the account was disabled within 24 hours because Protect recommended it."""


def require_proof(act: Act | None, facts: Facts, limits: LimitSettings) -> None:
    """Refuse where `act` (None: a look at the account) is not covered by what the caller has shown.

    Raises `NotVerifiedError` or `ForbiddenError`.
    """
    require_grant(act, facts)
    if act is Act.PROTECT:
        if facts.protected_elsewhere >= limits.protective_disables_an_hour:
            hourly = limits.protective_disables_an_hour
            raise ForbiddenError(f"You have used the {hourly} protective disables of this hour. Ask a lead.")
        return
    if is_by_script(act, facts) or is_in_bulk(act, facts):
        return
    window = verified(facts)
    missing = window.shown.missing_for(act) if act else ""
    if missing:
        raise NotVerifiedError(f"{missing} Nothing was done.")
    if act is Act.RESET and limits.reset_needs_device and not window.shown.has_device:
        raise NotVerifiedError("A new password needs a device here, and this caller has shown none. Nothing was done.")


def require_grant(act: Act | None, facts: Facts) -> None:
    """Refuse what is not the agent's to do, or not alone, whoever is verified.

    Raises `NotSignedInError` or `ForbiddenError`.
    """
    if facts.signed_out:
        raise NotSignedInError(f"{facts.signed_out} Nothing was done.")
    if not facts.grants.has_calls or (act and act not in facts.grants.acts):
        raise ForbiddenError("Your role at this desk does not include this. Ask a lead. Nothing was done.")
    if not facts.in_scope:
        raise ForbiddenError("This account is not among those that you serve. Nothing was done.")
    if facts.needs_second and not facts.approval:
        raise ForbiddenError(
            "A second agent has to approve this first, and none has, or what was approved is done or too old. Ask from "
            "the call's page in the console. Nothing was done."
        )


def verified(facts: Facts) -> Window:
    """The open window of this caller in this call. Raises `NotVerifiedError`."""
    window = facts.window
    if window is None or (window.call_id, window.agent) != (facts.call_id, facts.agent):
        raise NotVerifiedError("The caller is not verified in this call. Nothing was done.")
    if window.person_id != facts.person_id:
        raise NotVerifiedError("This call verified somebody else, and serves nobody but them. Nothing was done.")
    if not window.is_open(facts.now):
        raise NotVerifiedError("The verified window has ended. Verify the caller again. Nothing was done.")
    if facts.frozen:
        raise NotVerifiedError(
            "They, or their phone, said that it was not them: no exception counts. Nothing was done."
        )
    return window


def is_by_script(act: Act | None, facts: Facts) -> bool:
    """Whether `act` would stand on the settings' word alone: a script's, outside every call, with nobody verified.

    Only enable and disable; a call that was ever verified counts as what it is, also after its window has ended.
    """
    return facts.script and facts.window is None and act in (Act.ENABLE, Act.DISABLE)


def is_in_bulk(act: Act | None, facts: Facts) -> bool:
    """Whether `act` is what a run over many accounts was begun for; whoever is verified in it is nobody."""
    return facts.bulk is not None and facts.window is None and act is facts.bulk


def permit(effect: AccountEffect, facts: Facts, limits: LimitSettings) -> None:
    """Refuse a change of an account that is not covered. Raises `NotVerifiedError` or `ForbiddenError`."""
    for kinds, act, what in _OF_THEIR_OWN:
        if isinstance(effect, kinds) is not (effect.act is act):
            raise ForbiddenError(f"{what} is an act of its own. Nothing was done.")
    if effect.act in _ON_PUBLIC_PAGES or isinstance(effect, RecoverPassword | RegistrationChange):
        _permit_on_public_page(effect, facts, limits)
        return
    require_grant(effect.act, facts)
    if effect.act is Act.PROTECT and not (effect.reason.strip() and effect.ticket.strip()):
        raise ForbiddenError("A protective disable needs a reason and a ticket. Nothing was done.")
    if _enables(effect) and effect.act is not Act.ENABLE:
        raise ForbiddenError("Enabling an account is an act of its own. Nothing was done.")
    unverified = is_by_script(effect.act, facts) or is_in_bulk(effect.act, facts)
    if unverified and not (effect.reason.strip() and effect.ticket.strip()):
        raise ForbiddenError("What a script does needs a reason and a ticket. Nothing was done.")
    if isinstance(effect, SetDirectoryPassword | SetPingOnePassword):
        _permit_password(effect, facts)
        return
    if effect.act is Act.RESET and not isinstance(effect, EndSessions):
        raise ForbiddenError("A reset sets a password and ends sessions, nothing else. Nothing was done.")
    if effect.act is Act.RESET and facts.asks_for_password:
        return  # what was begun while the caller was verified is not left half done
    require_proof(effect.act, facts, limits)
    if effect.act is Act.ENABLE:
        _permit_enable(effect, facts, limits)
    if isinstance(effect, ChangeDevice):
        _permit_device(effect, facts)
    if isinstance(effect, SetDirectoryExpiry):
        _permit_expiry(effect, facts, limits)


_OF_THEIR_OWN: tuple[tuple[tuple[type[AccountEffect], ...], Act, str], ...] = (
    ((UnlockDirectory, UnlockPingOne, UnlockPassword), Act.UNLOCK, "Unlocking an account"),
    ((ChangeDevice,), Act.DEVICES, "Changing a device"),
    ((SetDirectoryExpiry,), Act.EXPIRE, "Setting an account's last day"),
    ((DemandPasswordChange,), Act.MUST_CHANGE, "Asking for another password"),
)
"""Effects that no other act may hold, and that hold to no other."""


_ON_PUBLIC_PAGES = frozenset({Act.RECOVER, Act.RISK, Act.REGISTER})


def _permit_password(effect: AccountEffect, facts: Facts) -> None:
    if effect.act is not Act.RESET:
        raise ForbiddenError("Setting a password is an act of its own. Nothing was done.")
    if not facts.asks_for_password:
        raise ForbiddenError("Only the customer sets a password, on their own page. Nothing was done.")


def _permit_on_public_page(effect: AccountEffect, facts: Facts, limits: LimitSettings) -> None:
    """What nobody was verified for: a new password that PingOne's own code is good for, an account that is made there,
    and Protect's disable.
    """
    if effect.act is Act.REGISTER or isinstance(effect, RegistrationChange):
        _permit_registration(effect, facts)
        return
    if not facts.public_page:
        raise ForbiddenError("Only a customer's own page does this, while it is open. Nothing was done.")
    match effect:
        case RecoverPassword(act=Act.RECOVER) | EndSessions():
            return
        case SetPingOneEnabled(act=Act.RISK, enabled=False):
            most = limits.risk_disables_per_person_a_day
            if facts.risk_disables >= most:
                raise ForbiddenError(f"Protect has disabled this account {most} times today. Nothing was done.")
        case _:
            raise ForbiddenError("A customer's own page does nothing else to an account. Nothing was done.")


def _permit_registration(effect: AccountEffect, facts: Facts) -> None:
    """What nobody was verified for either: the account that is made on this page, and nothing else's."""
    if effect.act is not Act.REGISTER or not isinstance(effect, RegistrationChange):
        raise ForbiddenError("Registering is an act of its own. Nothing was done.")
    if not facts.registers:
        raise ForbiddenError("Only a customer's own page does this, once their address is verified. Nothing was done.")


def _permit_device(effect: ChangeDevice, facts: Facts) -> None:
    missing = verified(facts).shown.missing_for_device(effect.device_id)
    if missing:
        raise NotVerifiedError(f"{missing} Nothing was done.")


def _permit_enable(effect: AccountEffect, facts: Facts, limits: LimitSettings) -> None:
    at, days = facts.disabled_by_desk_at, limits.enable_within_days
    if at and at >= facts.now - timedelta(days=days):
        return
    ask = f"Ask {limits.enable_otherwise_ask}. Nothing was done."
    if at:
        raise ForbiddenError(f"Disabled by the help desk on {_day(at)}, more than {days} days ago. {ask}")
    since = effect.since if isinstance(effect, SetPingOneEnabled | SetDirectoryEnabled) else None
    when = f" on {_day(since)} or before" if since else ""
    raise ForbiddenError(f"Disabled{when}, not by the help desk. {ask}")


def _permit_expiry(effect: SetDirectoryExpiry, facts: Facts, limits: LimitSettings) -> None:
    """Earlier, but not in the past; later only as far back as the desk itself had taken away."""
    was, ends_at, ask = effect.was, effect.ends_at, f"Ask {limits.enable_otherwise_ask}. Nothing was done."
    zone = ends_at.tzinfo if ends_at else UTC
    if was and was <= facts.now:
        over = last_day(was.astimezone(zone))
        raise ForbiddenError(f"Its last day was {over}, and csrdesk extends no expired account. {ask}")
    if ends_at and ends_at <= facts.now:
        raise ForbiddenError("That day is over. To close the account now, disable it. Nothing was done.")
    if not _is_later(ends_at, was):
        return
    own = facts.own_expiry
    if own is None or own.wrote != was:
        raise ForbiddenError(f"csrdesk lets an account end earlier, never later. {ask}")
    if own.before and _is_later(ends_at, own.before):
        before = last_day(own.before.astimezone(zone))
        raise ForbiddenError(f"What the help desk took away can be given back until {before}, no longer. {ask}")


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    """None is never: later than any day."""
    return other is not None and (one is None or one > other)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def approve(evidence: Evidence, *, device_passed: bool) -> None:
    """Refuse an approval that skips the registered device. Raises `NotVerifiedError`."""
    if evidence.has_device and not device_passed:
        raise NotVerifiedError("The device was not checked. Nothing was approved.")
    if evidence.registered and not evidence.has_device and not evidence.factor_not_asked:
        raise NotVerifiedError("A device is registered and must be shown as well. Nothing was approved.")


def approve_try(purpose: Purpose, evidence: Evidence) -> None:
    """Refuse an approval without a link that is not of what this way shows. Raises `NotVerifiedError`."""
    match purpose, evidence.proofs:
        case Purpose.PUSH, (Proof("mobile", Strength.STRONG, device_id),) if device_id:
            return
        case Purpose.CALL_BACK, (Proof(method, Strength.WEAK, ""),) if method == CALL_BACK:
            return
        case _:
            raise NotVerifiedError("What was shown is not what this way asks for. Nothing was approved.")


def _enables(effect: AccountEffect) -> bool:
    return isinstance(effect, SetPingOneEnabled | SetDirectoryEnabled) and effect.enabled
