"""Device authentication with PingOne: begin, choose, and hand over the passcode that the customer typed, what their
passkey signed, or wait for the answer to a push.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from csrdesk.errors import ConflictError, InvalidValueError, NotFoundError, RefusedError
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.text import clean, passcode
from csrdesk.services.performer.locked_out import after_wrong, why_not_usable
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import authentications
from csrdesk.services.pingone.api import Received
from csrdesk.services.pingone.authentications import Authentication

_WRONG = frozenset({"INVALID_OTP", "INVALID_VALUE"})
"""PingOne's detail codes for a passcode that is not the right one."""
_OFTEN: Final = 1.0
"""Seconds between two questions about a push, at first."""
_SELDOM: Final = 2.0
_AT_FIRST: Final = 20.0
"""Seconds: twenty questions, then one every two seconds, so that no minute has more than 45."""
_DENIED = frozenset({"PUSH_CONFIRMATION_DENIED"})
"""PingOne's error code of a push that was denied (inferred)."""
_OVER = "This passcode cannot be used any more. Choose a device again for a new one."
NOT_TAKEN = "No passcode is taken for that device as things are. Choose a device again."
_ELSEWHERE = "The answer came from another device than the one asked. Choose a device again."


async def start(effect: fx.StartDeviceAuthentication, outside: Outside) -> Reply:
    """Begin; where one device is named, PingOne sends its passcode now."""
    api, who, device = outside.pingone, effect.person_id, effect.device_id
    try:
        got = await authentications.start(api, who, policy_id=effect.policy_id, device_id=device)
    except RefusedError as error:
        if refused := await why_not_usable(who, device, outside, error):
            return refused
        raise
    answer = answer_of(got)
    if got.body.status != "PUSH_CONFIRMATION_REQUIRED":
        return answer
    outside.remembered.saw_push(number=bool(got.body.number_matching.number))
    seconds = outside.remembered.push_seconds(effect.policy_id)
    until = outside.now() + timedelta(seconds=seconds) if seconds else None
    return replace(answer, push_until=until)


async def select(effect: fx.SelectDevice, outside: Outside) -> Reply:
    """Choose a device, or the same one again for a new passcode."""
    try:
        return answer_of(await authentications.select(outside.pingone, effect.authentication_id, effect.device_id))
    except RefusedError as error:
        if refused := await why_not_usable(effect.person_id, effect.device_id, outside, error):
            return refused
        raise


async def check_passcode(effect: fx.CheckPasscode, context: Context, outside: Outside) -> Reply:
    """Right only where PingOne completes this authentication, by this very answer, for the device that was asked."""
    try:
        got = await passcode_checked(effect.authentication_id, context, outside)
    except ConflictError as error:
        return await _conflict(effect, outside, error)
    if isinstance(got, r.PasscodeWrong) and got.correlation_id:
        return await after_wrong(effect, outside, got.correlation_id)
    return got if isinstance(got, Reply) else _judged(got, effect)


async def _conflict(effect: fx.CheckPasscode | dx.CheckAssertion, outside: Outside, error: ConflictError) -> Reply:
    """By the device, read again: one that takes nothing more is not offered again."""
    refused = await why_not_usable(effect.person_id, effect.device_id, outside, error)
    return refused or r.PasscodeRefused(NOT_TAKEN, correlation_id=error.correlation_id)


async def passcode_checked(
    authentication_id: str, context: Context, outside: Outside
) -> Received[Authentication] | Reply:
    """PingOne's answer to what was typed, still to be judged; or the reply, where it was not taken.

    Raises `ConflictError` where PingOne takes no passcode as things are.
    """
    if context.secret is None:
        return r.SecretLost()
    typed = passcode(context.secret.reveal())
    if not typed:
        return r.PasscodeWrong()
    try:
        return await authentications.check_passcode(outside.pingone, authentication_id, typed)
    except InvalidValueError as error:
        if error.fields.get("otp") in _WRONG:
            return r.PasscodeWrong(correlation_id=error.correlation_id)
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)
    except NotFoundError as error:
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)


def _judged(got: Received[Authentication], effect: fx.CheckPasscode) -> Reply:
    """`COMPLETED` may also come of a bypass or a remembered device: it counts only with the device that was asked."""
    answer = got.body
    device_id = answer.selected_device.id
    if answer.status != "COMPLETED":
        return r.PasscodeRefused(_OVER, correlation_id=got.correlation_id)
    if device_id != effect.device_id or answer.id != effect.authentication_id:
        return r.PasscodeRefused(_ELSEWHERE, correlation_id=got.correlation_id)
    return r.PasscodeRight(device_id, correlation_id=got.correlation_id)


async def check_assertion(effect: dx.CheckAssertion, context: Context, outside: Outside) -> Reply:
    """Right only where PingOne completes this authentication, by this very answer, for the passkey that was asked."""
    if context.secret is None:
        return r.SecretLost()
    signed, origin = context.secret.reveal(), outside.public_url()
    try:
        got = await authentications.check_assertion(outside.pingone, effect.authentication_id, signed, origin)
    except InvalidValueError as error:
        return dr.AssertionWrong(correlation_id=error.correlation_id)
    except NotFoundError as error:
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)
    except ConflictError as error:
        return await _conflict(effect, outside, error)
    if got.body.status != "COMPLETED" or not _is_of(got.body, effect):
        return r.PasscodeRefused(_ELSEWHERE, correlation_id=got.correlation_id)
    return dr.AssertionRight(effect.device_id, correlation_id=got.correlation_id)


async def await_push(effect: dx.AwaitPush, outside: Outside) -> Reply:
    """Ask until there is an answer; PingOne's own time-out (40 to 150 s) ends it."""
    began = time.monotonic()
    while True:
        got = await authentications.read(outside.pingone, effect.authentication_id)
        if got.body.status != "PUSH_CONFIRMATION_REQUIRED":
            return _answered(got, effect)
        await asyncio.sleep(_OFTEN if time.monotonic() - began < _AT_FIRST else _SELDOM)


def _answered(got: Received[Authentication], effect: dx.AwaitPush) -> Reply:
    match got.body.status:
        case "COMPLETED" if _is_of(got.body, effect):
            return dr.PushApproved(effect.device_id, correlation_id=got.correlation_id)
        case "PUSH_CONFIRMATION_TIMED_OUT":
            return dr.PushTimedOut(correlation_id=got.correlation_id)
        case "FAILED" if got.body.error.code in _DENIED:
            return dr.PushDenied(correlation_id=got.correlation_id)
        case _:
            return answer_of(got)


def _is_of(answer: Authentication, effect: dx.CheckAssertion | dx.AwaitPush) -> bool:
    """Whether it is this authentication, and of the device that was asked."""
    device_id = answer.selected_device.id
    return answer.id == effect.authentication_id and device_id == effect.device_id


async def cancel_push(effect: dx.CancelPush, outside: Outside) -> r.AuthenticationIs:
    """Take the push back."""
    return answer_of(await authentications.cancel_push(outside.pingone, effect.authentication_id))


def answer_of(got: Received[Authentication]) -> r.AuthenticationIs:
    """PingOne's resource as flows know it; its words made harmless."""
    answer = got.body
    authentication = r.DeviceAuthentication(
        id=answer.id,
        status=clean(answer.status, 64),
        device_id=answer.selected_device.id,
        error=clean(answer.error.message, 160),
        error_code=clean(answer.error.code, 64),
        options=answer.options,
        number=clean(answer.number_matching.number, 8),
    )
    return r.AuthenticationIs(authentication, correlation_id=got.correlation_id)
