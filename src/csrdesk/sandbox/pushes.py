"""Push to the mobile app of invented phones: asked, approved, denied, timed out, with a number to match or without.

The number that the person must find on the phone is shown by the page that asks. PingOne's public documentation does
not say where the API hands it to that page: here it is `numberMatching.number` of the authentication, which is
**inferred**, as is the error code of a denied push.
"""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec
from starlette.responses import RedirectResponse, Response

from csrdesk.sandbox.answers import invalid, not_found
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.decoding import decode_form
from csrdesk.sandbox.model import Authentication, Device, Push, User, World
from csrdesk.sandbox.policies import Policy

DENIED = "PUSH_CONFIRMATION_DENIED"
_CHOICES = 3
_ACTS = frozenset({"approve", "deny"})


class PhoneAct(msgspec.Struct, frozen=True):
    """What somebody does on the phone's page."""

    push: str
    act: str
    number: str = ""


def send_push(world: World, user: User, authentication: Authentication, policy: Policy, now: datetime) -> None:
    """A question on the phone of the device in use; it takes the place of the one before."""
    numbers: list[str] = []
    while policy.number_matching and len(numbers) < _CHOICES:
        number = f"{secrets.randbelow(90) + 10}"
        if number not in numbers:
            numbers.append(number)
    take_back(world, authentication)
    world.pushes.append(
        Push(
            seq=world.next_sequence(),
            at=now,
            until=now + policy.push_timeout,
            username=user.username,
            email=user.email,
            device_id=authentication.device_id or "",
            authentication_id=authentication.id,
            number=secrets.choice(numbers) if numbers else "",
            choices=numbers,
        )
    )


def current(world: World, authentication: Authentication) -> Push | None:
    """The question that is on the phone, or was last."""
    return next((push for push in reversed(world.pushes) if push.authentication_id == authentication.id), None)


def take_back(world: World, authentication: Authentication) -> None:
    """The question leaves the phone, where it has no answer yet."""
    push = current(world, authentication)
    if push is not None and push.state == "WAITING":
        push.state = "TAKEN_BACK"


def settle(world: World, authentication: Authentication, now: datetime) -> None:
    """Moves the authentication as far as phone and clock have brought it."""
    push = current(world, authentication)
    if authentication.status != "PUSH_CONFIRMATION_REQUIRED" or push is None:
        return
    if push.state == "WAITING" and now >= push.until:
        push.state = "TIMED_OUT"
    status = {"APPROVED": "COMPLETED", "DENIED": "FAILED", "TIMED_OUT": "PUSH_CONFIRMATION_TIMED_OUT"}.get(push.state)
    if status is None:
        return
    authentication.status = status
    authentication.updated_at = now
    if status == "FAILED":
        authentication.error = DENIED


def answer(world: World, seq: int, act: str, number: str, now: datetime) -> bool:
    """What the person does; False where the question is gone. A wrong number is a refusal, as in the app."""
    push = next((push for push in world.pushes if push.seq == seq), None)
    if push is None or push.state != "WAITING" or now >= push.until:
        return False
    push.state = "APPROVED" if act == "approve" and number == push.number else "DENIED"
    return True


def waiting(world: World, now: datetime, device: Device | None = None) -> list[Push]:
    """What stands on the phones now, newest first."""
    return [
        push
        for push in reversed(world.pushes)
        if push.state == "WAITING" and now < push.until and (device is None or push.device_id == device.id)
    ]


def answer_on_phone(call: Call) -> Response:
    """POST /mailbox/push, from the phones' page."""
    try:
        body = decode_form(call.body, PhoneAct)
    except msgspec.DecodeError:
        raise invalid("push") from None
    if body.act not in _ACTS or not body.push.isdecimal():
        raise invalid("act")
    if not answer(call.world, int(body.push), body.act, body.number, call.clock.now()):
        raise not_found()
    return RedirectResponse("/mailbox", 303)
