"""Forgotten passwords: PingOne mails a code and takes it with a new password (PingOne API, "User passwords").

The code has eight letters and digits, letter case does not count; it is good for five minutes and five failures.
"""

from __future__ import annotations

import msgspec

from csrdesk.model.secret import Secret
from csrdesk.services.pingone.api import Api, Received, path
from csrdesk.services.pingone.passwords import PasswordState


class _Recover(msgspec.Struct, frozen=True, rename="camel"):
    recovery_code: str
    new_password: str


async def send_code(api: Api, user_id: str) -> str:
    """Have PingOne mail a code, once; the one before is good no more. Gives the correlation id.

    Raises `ConflictError` for an account that can have none: disabled, without a password, locked out.
    """
    return (await api.act(_url(api, user_id), "password.sendRecoveryCode", PasswordState)).correlation_id


async def recover(api: Api, user_id: str, code: Secret, password: Secret) -> Received[PasswordState]:
    """Set a new password with the code, once.

    Raises `InvalidValueError`: with the field `recoveryCode` for a code that is not right or not good any more, with
    the field `newPassword` and its rules for a password that the policy refuses.
    """
    body = _Recover(code.reveal(), password.reveal())
    return await api.post(_url(api, user_id), body, PasswordState, media="password.recover")


def _url(api: Api, user_id: str) -> str:
    return f"{api.api_url}/{path('users', user_id, 'password')}"
