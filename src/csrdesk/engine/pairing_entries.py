"""What the audit says of devices that customers register: kind, id, masked address; never number, passcode or key."""

from __future__ import annotations

from csrdesk.engine.audit import Detail
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.text import clean

REFUSED = (pr.NumberNotTaken, pr.AlreadyPaired, pr.NoRoom, pr.WrongSite, pr.AttestationWrong)
"""Replies by which PingOne, or a rule, said no."""


def of_effect(effect: Effect) -> dict[str, Detail]:
    """The details of an effect; none for any other."""
    match effect:
        case px.PairDevice(device_type=kind, instead_of=before):
            instead: dict[str, Detail] = {"instead_of": before} if before else {}
            return {"type": kind, **instead}
        case px.PairNumber(device_type=kind):
            return {"type": kind}
        case px.ActivateDevice(device_type=kind, device_id=device):
            return {"type": kind, "device": device}
        case px.DropDevice(device_id=device) | px.NameDevice(device_id=device):
            return {"device": device}
        case _:
            return {}


def of_reply(reply: Reply) -> dict[str, Detail]:
    """The details of a reply; none for any other."""
    match reply:
        case pr.DevicePaired(device_id, address, active):
            to: dict[str, Detail] = {"to": address} if address else {}
            return {"device": device_id, "active": active, **to}
        case pr.NumberNotTaken(message):
            return {"problem": clean(message)}
        case pr.AlreadyPaired():
            return {"problem": "registered already"}
        case pr.NoRoom():
            return {"problem": "as many devices as PingOne allows"}
        case pr.WrongSite():
            return {"problem": "the pages do not belong to the passkeys' site"}
        case pr.AttestationWrong():
            return {"problem": "what the browser made does not hold"}
        case pr.MfaEnabled(changed):
            return {"changed": changed}
        case _:
            return {}
