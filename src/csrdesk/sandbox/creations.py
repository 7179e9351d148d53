"""Making accounts: PingOne API, "Create User" and "Create User (Import)". Here alone an account comes into being.

Which member an error names is inferred from the error codes' page; that an import's password is judged by the policy as
well. PingOne mails a verification code for some of these accounts; here nobody takes such a code, so none is mailed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import INVALID_DATA, Refusal, hal, invalid
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.model import Password, RememberedPassword, User
from csrdesk.sandbox.password_changes import judge
from csrdesk.sandbox.person import CARE_STAFF, POPULATIONS
from csrdesk.sandbox.users import user_resource

_KINDS: Final = frozenset("LMSNP")
"""First letters of Unicode's categories that most texts may be made of; spaces (Zs) as well."""
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,255}")
_LIFECYCLES: Final = frozenset({"ACCOUNT_OK", "VERIFICATION_REQUIRED"})


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Name(msgspec.Struct, frozen=True):
    given: str = ""
    family: str = ""


class _Lifecycle(msgspec.Struct, frozen=True):
    status: str = "ACCOUNT_OK"


class _Password(msgspec.Struct, frozen=True, rename="camel"):
    value: str = ""
    force_change: bool = False


class _New(msgspec.Struct, frozen=True, rename="camel"):
    """Body of both; the last three are an import's alone."""

    username: str
    email: str
    name: _Name = _Name()
    population: _Id | None = None
    nickname: str = ""
    mobile_phone: str = ""
    external_id: str = ""
    mfa_enabled: bool = False
    email_verified: bool = False
    lifecycle: _Lifecycle | None = None
    password: _Password | None = None


def _is_text(value: str, longest: int) -> bool:
    return len(value) <= longest and all(
        unicodedata.category(c)[0] in _KINDS or unicodedata.category(c) == "Zs" for c in value
    )


def _is_family_name(value: str) -> bool:
    return _is_text(value, 256) and all(unicodedata.category(c)[0] in "LMN" or c in "' .-" for c in value)


def _refuse_invalid(new: _New) -> None:
    """Raises one refusal that names each member that is not allowed."""
    wrong = {
        "username": not new.username or not _is_text(new.username, 128),
        "email": not _is_text(new.email, 256) or not _ADDRESS.fullmatch(new.email),
        "name.given": not _is_text(new.name.given, 256),
        "name.family": not _is_family_name(new.name.family),
        "lifecycle.status": new.lifecycle is not None and new.lifecycle.status not in _LIFECYCLES,
        "population.id": new.population is not None and new.population.id.lower() not in _POPULATION_IDS,
    }
    refusal = Refusal(400, "INVALID_DATA", INVALID_DATA)
    for target in (name for name, broken in wrong.items() if broken):
        refusal.detail("INVALID_VALUE", "Invalid value for attribute.", target=target)
    if refusal.details:
        raise refusal


_POPULATION_IDS = frozenset(ids.stable("population", name) for name in POPULATIONS)


def _refuse_taken(call: Call, new: _New) -> None:
    """User names are unique whatever their letter case; addresses are not."""
    for user in call.world.users.values():
        if user.username.casefold() == new.username.casefold():
            message = "The username is not unique within the environment."
            raise invalid("username", message, code="UNIQUENESS_VIOLATION")


def _made(call: Call, new: _New) -> User:
    now = call.clock.now()
    return User(
        id=ids.fresh(),
        username=new.username,
        given=new.name.given,
        family=new.name.family,
        nickname=new.nickname,
        prefix="",
        email=new.email,
        email_verified=new.email_verified,
        mobile_phone=new.mobile_phone,
        external_id=new.external_id,
        account_id="",
        population_id=new.population.id.lower() if new.population else ids.stable("population", CARE_STAFF),
        password=Password(status="NO_PASSWORD", changed_at=now),
        created_at=now,
        updated_at=now,
        mfa_enabled=new.mfa_enabled,
        lifecycle=new.lifecycle.status if new.lifecycle else "",
    )


def _create(call: Call, new: _New) -> Response:
    _refuse_invalid(new)
    _refuse_taken(call, new)
    user = _made(call, new)
    if new.password is not None and new.password.value:
        value = new.password.value
        judge(call, user, value, target="password.value")
        now = user.password.changed_at
        status = "MUST_CHANGE_PASSWORD" if new.password.force_change else "OK"
        remembered = [RememberedPassword(digest(user.id, value), now)]
        user.password = Password(status=status, changed_at=now, remembered=remembered)
    call.world.users[user.id] = user
    call.note("USER.CREATED", "User Created", user)
    return hal(user_resource(call, user), 201, location=f"{call.api}/users/{user.id}")


def _plain(call: Call) -> Response:
    """Without what only an import may say."""
    new = call.decode(_New)
    return _create(call, msgspec.structs.replace(new, email_verified=False, lifecycle=None, password=None))


def _import(call: Call) -> Response:
    return _create(call, call.decode(_New))


def create_user(call: Call) -> Response:
    """POST users: the content type tells an import from a plain one."""
    return by_media(call, {"application/json": _plain, ping_media("user.import"): _import})
