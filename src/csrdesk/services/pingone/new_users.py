"""Making an account (PingOne API, "Create User (Import)"). Apart from `users`, which never makes anybody.

An import says that the address was verified, so it is for an address that was; PingOne sends no mail of its own then.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import ConflictError, InvalidValueError
from csrdesk.model.secret import Secret
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.users import Name, Reference, User


class NewUser(msgspec.Struct, frozen=True):
    """Whom to make, as typed: the address is the user name as well."""

    email: str
    given: str
    family: str
    population_id: str = ""
    """Empty for the environment's default one."""


class Created(msgspec.Struct, frozen=True):
    """The account is there."""

    user_id: str
    created_at: datetime | None = None
    correlation_id: str = ""


class Taken(msgspec.Struct, frozen=True):
    """Somebody has that address as user name already; nothing was made."""

    correlation_id: str = ""


class NotTaken(msgspec.Struct, frozen=True):
    """PingOne does not take a value; nothing was made."""

    fields: dict[str, str]
    """What was wrong with which member, in PingOne's words: `name.family`, `email`, `password.value` and so on."""
    rules: tuple[str, ...] = ()
    """Of the password policy, those that the password does not meet."""
    correlation_id: str = ""


class _Password(msgspec.Struct, frozen=True, rename="camel"):
    value: str
    force_change: bool = False


class _Lifecycle(msgspec.Struct, frozen=True):
    status: str = "ACCOUNT_OK"


class _Import(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    username: str
    email: str
    name: Name
    email_verified: bool
    lifecycle: _Lifecycle
    population: Reference | None = None
    password: _Password | None = None


async def create(api: Api, new: NewUser, password: Secret | None) -> Created | Taken | NotTaken:
    """Make the account, once; without a password where there is none.

    After no answer nobody knows whether it was made: `users.with_email` tells.
    """
    body = _Import(
        username=new.email,
        email=new.email,
        name=Name(new.given, new.family),
        email_verified=True,
        lifecycle=_Lifecycle(),
        population=Reference(new.population_id) if new.population_id else None,
        password=_Password(password.reveal()) if password is not None else None,
    )
    try:
        got = await api.post(f"{api.api_url}/users", body, User, media="user.import")
    except ConflictError as error:
        if "UNIQUENESS_VIOLATION" not in error.fields.values():
            raise
        return Taken(error.correlation_id)
    except InvalidValueError as error:
        return NotTaken(error.fields, error.rules, error.correlation_id)
    return Created(got.body.id, got.body.created_at, got.correlation_id)
