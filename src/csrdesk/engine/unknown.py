"""Acts that were begun and whose end nobody saw: what to read to find out, and what that says.

A write is never repeated on a guess: what it was to change is read back, and the finding is the act's outcome. Apart
from `guard`, because an act is judged alike wherever it is met again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

from csrdesk.engine.audit import AuditRow, Entry, Kind
from csrdesk.engine.clock import APART
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Problem, Reply
from csrdesk.model.account import Account, Lock, PingOneAccount
from csrdesk.model.days import words_of
from csrdesk.model.devices import Device, DeviceChange
from csrdesk.model.passwords import Home

FOUND_DONE: Final = "found done"
"""The result of an act whose end nobody saw, and which had been done all the same."""
FOUND_NOT_DONE: Final = "found not done"
MAYBE_SENT: Final = "maybe sent"
"""The result of a message of which nobody knows whether it went; it is never sent again by itself."""

UNKNOWN: Final = Failed(
    Problem(
        "csrdesk stopped in between, and it could not be read whether this was done. Try again: it is read first.",
        code="unknown",
    )
)
NOT_DONE: Final = Failed(
    Problem("csrdesk stopped before it was done; it was read back. Try again if it is still wanted.", code="not_done")
)
MAY_HAVE_BEEN_SENT: Final = Failed(
    Problem("csrdesk stopped in between. It may have been sent; send again if it was not.", code="may_have_been_sent")
)


def question(effect: AccountEffect) -> Effect:
    """What to read to find out whether `effect` was done."""
    match effect:
        case fx.EndSessions():
            return fx.ReadSessions(person_id=effect.person_id)
        case pfx.SetDirectoryPassword(dn=dn):
            return pfx.ReadPasswordState(person_id=effect.person_id, home=Home.DIRECTORY, dn=dn)
        case pfx.SetPingOnePassword(home=home) | rfx.RecoverPassword(home=home):
            return pfx.ReadPasswordState(person_id=effect.person_id, home=home)
        case gx.CreateUser(address=address):
            return gx.FindForRegistration(address=address)
        case gx.SetFirstPassword():
            return pfx.ReadPasswordState(person_id=effect.person_id, home=Home.PINGONE)
        case ax.AcceptAgreement(agreement_id=agreement):
            return ax.ReadConsent(person_id=effect.person_id, agreement_id=agreement)
        case gx.EnrollEmail():
            return fx.ReadDevices(person_id=effect.person_id)
        case dx.ChangeDevice() | px.PairDevice() | px.PairNumber():
            return fx.ReadDevices(person_id=effect.person_id)
        case px.ActivateDevice() | px.DropDevice() | px.NameDevice():
            return fx.ReadDevices(person_id=effect.person_id)
        case _:
            return fx.ReadAccount(person_id=effect.person_id, dn=getattr(effect, "dn", ""))


def found(
    action: str, read: Reply, *, enabled: bool | None = None, ends: str = "", since: datetime | None = None
) -> Reply | None:
    """What the act would have been answered, or `NOT_DONE`; None where `read` does not tell.

    `action` is the audit's name for it, `enabled` or `ends` what it was to set, `since` when it was begun: what was
    changed then or later was changed by it. A password that has to be changed at the next sign-on is not the
    customer's own.
    """
    match read:
        case pr.PasswordStateRead(state) if action in _PASSWORDS and since and state.changed_at:
            done = state.changed_at >= since - APART and not state.must_change
            return _came(done, pr.PasswordSet(state.home, state.changed_at))
        case gx.RegistrationUser(person_id) if action == gx.CreateUser.action:
            return _came(bool(person_id), gx.UserCreated(person_id))
        case ax.ConsentRead(accepted) if action == ax.AcceptAgreement.action:
            return _came(accepted, ax.AgreementAccepted())
        case r.DevicesRead(devices) if action == gx.EnrollEmail.action:
            return _came(any(one.same_mailbox for one in devices.devices), gx.EmailEnrolled())
        case r.SessionsRead(left) if action == fx.EndSessions.action:
            return _came(left == 0, r.SessionsEnded(0))
        case r.AccountRead(Account(pingone=p)) if p and action == px.EnableMfa.action:
            return _came(p.mfa_enabled, pairing_replies.MfaEnabled())
        case r.AccountRead(Account(pingone=p) as account) if p and action in _IN_PINGONE:
            return _in_pingone(action, p, account.locks, enabled=enabled)
        case r.AccountRead(Account(directory=d)) if d and action == fx.SetDirectoryEnabled.action:
            return _came(d.disabled is not enabled, r.DirectoryEnabledSet(bool(enabled)))
        case r.AccountRead(Account(directory=d)) if d and action == fx.UnlockDirectory.action:
            return _came(not d.locked, r.Unlocked())
        case r.AccountRead(Account(directory=d)) if d and action == de.SetDirectoryExpiry.action:
            return _came(words_of(d.expires_at) == ends, r.DirectoryChanged())
        case r.AccountRead(Account(directory=d)) if d and action == de.DemandPasswordChange.action:
            return _came(d.must_change_password, r.DirectoryChanged())
        case _:
            return None


OfDevice: TypeAlias = dx.ChangeDevice | px.ActivateDevice | px.DropDevice | px.NameDevice
"""A change of one device, which is known by its id."""


def found_device(effect: OfDevice, read: Reply) -> Reply | None:
    """As `found`, for a change of one device."""
    if not isinstance(read, r.DevicesRead):
        return None
    devices = read.devices.devices
    device = next((one for one in devices if one.id == effect.device_id), None)
    match effect:
        case px.ActivateDevice():
            return _came(device is not None and device.status == "ACTIVE", pairing_replies.DeviceActivated())
        case px.DropDevice():
            return _came(device is None, pairing_replies.DeviceDropped())
        case px.NameDevice(nickname=nickname):
            return _came(device is not None and device.nickname == nickname, pairing_replies.DeviceNamed())
        case _:
            return _came(_is_changed(effect, devices), dr.DeviceChanged())


def _is_changed(effect: dx.ChangeDevice, devices: tuple[Device, ...]) -> bool:
    device = next((one for one in devices if one.id == effect.device_id), None)
    match effect.change:
        case DeviceChange.REMOVE:
            return device is None
        case DeviceChange.BLOCK | DeviceChange.UNBLOCK as wanted if device:
            return device.blocked is (wanted is DeviceChange.BLOCK)
        case DeviceChange.UNLOCK if device:
            return not device.locked
        case DeviceChange.RENAME if device:
            return device.nickname == effect.nickname
        case _:
            return device is not None and devices[0] is device


_PASSWORDS = (
    pfx.SetDirectoryPassword.action,
    pfx.SetPingOnePassword.action,
    rfx.RecoverPassword.action,
    gx.SetFirstPassword.action,
)
_IN_PINGONE = (fx.SetPingOneEnabled.action, fx.UnlockPingOne.action, fx.UnlockPassword.action)


def _in_pingone(action: str, account: PingOneAccount, locks: tuple[Lock, ...], *, enabled: bool | None) -> Reply:
    if action == fx.SetPingOneEnabled.action:
        return _came(account.enabled is enabled, r.PingOneEnabledSet(bool(enabled)))
    lock = Lock.PINGONE if action == fx.UnlockPingOne.action else Lock.PASSWORD
    return _came(lock not in locks, r.Unlocked())


def _came(done: bool, reply: Reply) -> Reply:  # noqa: FBT001 - whether it was done
    return reply if done else NOT_DONE


def on_record(outcome: AuditRow) -> Reply | None:
    """What an act that failed was answered, as its outcome says it; None where it was done or is not known to be."""
    if outcome.result != "failed":
        return None
    told = outcome.details
    words, code = str(told.get("problem") or "It was not done."), str(told.get("code") or "failed")
    return Failed(Problem(words, code=code, correlation_id=outcome.correlation_id))


def outcome(intent: AuditRow, agent: str, result: str, **details: str | int | bool) -> Entry:
    """The row that closes an intent whose end nobody saw."""
    return Entry(
        kind=Kind.OUTCOME,
        action=intent.action,
        agent=agent,
        call_id=intent.call_id,
        person_id=intent.person_id,
        result=result,
        reason=intent.reason,
        ticket=intent.ticket,
        key=intent.key,
        details={**intent.details, "intent": intent.seq, **details},
    )
