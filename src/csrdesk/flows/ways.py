"""The ways to verify this caller now: what each gives, and why one is not open, in the words that the agent reads.

Computed from person, devices and rules alone. A new way is one more line in `offers` and in `BY_ANSWER`.
"""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Answer
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Age, Devices
from csrdesk.model.people import Person
from csrdesk.model.ways import Way, WayOffer

BY_ANSWER: dict[type[Answer], Way] = {a.MagicLinkChosen: Way.LINK}
"""The answer of the caller's card that chooses each way."""


def offers(person: Person, devices: Devices, rules: Rules) -> tuple[WayOffer, ...]:
    """The ways that settings have, in the order in which they are offered, also those that are not open now."""
    return (WayOffer(Way.LINK, gives(devices), why_not(person, devices, rules)),)


def why_not(person: Person, devices: Devices, rules: Rules) -> str:
    """Why this caller cannot be verified by a magic link now, in words; empty where they can."""
    if not person.email:
        return "There is no mail address on record, so no link can be sent."
    if not person.email_verified:
        return "The mail address on record was never verified, so a link to it proves nothing."
    if devices.address is Age.NEW:
        return "The mail address on record is too new: a link to it proves nobody yet."
    if not devices.registered:
        return "No device is registered, and a device is required." if rules.flow_require_mfa else ""
    if not devices.mfa_enabled:
        return "MFA is switched off for this person, so PingOne will not ask for their device."
    if devices.refused or devices.usable(rules.allowed_device_types):
        return ""
    return "A device is registered, but none can be used now."


def gives(devices: Devices) -> str:
    """What a caller shows by the link, in words; without account state, which nobody sees before verification."""
    if not devices.registered:
        return "link and code: a recovery proof at most"
    if devices.refused:
        return "link and code: PingOne will not ask for a device now, so not every act is open"
    return "link, code and device"


def warning(devices: Devices) -> str:
    """What the agent should know of this person's address and devices; empty where nothing is odd."""
    said = [
        (devices.bypass, "An MFA bypass is running for this person; it proves nothing."),
        (devices.address is Age.UNKNOWN, "Since when the mail address is on record is not known."),
        (any(d.age is Age.UNKNOWN for d in devices.registered), "Since when a device is registered is not known."),
    ]
    return " ".join(words for applies, words in said if applies)
