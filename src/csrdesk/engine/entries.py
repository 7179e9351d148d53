"""What the audit says of effects and their replies: masked, without secrets, in the same words for every effect."""

from __future__ import annotations

import re

from csrdesk.engine import pairing_entries
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import device_effects as dx
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows import try_effects as te
from csrdesk.flows import try_replies as tr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Reply
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened
from csrdesk.model.days import words_of
from csrdesk.model.masking import mask_email, mask_phone
from csrdesk.model.proofs import Act
from csrdesk.model.text import clean

_PHONE = set("0123456789+-.()/ ")
_PHONE_DIGITS = 7
_UNVERIFIED = frozenset({Act.PROTECT, Act.RISK, Act.RECOVER, Act.REGISTER})
"""Acts for which no agent has verified anybody."""


BY_SCRIPT: dict[str, Detail] = {"verified": False, "script": True}
"""What marks an act that no caller was verified for, because settings let a script do it."""
IN_BULK: dict[str, Detail] = {"verified": False, "bulk": True}
"""What marks an act of a run over many accounts."""


def entry(
    kind: Kind, effect: Effect, context: Context, reply: Reply | None = None, *, marks: dict[str, Detail] | None = None
) -> Entry:
    """The row for an effect: before it without, after it with its reply. `marks` says what policy found of it."""
    person_id = reply.person.id if isinstance(reply, r.UserFound | r.FoundInDirectory) else effect.person_id
    if isinstance(reply, rr.RecoveryUser | gx.UserCreated):
        person_id = reply.person_id
    return Entry(
        kind=kind,
        action=effect.action or _step(effect),
        agent=context.agent.id,
        call_id=context.call_id,
        person_id=person_id,
        result=result(reply) if reply else "",
        reason=effect.reason if isinstance(effect, AccountEffect) else "",
        ticket=effect.ticket if isinstance(effect, AccountEffect) else "",
        correlation_id=_correlation_id(reply),
        key=context.key,
        details=_of_effect(effect) | (marks or {}) | (_of_reply(reply) if reply else {}),
    )


def _step(effect: Effect) -> str:
    """What a step within the desk is called where it is refused, in the form of all actions: `step.begin_change`."""
    return "step." + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(effect).__name__).lower()


def result(reply: Reply) -> str:
    """done, failed or refused: whether the world did it, could not, or said no."""
    match reply:
        case Failed() | r.SecretLost():
            return "failed"
        case _ if isinstance(reply, pairing_entries.REFUSED):
            return "refused"
        case r.CustomerNotTold() | r.NoticeQueued():
            return "failed"
        case (
            tr.NumberNotRung()
            | AddressNotOpened()
            | r.LinkNotSent()
            | r.PasscodeWrong()
            | r.PasscodeRefused()
            | pr.PasswordRefused()
            | rr.RecoveryCodeWrong()
            | rr.RecoveryNotPossible()
            | rr.RecoveryNotInvited()
            | ix.NotInvited()
            | gx.EmailCodeWrong()
            | gx.AddressTaken()
            | gx.NameRefused()
            | gx.EmailNotAllowed()
        ):
            return "refused"
        case _:
            return "done"


def masked(identifier: str) -> str:
    """What an agent typed to find somebody, enough to recognise and too little to use."""
    if "@" in identifier:
        return clean(mask_email(identifier.strip()))
    if set(identifier) <= _PHONE and sum(c.isdigit() for c in identifier) >= _PHONE_DIGITS:
        return mask_phone(identifier)
    return clean(identifier)


def _correlation_id(reply: Reply | None) -> str:
    if isinstance(reply, Failed):
        return reply.correlation_id or reply.problem.correlation_id
    return reply.correlation_id if reply else ""


def _of_effect(effect: Effect) -> dict[str, Detail]:
    details: dict[str, Detail] = {}
    if isinstance(effect, AccountEffect):
        details |= {"act": effect.act.value, "verified": effect.act not in _UNVERIFIED}
        details |= {"directory": "not checked"} if effect.unchecked else {}
    match effect:
        case fx.SetPingOneEnabled(enabled=enabled) | fx.SetDirectoryEnabled(enabled=enabled):
            details["enabled"] = enabled
        case dx.ChangeDevice(device_id=device, change=change):
            details |= {"device": device, "change": change.value}
        case de.SetDirectoryExpiry(ends_at=ends_at, was=was):
            details |= {"ends_at": words_of(ends_at), "was": words_of(was)}
        case fx.TellCustomer(change=change):
            details["change"] = change.value
        case fx.MailAlert(alert=alert, seq=seq):
            details |= {"alert": alert, "row": seq}
        case (
            fx.FindUser(identifier=identifier)
            | rfx.FindForRecovery(address=identifier)
            | gx.FindForRegistration(address=identifier)
            | ix.InviteToRegister(address=identifier)
        ):
            details["identifier"] = masked(identifier)
        case (
            fx.StartDeviceAuthentication(device_id=device, device_type=kind)
            | fx.SelectDevice(device_id=device, device_type=kind)
        ):
            details |= {"device": device} | ({"type": kind} if kind else {})
        case kx.CompleteEvaluation(risk_id=risk_id, status=status):
            details |= {"risk": risk_id, "status": status}
        case te.RingNumber(to=to):
            details["to"] = to
        case fx.CheckPasscode(device_id=device) | dx.CheckAssertion(device_id=device):
            details["device"] = device
        case _:
            details |= _of_other(effect)
    return details


def _of_other(effect: Effect) -> dict[str, Detail]:
    """What proof is asked for, and what a customer does on a page on which they make an account."""
    match effect:
        case fx.RequireProof(act=act):
            return {"asked_for": act.value if act else "look"}
        case gx.SendEmailCode(address=address):
            return {"to": masked(address)}
        case gx.CreateUser(address=address, with_password=with_password):
            return {"identifier": masked(address), "password": with_password}
        case ax.AcceptAgreement(agreement_id=agreement, language_id=language, revision_id=revision):
            return {"agreement": agreement, "language": language, "revision": revision}
        case _:
            return pairing_entries.of_effect(effect)


def _of_reply(reply: Reply) -> dict[str, Detail]:
    match reply:
        case Failed(problem):
            return {"code": problem.code, "problem": clean(problem.message)}
        case (
            r.PingOneEnabledSet(changed=changed)
            | r.DirectoryEnabledSet(changed=changed)
            | r.Unlocked(changed=changed)
            | r.DirectoryChanged(changed=changed)
        ):
            return {"changed": changed}
        case r.AuthenticationIs() | r.PasscodeWrong():
            return _of_factor(reply)
        case pr.PasswordSet(_, changed_at, unlocked):
            return {"changed_at": changed_at.isoformat() if changed_at else "", "unlocked": unlocked}
        case pr.PasswordRefused(reasons):
            return {"problem": clean(" ".join(reasons))}
        case r.SessionsEnded(count):
            return {"sessions": count}
        case r.LinkSent(link):
            return {"reference": link.reference, "to": link.to}
        case AddressOpened(link):
            return {"reference": link.reference, "said": link.to}
        case r.CustomerTold(doubt) if doubt:
            return {"doubt": clean(doubt)}
        case r.NoticeQueued(message=message):
            return {"problem": clean(message), "queued": True}
        case (
            tr.NumberNotRung(message)
            | AddressNotOpened(message)
            | rr.RecoveryNotInvited(message)
            | ix.NotInvited(message)
            | r.LinkNotSent(message)
            | r.PasscodeRefused(message)
            | r.CustomerNotTold(message)
        ):
            return {"problem": clean(message)}
        case _:
            return _found(reply)


def _of_factor(reply: r.AuthenticationIs | r.PasscodeWrong) -> dict[str, Detail]:
    """What came of asking for a device; of a wrong passcode the tries left, -1 where nobody knows."""
    if isinstance(reply, r.AuthenticationIs):
        return {"asks": reply.authentication.status.removesuffix("_REQUIRED")}
    return {"left": -1 if reply.left is None else reply.left}


def _found(reply: Reply) -> dict[str, Detail]:
    """What came of a look-up."""
    match reply:
        case r.FoundInDirectory(problem=problem):
            return {"found": 1, "code": problem.code, "pingone": "not asked"}
        case r.UserFound():
            return {"found": 1}
        case rr.RecoveryUser(person_id) | gx.RegistrationUser(person_id):
            return {"found": int(bool(person_id))}
        case rr.RecoveryInvited(to) | ix.Invited(to):
            return {"to": to}
        case kr.RiskEvaluated(risk):
            return {"risk": risk.id, "level": risk.level.value, "action": risk.predictor, "device": risk.device_status}
        case r.SeveralUsers(people):
            return {"found": len(people)}
        case r.NoSuchUser() | r.OnlyInDirectory():
            return {"found": 0}
        case _:
            return pairing_entries.of_reply(reply)
