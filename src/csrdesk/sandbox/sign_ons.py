"""What the identity provider remembers: sign-ons, and the codes and tokens that came of each.

In memory, gone with the sandbox. Nothing here speaks HTTP.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.sandbox import ids
from csrdesk.sandbox.clock import Clock
from csrdesk.sandbox.staff import Staff

CODE_LIFE: Final = timedelta(seconds=60)
DEVICE_LIFE: Final = timedelta(minutes=10)
SHIFT: Final = timedelta(hours=10)
"""A sign-on's refresh tokens end then, however often they were exchanged."""
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no word is spelled (RFC 8628, 6.1)."""


class SignOn(msgspec.Struct, kw_only=True):
    """One sign-on of one agent at one client, and all that was made of it."""

    id: str
    who: Staff
    client_id: str
    scope: str
    at: datetime
    nonce: str = ""
    over: bool = False

    def ends(self) -> datetime:
        return self.at + SHIFT


class Code(msgspec.Struct, kw_only=True):
    """An authorization code: once, soon, and for whoever holds the verifier."""

    sign_on: SignOn
    redirect_uri: str
    challenge: str
    ends: datetime
    used: bool = False


class Device(msgspec.Struct, kw_only=True):
    """A device that waits for somebody to sign on elsewhere."""

    code: str
    user_code: str
    client_id: str
    scope: str
    ends: datetime
    interval: float
    asked_at: datetime | None = None
    sign_on: SignOn | None = None
    denied: bool = False


class SignOns:
    """Everything that is remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.codes: dict[str, Code] = {}
        self.devices: dict[str, Device] = {}
        self.refreshes: dict[str, SignOn] = {}
        """Those that may be used now."""
        self._used: dict[str, SignOn] = {}
        self._by_id: dict[str, SignOn] = {}
        self._revoked: set[str] = set()
        self.removed: set[str] = set()
        """User names of agents who were taken away."""

    def forget(self) -> None:
        """As at the start."""
        for kept in (self.codes, self.devices, self.refreshes, self._used, self._by_id, self._revoked, self.removed):
            kept.clear()

    def begin(self, who: Staff, client_id: str, scope: str, nonce: str = "") -> SignOn:
        """Somebody has just signed on."""
        made = SignOn(id=ids.fresh(), who=who, client_id=client_id, scope=scope, at=self._clock.now(), nonce=nonce)
        self._by_id[made.id] = made
        return made

    def code_for(self, sign_on: SignOn, *, redirect_uri: str, challenge: str) -> str:
        """A code that ends in a minute."""
        value = secrets.token_urlsafe(32)
        ends = self._clock.now() + CODE_LIFE
        self.codes[value] = Code(sign_on=sign_on, redirect_uri=redirect_uri, challenge=challenge, ends=ends)
        return value

    def device_for(self, client_id: str, scope: str, interval: float) -> Device:
        """A pair of codes: one for the device, a short one for the person."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        made = Device(
            code=secrets.token_urlsafe(32),
            user_code=f"{letters[:4]}-{letters[4:]}",
            client_id=client_id,
            scope=scope,
            ends=self._clock.now() + DEVICE_LIFE,
            interval=interval,
        )
        self.devices[made.code] = made
        return made

    def device_of(self, typed: str) -> Device | None:
        """The device that shows that code and still waits; letter case and hyphens do not matter."""
        plain = "".join(letter for letter in typed.upper() if letter.isalpha())
        waiting = (one for one in self.devices.values() if one.sign_on is None and not one.denied)
        return next((one for one in waiting if one.user_code.replace("-", "") == plain and self.lives(one.ends)), None)

    def refresh_for(self, sign_on: SignOn) -> str:
        """The one refresh token of this sign-on; the one before counts no more."""
        for old in [token for token, of in self.refreshes.items() if of is sign_on]:
            self._used[old] = self.refreshes.pop(old)
        value = secrets.token_urlsafe(48)
        self.refreshes[value] = sign_on
        return value

    def take_refresh(self, token: str) -> SignOn | None:
        """Its sign-on. One that was used before ends the sign-on: somebody has a copy (RFC 9700, 4.14.2)."""
        if (copied := self._used.get(token)) is not None:
            copied.over = True
            return None
        found = self.refreshes.get(token)
        return found if found is not None and self.stands(found) else None

    def end(self, sign_on_id: str) -> None:
        """Nothing that was made of that sign-on counts any more."""
        if (found := self._by_id.get(sign_on_id)) is not None:
            found.over = True

    def end_by_refresh(self, token: str) -> None:
        """The same by any of its refresh tokens; an unknown one is no error (RFC 7009, 2.2)."""
        if (found := self.refreshes.get(token) or self._used.get(token)) is not None:
            found.over = True

    def revoke(self, token_id: str) -> None:
        """One access token, by its `jti`."""
        self._revoked.add(token_id)

    def counts(self, token_id: str, sign_on_id: str) -> bool:
        """Whether an access token would still be called active."""
        sign_on = self._by_id.get(sign_on_id)
        return token_id not in self._revoked and (not sign_on_id or (sign_on is not None and self.stands(sign_on)))

    def stands(self, sign_on: SignOn) -> bool:
        """Whether the shift is on, nobody signed off, and the agent is still one."""
        return not sign_on.over and self.lives(sign_on.ends()) and sign_on.who.username not in self.removed

    def lives(self, ends: datetime) -> bool:
        return self._clock.now() < ends
