"""The world as it is when a sandbox starts: every invented person with account, devices, sessions and troubles."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from csrdesk.sandbox import ids
from csrdesk.sandbox.authenticator import Passkey, make_passkey, public_key
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.directory_passwords import SUPPORTED_CONTROLS
from csrdesk.sandbox.domain import build_entries, object_guid
from csrdesk.sandbox.gateway_values import BRANCH, link_of
from csrdesk.sandbox.model import (
    LOCK_FOR_LONG,
    Activity,
    Device,
    Lock,
    Password,
    RememberedPassword,
    SignOnSession,
    User,
    World,
)
from csrdesk.sandbox.passcodes import WITH_APP
from csrdesk.sandbox.password_rules import STANDARD
from csrdesk.sandbox.person import DeviceSpec, Person, Trouble

_FIRST_ACCOUNT = datetime(2018, 3, 1, 9, 0, tzinfo=UTC)


def created_at(person: Person) -> datetime:
    """When somebody's account was made: years ago, the same in every sandbox."""
    return _FIRST_ACCOUNT + timedelta(days=person.number * 37 % 1500, minutes=person.number)


def totp_secret(username: str, index: int) -> str:
    """Base32 of the 160 bits that RFC 4226 recommends, the same in every sandbox."""
    return base64.b32encode(hashlib.sha1(f"totp:{username}:{index}".encode()).digest()).decode()  # noqa: S324 - no secret


def _device(person: Person, index: int, spec: DeviceSpec, now: datetime) -> Device:
    registered = created_at(person) + timedelta(days=40 + index)
    return Device(
        id=ids.stable("device", f"{person.username}/{index}"),
        type=spec.type,
        to=spec.to,
        nickname=spec.nickname,
        created_at=registered,
        updated_at=registered,
        locked_until=now + LOCK_FOR_LONG if spec.locked else None,
        secret=totp_secret(person.username, index) if spec.type in WITH_APP else "",
        push=spec.push,
        rp_id=spec.rp_id if spec.type == "FIDO2" else "",
    )


def _register(user: User, device: Device) -> Passkey:
    """A passkey for that device: the person keeps it, and PingOne is given its public half."""
    passkey = make_passkey(device.id, user.username, device.rp_id)
    device.credential_id = passkey.credential_id
    device.public_key = public_key(passkey)
    return passkey


def _session(person: Person, index: int, now: datetime) -> SignOnSession:
    return SignOnSession(
        id=ids.stable("session", f"{person.username}/{index}"),
        created_at=now - timedelta(hours=3 + index),
        active_at=now - timedelta(minutes=5 + 20 * index),
        remote_ip=f"203.0.113.{person.number % 200 + 1}",
        browser=("Firefox", "Chrome", "Safari")[index % 3],
    )


def _password(person: Person, now: datetime) -> Password:
    trouble = person.trouble
    changed_at = now - timedelta(days=person.number % 60 + 1)
    if Trouble.NO_PASSWORD in trouble:
        return Password(status="NO_PASSWORD", changed_at=changed_at)
    if person.in_directory and Trouble.PINGONE_PASSWORD not in trouble:
        return Password(status="EXTERNAL", changed_at=changed_at, gateway=link_of(person.user_type))
    if Trouble.PINGONE_PASSWORD_EXPIRED in trouble:
        changed_at = now - STANDARD.max_age - timedelta(days=9)
    locked = Trouble.PINGONE_PASSWORD_LOCKED in trouble
    own = digest(ids.stable("user", person.username), person.password)
    return Password(
        status="MUST_CHANGE_PASSWORD" if Trouble.PINGONE_MUST_CHANGE in trouble else "OK",
        changed_at=changed_at,
        locked_until=now + LOCK_FOR_LONG if locked else None,
        failures=STANDARD.lockout_failures if locked else 0,
        remembered=[RememberedPassword(own, changed_at)],
    )


def _user(person: Person, now: datetime) -> User:
    created = created_at(person)
    trouble = person.trouble
    return User(
        id=ids.stable("user", person.username),
        username=person.username,
        given=person.given,
        family=person.family,
        nickname=person.nickname,
        prefix=person.prefix,
        email=person.email,
        email_verified=bool(person.email) and Trouble.EMAIL_UNVERIFIED not in trouble,
        mobile_phone=person.phone,
        external_id=person.customer_number,
        account_id=object_guid(person) if person.in_directory else "",
        population_id=ids.stable("population", person.population),
        password=_password(person, now),
        created_at=created,
        updated_at=created + timedelta(days=41),
        enabled=Trouble.DISABLED not in trouble,
        mfa_enabled=Trouble.MFA_OFF not in trouble,
        lock=Lock(locked_at=now - timedelta(hours=2), unlock_at=now + LOCK_FOR_LONG)
        if Trouble.PINGONE_LOCKED in trouble
        else None,
        devices=[_device(person, index, spec, now) for index, spec in enumerate(person.devices)],
        sessions=[_session(person, index, now) for index in range(person.sessions)],
        roles=[ids.IDENTITY_DATA_ADMIN] if Trouble.PROTECTED in trouble else [],
    )


def _earlier_activities(people: Iterable[Person], now: datetime) -> list[Activity]:
    """Who disabled those that are disabled, two days ago."""
    return [
        Activity(
            id=ids.stable("activity", person.username),
            at=now - timedelta(days=2),
            type="USER.UPDATED",
            description="User Updated",
            client_id=ids.CLIENT if Trouble.DISABLED_BY_DESK in person.trouble else ids.OTHER_CLIENT,
            user_id=ids.stable("user", person.username),
            correlation_id=ids.stable("correlation", person.username),
        )
        for person in people
        if Trouble.DISABLED in person.trouble
    ]


def build_world(people: tuple[Person, ...], now: datetime) -> World:
    """Everything about these people as of that moment."""
    users = [_user(person, now) for person in people if person.in_pingone]
    return World(
        started_at=now,
        users={user.id: user for user in users},
        passkeys=[_register(user, device) for user in users for device in user.devices if device.type == "FIDO2"],
        entries={entry.dn.lower(): entry for entry in build_entries(people, now)},
        activities=_earlier_activities(people, now),
        offline_gateways=[BRANCH.id],
        supported_controls=list(SUPPORTED_CONTROLS),
        worker_roles=[("Identity Data Admin", "POPULATION"), ("Configuration Read Only", "ENVIRONMENT")],
    )
