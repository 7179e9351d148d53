"""Which devices are registered, usable and strong: a browser may shorten the offers, never the requirement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrdesk.model.devices import ORDER, Age, Device, Devices, Strength, WebAuthn

EVERY = ORDER
SMS = Device("sms-1", "SMS", address="+44 *** *** 43")


def device(kind: str, **rest: object) -> Device:
    return Device(f"{kind.lower()}-1", kind, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "registered"),
    [
        (SMS, True),
        (device("SMS", blocked=True), True),
        (device("SMS", locked=True), True),
        (device("SMS", age=Age.NEW), True),
        (device("NEW_KIND"), True),
        (device("SMS", status="ACTIVATION_REQUIRED"), False),
        (device("EMAIL"), True),
        (device("EMAIL", same_mailbox=True), False),
    ],
)
def test_an_active_device_is_registered_whatever_its_type_block_or_lock(found: Device, registered: bool) -> None:
    assert found.registered is registered
    assert Devices((found,), mfa_enabled=False).registered == ((found,) if registered else ())


@pytest.mark.parametrize(
    ("found", "allowed", "webauthn", "why"),
    [
        (SMS, EVERY, None, ""),
        (device("TOTP"), EVERY, WebAuthn.NONE, ""),
        (device("NEW_KIND"), (*EVERY, "NEW_KIND"), None, "csrdesk does not know this kind of device"),
        (SMS, ("TOTP",), None, "not allowed by the settings"),
        (device("SMS", blocked=True), EVERY, None, "blocked"),
        (device("SMS", locked=True), EVERY, None, "locked after wrong tries"),
        (device("SMS", age=Age.NEW), EVERY, None, "registered too recently"),
        (device("SMS", age=Age.UNKNOWN), EVERY, None, ""),
        (device("FIDO2"), EVERY, WebAuthn.NONE, "this browser knows no passkeys"),
        (device("FIDO2"), EVERY, WebAuthn.FULL, ""),
        (device("FIDO2"), EVERY, None, ""),
        (device("FIDO2", other_site="care.example"), EVERY, None, "it was registered for care.example"),
        (device("MOBILE"), EVERY, None, ""),
    ],
)
def test_what_keeps_a_device_from_being_asked_is_said(
    found: Device, allowed: tuple[str, ...], webauthn: WebAuthn | None, why: str
) -> None:
    assert found.obstacle(allowed, webauthn) == why
    assert Devices((found,)).usable(allowed, webauthn) == (() if why else (found,))


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        ("FIDO2", Strength.STRONG),
        ("MOBILE", Strength.STRONG),
        ("TOTP", Strength.STRONG),
        ("SMS", Strength.WEAK),
        ("VOICE", Strength.WEAK),
        ("EMAIL", Strength.WEAK),
        ("NEW_KIND", Strength.WEAK),
    ],
)
def test_r_34_each_kind_of_device_has_its_strength(kind: str, strength: Strength) -> None:
    assert device(kind).strength is strength


def test_r_34_the_links_own_mailbox_has_none() -> None:
    assert device("EMAIL", same_mailbox=True).strength is Strength.NONE


def test_devices_are_offered_in_one_order() -> None:
    mixed = Devices(tuple(device(kind) for kind in ("EMAIL", "SMS", "TOTP", "VOICE")))
    assert [d.type for d in mixed.usable(EVERY)] == ["TOTP", "SMS", "VOICE", "EMAIL"]


@pytest.mark.parametrize(
    ("found", "label", "method"),
    [
        (SMS, "text message +44 *** *** 43", "sms"),
        (device("TOTP", nickname="Work phone"), "Work phone", "totp"),
        (device("FIDO2"), "passkey or security key", "fido2"),
        (device("NEW_KIND"), "new_kind", "new_kind"),
    ],
)
def test_people_tell_devices_apart_by_nickname_or_kind_and_masked_address(
    found: Device, label: str, method: str
) -> None:
    assert (found.label, found.auth_method) == (label, method)


anything = st.builds(
    Device,
    id=st.text(min_size=1, max_size=4),
    type=st.sampled_from([*ORDER, "NEW_KIND"]),
    status=st.sampled_from(["ACTIVE", "ACTIVATION_REQUIRED"]),
    blocked=st.booleans(),
    locked=st.booleans(),
    same_mailbox=st.booleans(),
)
some = st.lists(anything, max_size=5).map(tuple)


@settings(derandomize=True, database=None)
@given(some, st.lists(st.sampled_from(ORDER)).map(tuple), st.sampled_from([None, *WebAuthn]))
def test_r_32_what_can_be_asked_is_among_what_is_registered_and_never_changes_it(
    found: tuple[Device, ...], allowed: tuple[str, ...], webauthn: WebAuthn | None
) -> None:
    devices = Devices(found)
    before = devices.registered
    assert set(devices.usable(allowed, webauthn)) <= set(before)
    assert devices.registered == before
