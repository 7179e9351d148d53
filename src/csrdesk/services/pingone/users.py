"""Users: find, read, enable, and the switches of MFA (PingOne API, "Users", "Enable Users", "Bypass MFA")."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.services.pingone.api import Api, Links, Received, path
from csrdesk.services.pingone.filters import any_of, equals, phone_forms

LIST_AT_MOST = 20
"""People that one look-up shows."""


class Name(msgspec.Struct, frozen=True):
    """The parts of a name that a desk uses."""

    given: str = ""
    family: str = ""


class AccountState(msgspec.Struct, frozen=True, rename="camel"):
    """`account`: whether a lock is on."""

    status: str = "OK"
    unlock_at: datetime | None = None


class SignOn(msgspec.Struct, frozen=True):
    """`lastSignOn`."""

    at: datetime | None = None


class Reference(msgspec.Struct, frozen=True):
    """A resource named by its id."""

    id: str


class User(msgspec.Struct, frozen=True, rename="camel"):
    """A user, as far as a desk needs it. Texts are as PingOne has them: not yet cleaned, not masked."""

    id: str
    username: str
    enabled: bool
    name: Name = Name()
    email: str = ""
    email_verified: bool = False
    mfa_enabled: bool = False
    account: AccountState = AccountState()
    population: Reference | None = None
    external_id: str = ""
    account_id: str = ""
    """The directory's `objectGUID` where somebody keeps it here."""
    mobile_phone: str = ""
    primary_phone: str = ""
    last_sign_on: SignOn | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def locked(self) -> bool:
        return self.account.status == "LOCKED"

    @property
    def phone(self) -> str:
        """The number on record; empty for none."""
        return self.mobile_phone.strip() or self.primary_phone.strip()


class _Anything(msgspec.Struct, frozen=True):
    """Whatever it is, it is an answer."""


async def any_there(api: Api) -> None:
    """Ask for one user of whatever name: only whether that is answered counts. Raises a `ServiceError`."""
    await api.get(f"{api.api_url}/users", _Anything, {"limit": 1})


class _Embedded(msgspec.Struct, frozen=True):
    users: tuple[User, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())
    count: int | None = None


class Found(msgspec.Struct, frozen=True):
    """The users that an identifier fits, at most `LIST_AT_MOST`."""

    users: tuple[User, ...]
    more: bool


class _Enabled(msgspec.Struct, frozen=True):
    enabled: bool


class _MfaEnabled(msgspec.Struct, frozen=True, rename="camel"):
    mfa_enabled: bool


class _Bypass(msgspec.Struct, frozen=True, rename={"until": "bypassMFAEnabledUntil"}):
    until: datetime | None = None


async def find(api: Api, identifier: str) -> Received[Found]:
    """Users by user name, mail address, customer number (`externalId`) or phone, exactly as typed."""
    names = [equals(attribute, identifier) for attribute in ("username", "email", "externalId")]
    phones = [
        equals(attribute, form) for form in phone_forms(identifier) for attribute in ("mobilePhone", "primaryPhone")
    ]
    query: dict[str, str | int] = {"filter": any_of(*names, *phones), "limit": LIST_AT_MOST + 1}
    got = await api.get(f"{api.api_url}/users", _Page, query)
    page = got.body
    # A page may be smaller than asked for (PingOne API, "Paging"): a next link or a larger count tells as well.
    more = len(page.embedded.users) > LIST_AT_MOST or bool(page.links.next) or (page.count or 0) > LIST_AT_MOST
    return Received(Found(page.embedded.users[:LIST_AT_MOST], more), got.correlation_id)


async def with_email(api: Api, address: str) -> Received[Found]:
    """Users with exactly that mail address; more than one is more than one too many."""
    query: dict[str, str | int] = {"filter": equals("email", address), "limit": 2}
    got = await api.get(f"{api.api_url}/users", _Page, query)
    users = got.body.embedded.users
    return Received(Found(users, len(users) > 1 or (got.body.count or 0) > 1), got.correlation_id)


async def bearing(api: Api, address: str) -> Received[Found]:
    """Users with exactly that mail address, or with it as their user name; two are looked at."""
    query: dict[str, str | int] = {
        "filter": any_of(equals("email", address), equals("username", address)),
        "limit": 2,
    }
    got = await api.get(f"{api.api_url}/users", _Page, query)
    users = got.body.embedded.users
    return Received(Found(users, len(users) > 1 or (got.body.count or 0) > 1), got.correlation_id)


async def how_many(api: Api, bearing: dict[str, str]) -> int:
    """How many users bear any of these: `external_id`, `email` or `username`, each with its value. Counts to two."""
    names = {"external_id": "externalId"}
    wanted = any_of(*(equals(names.get(name, name), value) for name, value in bearing.items()))
    query: dict[str, str | int] = {"filter": wanted, "limit": 2}
    page = (await api.get(f"{api.api_url}/users", _Page, query)).body
    return max(len(page.embedded.users), min(page.count or 0, 2))


async def read(api: Api, user_id: str) -> Received[User]:
    """One user."""
    return await api.get(f"{api.api_url}/{path('users', user_id)}", User)


async def is_enabled(api: Api, user_id: str) -> bool:
    """The switch alone, read from the place it is written to."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'enabled')}", _Enabled)).body.enabled


async def set_enabled(api: Api, user_id: str, *, enabled: bool) -> str:
    """Write the switch; gives the correlation id."""
    url = f"{api.api_url}/{path('users', user_id, 'enabled')}"
    return (await api.put(url, _Enabled(enabled), _Enabled)).correlation_id


async def is_mfa_enabled(api: Api, user_id: str) -> bool:
    """Whether PingOne asks for MFA, read from the place it is written to."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'mfaEnabled')}", _MfaEnabled)).body.mfa_enabled


async def set_mfa_enabled(api: Api, user_id: str, *, enabled: bool) -> str:
    """Write that switch; gives the correlation id."""
    url = f"{api.api_url}/{path('users', user_id, 'mfaEnabled')}"
    return (await api.put(url, _MfaEnabled(enabled), _MfaEnabled)).correlation_id


async def unlock(api: Api, user_id: str) -> str:
    """End the account's lock; PingOne forgets counted passcode failures, too. Gives the correlation id."""
    return (await api.act(f"{api.api_url}/{path('users', user_id)}", "account.unlock", User)).correlation_id


async def bypass_until(api: Api, user_id: str) -> datetime | None:
    """When an administrator's MFA bypass ends; None where there is none."""
    return (await api.get(f"{api.api_url}/{path('users', user_id, 'bypassMFA')}", _Bypass)).body.until
