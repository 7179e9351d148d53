"""Forgotten passwords: PingOne mails a recovery code and takes it with a new password. PingOne API, "User passwords".

Eight letters and digits, letter case does not count; five minutes, five failures. Which answer a wrong code gets is
inferred from the target that Ping's own sample reads (`recoveryCode`).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Final

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import gateways
from csrdesk.sandbox.answers import failed, invalid
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.model import Mail, Recovery, User
from csrdesk.sandbox.password_changes import judge_and_keep
from csrdesk.sandbox.password_state import seconds_locked, state
from csrdesk.sandbox.users import found_user

LIFE: Final = timedelta(minutes=5)
FAILURES: Final = 5
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH: Final = 8
SENDER: Final = "noreply@pingone.example"


class _Recover(msgspec.Struct, frozen=True, rename="camel"):
    recovery_code: str
    new_password: str


def _refuse_unrecoverable(call: Call, user: User) -> None:
    if not user.enabled:
        raise failed("ACCOUNT_NOT_USABLE", "The account is disabled.", target="user")
    if user.password.status == "NO_PASSWORD":
        raise failed("NO_PASSWORD", "The user has no password.")
    if seconds_locked(user, call.clock.now()):
        raise failed("CONSTRAINT_VIOLATION", "The password is locked out.")
    if user.password.status == "EXTERNAL" and not gateways.allows_changes(user):
        raise failed("CONSTRAINT_VIOLATION", "The directory takes no changes of passwords.")


def send_code(call: Call) -> Response:
    """password.sendRecoveryCode: a new code ends the one before."""
    user = found_user(call)
    _refuse_unrecoverable(call, user)
    now = call.clock.now()
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    user.recovery = Recovery(code=code, until=now + LIFE)
    call.world.mails.append(
        Mail(
            seq=call.world.next_sequence(),
            at=now,
            sender=SENDER,
            to=user.email,
            subject="Your recovery code",
            text=f"Your recovery code is {code}. It is good for 5 minutes.\n",
            html="",
        )
    )
    call.note("PASSWORD.RECOVERY_CODE_SENT", "Recovery Code Sent", user)
    return state(call, user)


def recover(call: Call) -> Response:
    """password.recover: a right code is used up by a password that is taken, a wrong one is counted."""
    user = found_user(call)
    wanted = call.decode(_Recover)
    _refuse_unrecoverable(call, user)
    recovery, now = user.recovery, call.clock.now()
    if recovery is None or recovery.failures >= FAILURES or recovery.until <= now:
        raise invalid("recoveryCode", "The recovery code is not valid any more.")
    if not hmac.compare_digest(recovery.code.encode(), wanted.recovery_code.strip().upper().encode()):
        recovery.failures += 1
        raise invalid("recoveryCode", "The recovery code is not valid.")
    if not wanted.new_password:
        raise invalid("newPassword", "The password is empty.", code="EMPTY_VALUE")
    judge_and_keep(call, user, wanted.new_password, target="newPassword")
    user.recovery = None
    call.note("PASSWORD.RECOVERED", "Password Recovered", user)
    return state(call, user, status="OK")
