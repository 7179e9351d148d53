"""Whether a password is right, and the lock-out that wrong ones lead to. PingOne API, "User passwords"."""

from __future__ import annotations

from csrdesk.sandbox import gateways
from csrdesk.sandbox.accounts import refuse_unusable
from csrdesk.sandbox.answers import INVALID_DATA, Refusal, failed, invalid
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.model import User
from csrdesk.sandbox.password_state import policy_for, seconds_locked


def _locked_out(call: Call, user: User, target: str) -> Refusal:
    inner = {"secondsUntilUnlock": seconds_locked(user, call.clock.now())}
    refusal = Refusal(400, "INVALID_DATA", INVALID_DATA)
    return refusal.detail("PASSWORD_LOCKED_OUT", "The password is locked out.", target=target, inner=inner)


def _is_right(call: Call, user: User, value: str) -> bool:
    if user.password.status == "EXTERNAL":
        return gateways.is_right(call, user, value)
    present = user.password.remembered[-1] if user.password.remembered else None
    return present is not None and present.digest == digest(user.id, value)


def _count(call: Call, user: User) -> None:
    """One more wrong one; the policy's number of them locks. What a directory holds, the directory counts."""
    if user.password.status == "EXTERNAL":
        return
    policy = policy_for(user)
    user.password.failures += 1
    if user.password.failures >= policy.lockout_failures:
        user.password.locked_until = call.clock.now() + policy.lockout_time
        user.password.failures = 0


def refuse_wrong(call: Call, user: User, value: str, *, target: str) -> None:
    """Raises where the password is not the user's, is locked out, or does not exist, or the account cannot be used."""
    refuse_unusable(user, call.clock.now(), locked_is_fine=False)
    if user.password.status == "NO_PASSWORD":
        raise failed("NO_PASSWORD", "The user has no password.", target=target)
    if user.password.status != "EXTERNAL" and seconds_locked(user, call.clock.now()):
        raise _locked_out(call, user, target)
    if not _is_right(call, user, value):
        _count(call, user)
        call.note("PASSWORD.CHECK_FAILED", "Password Check Failed", user)
        raise invalid(target, "The provided password did not match provisioned password")
    user.password.failures = 0
    call.note("PASSWORD.CHECK_SUCCEEDED", "Password Check Succeeded", user)
