"""An administrator's leave to sign on without MFA for a while. PingOne API, "Bypass MFA".

Apart from the accounts, because it changes what a device authentication says: it completes at once and asks nobody.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from starlette.responses import Response

from csrdesk.sandbox.answers import hal, invalid, link
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import User
from csrdesk.sandbox.users import found_user


class _Bypass(msgspec.Struct, frozen=True):
    bypassMFAEnabledUntil: datetime | None = None  # noqa: N815 - as on the wire


def is_bypassing(user: User, now: datetime) -> bool:
    """True while the leave runs."""
    return user.bypass_until is not None and user.bypass_until > now


def _state(call: Call, user: User) -> Response:
    """The end is absent where no leave runs."""
    home = f"{call.api}/users/{user.id}"
    body: dict[str, object] = {"_links": {"self": link(f"{home}/bypassMFA"), "user": link(home)}}
    if user.bypass_until is not None and is_bypassing(user, call.clock.now()):
        body["bypassMFAEnabledUntil"] = stamp(user.bypass_until)
    return hal(body)


def read_bypass(call: Call) -> Response:
    """GET bypassMFA."""
    return _state(call, found_user(call))


def update_bypass(call: Call) -> Response:
    """PUT bypassMFA; without a moment, or with null, the leave ends."""
    user = found_user(call)
    until = call.decode(_Bypass).bypassMFAEnabledUntil
    if until is not None and until.tzinfo is None:
        raise invalid("bypassMFAEnabledUntil")
    user.bypass_until = until
    user.updated_at = call.clock.now()
    call.note("USER.UPDATED", "User Updated", user)
    return _state(call, user)
