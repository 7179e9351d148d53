"""The ways to verify this caller now: what each gives, and why one is not open, in the words that the agent reads.

Computed from person, devices and rules alone. A new way is one more line in `offers` and in `BY_ANSWER`.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Answer
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import STRONG_KINDS, Age, Devices, Strength
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act, names
from csrdesk.model.ways import Way, WayOffer

BY_ANSWER: dict[type[Answer], Way] = {
    a.MagicLinkChosen: Way.LINK,
    a.SpokenAddressChosen: Way.SPOKEN_ADDRESS,
    a.PushChosen: Way.PUSH,
    a.CallBackChosen: Way.CALL_BACK,
    a.ExceptionChosen: Way.EXCEPTION,
}
"""The answer of the caller's card that chooses each way."""


def offers(person: Person, devices: Devices, rules: Rules) -> tuple[WayOffer, ...]:
    """The ways that settings have, in the order in which they are offered, also those that are not open now."""
    if devices.frozen_until:
        return (WayOffer(Way.LINK, gives(devices), frozen(devices.frozen_until)),)
    spoken = WayOffer(Way.SPOKEN_ADDRESS, "a strong device alone, in any browser", why_no_address(devices, rules))
    push = WayOffer(Way.PUSH, "a strong device alone", why_no_push(devices, rules))
    call_back = WayOffer(Way.CALL_BACK, f"{devices.phone}: a weak proof, not for every act", why_no_call_back(devices))
    return (
        WayOffer(Way.LINK, gives(devices), why_not(person, devices, rules)),
        *((spoken,) if rules.spoken_address else ()),
        *((push,) if rules.push != "off" else ()),
        *((call_back,) if rules.call_back else ()),
        *((by_exception(rules),) if rules.exception_gives else ()),
    )


def by_exception(rules: Rules) -> WayOffer:
    """The way of those who can show nothing."""
    why_not = rules.why_no_exception or ("" if excepted(rules) else "nothing that it opens is yours to do")
    return WayOffer(Way.EXCEPTION, f"no proof; a lead is asked for: {names(excepted(rules))}", why_not)


def excepted(rules: Rules) -> tuple[Act, ...]:
    """What an exception opens for this agent: what settings name, as far as it is theirs to do."""
    return tuple(act for act in rules.exception_gives if act not in rules.withheld)


def frozen(until: datetime) -> str:
    """Why nobody is verified after a "this wasn't me", in words: whoever is on the phone may not be this person."""
    return f"Verification of this person is frozen until {until:%H:%M} UTC: they, or their phone, said: this wasn't me."


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


def why_no_address(devices: Devices, rules: Rules) -> str:
    """Why this caller cannot be verified by the spoken address, in words; empty where they can."""
    strong = [device for device in devices.registered if device.strength is Strength.STRONG]
    if not strong:
        return "no passkey and no authenticator app is registered"
    if not devices.mfa_enabled or devices.refused:
        return _NOT_ASKED
    if devices.usable(strong_types(rules)):
        return ""
    return "; ".join(f"{device.kind}: {device.obstacle(strong_types(rules), None)}" for device in strong)


def strong_types(rules: Rules) -> tuple[str, ...]:
    """The kinds of device that settings allow and that are strong by themselves."""
    return tuple(kind for kind in rules.allowed_device_types if kind in STRONG_KINDS)


def why_no_push(devices: Devices, rules: Rules) -> str:
    """Why this caller cannot be verified by a push that the agent leads, in words; empty where they can."""
    apps = [device for device in devices.registered if device.type == "MOBILE"]
    if not apps:
        return "no app is registered"
    if devices.numbered is False:
        return "PingOne hands over no number to say"
    if devices.numbered is None and rules.push != "on":
        return "nobody knows whether PingOne hands over a number to say"
    if not devices.mfa_enabled or devices.refused:
        return _NOT_ASKED
    obstacles = [app.obstacle(rules.allowed_device_types, None) for app in apps]
    return "" if "" in obstacles else f"the app: {obstacles[0]}"


def why_no_call_back(devices: Devices) -> str:
    """Why PingOne cannot ring this caller, in words; empty where it can."""
    if not devices.phone:
        return "no phone number is on record"
    if devices.phone_age is Age.NEW:
        return "the number on record is too new"
    if devices.phone_age is Age.UNKNOWN:
        return "since when the number is on record is not known"
    return _NOT_ASKED if not devices.mfa_enabled or devices.refused else ""


_NOT_ASKED = "PingOne asks nothing of this person now"
"""Without account state, which nobody sees before verification."""


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
