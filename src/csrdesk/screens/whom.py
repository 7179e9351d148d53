"""The caller and their devices in words, as several screens show them: pure functions of the values."""

from __future__ import annotations

from datetime import datetime, tzinfo

from csrdesk.model.devices import Device
from csrdesk.model.people import Person
from csrdesk.model.ways import WayOffer
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import on_day
from csrdesk.widgets.tones import Tone


def person_facts(person: Person) -> tuple[Fact, ...]:
    """Who was found: never more than may be shown before anybody is verified."""
    mail = person.email or "no mail address"
    if person.is_doubtful:
        mail += " (not verified)"
    facts = [
        Fact("Name", person.name, Tone.STRONG),
        Fact("User name", person.username),
        Fact("Mail", mail, Tone.WARN if person.is_doubtful or not person.email else Tone.PLAIN),
    ]
    if person.population:
        facts.append(Fact("Population", person.population))
    if person.number_ending:
        facts.append(Fact("Number ends", person.number_ending))
    return tuple(facts)


def person_line(person: Person) -> str:
    """Name, user name and masked address on one line."""
    return ", ".join(part for part in (person.name, person.username, person.email) if part)


def device_words(device: Device) -> str:
    """A device as the agent tells it from the others, with its kind and strength."""
    kind = f" - {device.kind}" if device.nickname else ""
    state = "".join(
        f", {word}" for word, applies in (("blocked", device.blocked), ("locked", device.locked)) if applies
    )
    return f"{device.label}{kind}, {device.strength.value}{state}"


def since_words(device: Device, now: datetime, zone: tzinfo | None) -> str:
    """Since when the device is registered; and from when it counts, where it is too new. Empty where nobody told."""
    if device.since is None:
        return ""
    if device.counts_from is None:
        return f"since {device.since.astimezone(zone):%Y-%m-%d}"
    since, counts = on_day(device.since, now, zone), on_day(device.counts_from, now, zone)
    return f"registered {since}, counts from {counts}"


def device_facts(
    devices: tuple[Device, ...], now: datetime, zone: tzinfo | None, *, brief: bool = False
) -> tuple[Fact, ...]:
    """How many devices are registered, which, and since when; `brief`: since when only of those that are too new."""
    if not devices:
        return (Fact("Devices", "none registered", Tone.WARN),)
    since = ("" if brief and not device.counts_from else since_words(device, now, zone) for device in devices)
    both = zip((device_words(device) for device in devices), since, strict=True)
    first, *others = [", ".join(part for part in parts if part) for parts in both]
    return (Fact(f"Devices ({len(devices)})", first), *(Fact("", words) for words in others))


def way_facts(ways: tuple[WayOffer, ...]) -> tuple[Fact, ...]:
    """What each way gives, or why it is not open."""
    return tuple(Fact(offer.way.label, offer.words, Tone.PLAIN if offer.is_open else Tone.QUIET) for offer in ways)
