"""Device authentication with PingOne: begin, choose, and hand over the passcode that the customer typed."""

from __future__ import annotations

from csrdesk.errors import ConflictError, InvalidValueError, NotFoundError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.model.text import clean, passcode
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import authentications
from csrdesk.services.pingone.api import Received
from csrdesk.services.pingone.authentications import Authentication

_WRONG = frozenset({"INVALID_OTP", "INVALID_VALUE"})
"""PingOne's detail codes for a passcode that is not the right one."""
_OVER = "This passcode cannot be used any more. Choose a device again for a new one."
_NOT_USABLE = "This device cannot be used now. Choose another one."
_ELSEWHERE = "The answer came from another device than the one asked. Choose a device again."


async def start(effect: fx.StartDeviceAuthentication, outside: Outside) -> r.AuthenticationIs:
    """Begin; where one device is named, PingOne sends its passcode now."""
    got = await authentications.start(
        outside.pingone, effect.person_id, policy_id=effect.policy_id, device_id=effect.device_id
    )
    return _is(got)


async def select(effect: fx.SelectDevice, outside: Outside) -> r.AuthenticationIs:
    """Choose a device, or the same one again for a new passcode."""
    return _is(await authentications.select(outside.pingone, effect.authentication_id, effect.device_id))


async def check_passcode(effect: fx.CheckPasscode, context: Context, outside: Outside) -> Reply:
    """Right only where PingOne completes this authentication, by this very answer, for the device that was asked."""
    if context.secret is None:
        return r.SecretLost()
    typed = passcode(context.secret.reveal())
    if not typed:
        return r.PasscodeWrong()
    try:
        got = await authentications.check_passcode(outside.pingone, effect.authentication_id, typed)
    except InvalidValueError as error:
        if error.fields.get("otp") in _WRONG:
            return r.PasscodeWrong(correlation_id=error.correlation_id)
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)
    except NotFoundError as error:
        return r.PasscodeRefused(_OVER, correlation_id=error.correlation_id)
    except ConflictError as error:
        return r.PasscodeRefused(_NOT_USABLE, correlation_id=error.correlation_id)
    return _judged(got, effect)


def _judged(got: Received[Authentication], effect: fx.CheckPasscode) -> Reply:
    """`COMPLETED` may also come of a bypass or a remembered device: it counts only with the device that was asked."""
    answer = got.body
    device_id = answer.selected_device.id if answer.selected_device else ""
    if answer.status != "COMPLETED":
        return r.PasscodeRefused(_OVER, correlation_id=got.correlation_id)
    if device_id != effect.device_id or answer.id != effect.authentication_id:
        return r.PasscodeRefused(_ELSEWHERE, correlation_id=got.correlation_id)
    return r.PasscodeRight(device_id, correlation_id=got.correlation_id)


def _is(got: Received[Authentication]) -> r.AuthenticationIs:
    answer = got.body
    authentication = r.DeviceAuthentication(
        id=answer.id,
        status=clean(answer.status, 64),
        device_id=answer.selected_device.id if answer.selected_device else "",
        error=clean(answer.error.message, 160),
        error_code=clean(answer.error.code, 64),
    )
    return r.AuthenticationIs(authentication, correlation_id=got.correlation_id)
