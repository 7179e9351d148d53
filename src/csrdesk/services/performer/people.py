"""PingOne's users and devices as the desk's own values: strangers' text made harmless, addresses masked, once."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from urllib.parse import urlsplit

from csrdesk.model.devices import Age, Device
from csrdesk.model.masking import ending, mask_email, mask_phone, mask_username
from csrdesk.model.people import Person, directory_id
from csrdesk.model.text import clean
from csrdesk.services.directory.port import Entry
from csrdesk.services.pingone.devices import MfaDevice
from csrdesk.services.pingone.users import User

_NAME = 80
_LABEL = 60


def masked(email: str) -> str:
    """An address as screens show it; empty for none."""
    return mask_email(clean(email)) if email.strip() else ""


def person_of(user: User, populations: dict[str, str]) -> Person:
    """The user without anything that a saved state must not hold."""
    population_id = user.population.id if user.population else ""
    return Person(
        id=user.id,
        username=mask_username(clean(user.username, _NAME)),
        given=clean(user.name.given, _NAME),
        family=clean(user.name.family, _NAME),
        email=masked(user.email),
        email_verified=user.email_verified,
        population=clean(populations.get(population_id, ""), _LABEL),
        population_id=population_id,
        number_ending=ending(clean(user.external_id)),
    )


PERSONAL = ("givenName", "sn", "mail", "employeeID")
"""What `person_of_entry` needs of a directory's entry, beside its account name."""


def person_of_entry(entry: Entry) -> Person:
    """The person of a directory's entry, where PingOne cannot be asked who that is."""
    given, family, mail, number = (clean(entry.first(name) or "", _NAME) for name in PERSONAL)
    return Person(
        id=directory_id(entry.dn),
        username=clean(entry.first("sAMAccountName") or "", _NAME),
        given=given,
        family=family,
        email=masked(mail),
        number_ending=ending(number),
    )


def device_of(
    device: MfaDevice, email: str, age: Age = Age.OLD, *, pages: str = "", counts_from: datetime | None = None
) -> Device:
    """The device beside the user's own address, with which it is compared here, where both are whole.

    `pages`: the URL of the customers' pages; empty where nobody serves them. `counts_from`: where it is too new now.
    """
    address = masked(device.email) if device.email else mask_phone(clean(device.phone)) if device.phone else ""
    return Device(
        id=device.id,
        type=clean(device.type, 32),
        status=clean(device.status, 32),
        nickname=clean(device.nickname, _LABEL),
        address=address,
        blocked=device.block.status == "BLOCKED",
        locked=device.lock.status == "LOCKED",
        same_mailbox=device.type == "EMAIL" and is_same_mailbox(device.email, email),
        age=age,
        other_site="" if fits(device.rp.id, pages) else clean(device.rp.id, _LABEL),
        since=device.created_at,
        counts_from=counts_from,
    )


def fits(rp_id: str, pages: str) -> bool:
    """Whether pages at that URL may ask for a passkey of that relying party: its domain, or one below it.

    W3C Web Authentication Level 2, 5.1.4.1. True where either is not known.
    """
    host = urlsplit(pages).hostname or ""
    return not rp_id or not host or host == rp_id.lower() or host.endswith(f".{rp_id.lower()}")


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses name one mailbox: neither letter case nor two spellings of a letter tell them apart."""
    return bool(one.strip()) and _folded(one) == _folded(other)


def _folded(address: str) -> str:
    return unicodedata.normalize("NFKC", address.strip()).casefold()
