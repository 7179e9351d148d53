"""What pages show and nothing saves, what policy lets a page register, and what the audit says of it."""

from __future__ import annotations

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine import entries, policy, unknown
from csrdesk.engine.audit import Kind
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.shown import Shown
from csrdesk.errors import ForbiddenError
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import effects as fx
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_prompts as pp
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.answers import BackChosen
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Reply
from csrdesk.flows.pairing_answers import NumberGiven
from csrdesk.flows.registration_effects import RegistrationChange
from csrdesk.model.account import Account, PingOneAccount
from csrdesk.model.devices import Device, Devices
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.test_policy import NOW

KEY = Secret("otpauth://totp/Example?secret=JBSWY3DPEHPK3PXP")
PAIRED = pr.DevicePaired("dev-1", shown=KEY)
APP, PASSKEY = pp.NewAppPrompt(device_id="dev-1"), pp.NewPasskeyPrompt(device_id="dev-1")
CHANGES: tuple[RegistrationChange, ...] = (
    px.PairDevice(person_id="ada-1", device_type="TOTP"),
    px.PairNumber(person_id="ada-1", device_type="SMS", country="GB"),
    px.ActivateDevice(person_id="ada-1", device_type="SMS", device_id="dev-1"),
    px.DropDevice(person_id="ada-1", device_id="dev-1"),
    px.NameDevice(person_id="ada-1", device_id="dev-1", nickname="Mine"),
    px.EnableMfa(person_id="ada-1"),
)


def facts(*, registers: bool) -> policy.Facts:
    return policy.Facts(
        now=NOW, agent="(customer)", call_id="page-1", person_id="ada-1", registers=registers, public_page=True
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_r_30_a_device_is_registered_on_the_page_that_made_the_account_alone(change: RegistrationChange) -> None:
    limits = LimitSettings()
    policy.permit(change, facts(registers=True), limits)
    with pytest.raises(ForbiddenError, match="Nothing was done"):
        policy.permit(change, facts(registers=False), limits)
    for act in (Act.DEVICES, Act.RECOVER, Act.UNLOCK):
        other = type(change)(**{name: getattr(change, name) for name in change.__struct_fields__} | {"act": act})
        with pytest.raises(ForbiddenError):
            policy.permit(other, facts(registers=True), limits)


def test_what_is_shown_belongs_to_one_device_of_one_flow_until_it_is_finished() -> None:
    shown = Shown(MovableClock())
    shown.keep("flow-1", PAIRED)
    assert shown.of("flow-1", APP) == shown.of("flow-1", PASSKEY) == KEY
    assert shown.of("flow-2", APP) is None
    assert shown.of("flow-1", pp.NewAppPrompt(device_id="dev-2")) is None
    assert shown.of("flow-1", pp.NicknamePrompt()) is None
    assert shown.of("flow-1", None) is None
    shown.keep("flow-1", pr.NoRoom())
    assert shown.of("flow-1", APP) == KEY


@pytest.mark.parametrize("after", [pr.DeviceActivated(), pr.DeviceDropped(), pr.DevicePaired("dev-1")], ids=repr)
def test_what_is_shown_is_forgotten_when_the_device_is_finished_dropped_or_another(after: Reply) -> None:
    shown = Shown(MovableClock())
    shown.keep("flow-1", PAIRED)
    shown.keep("flow-1", after)
    assert shown.of("flow-1", APP) is None


def test_a_typed_number_is_kept_for_its_page_until_the_device_is_registered_or_it_is_too_old() -> None:
    clock, number = MovableClock(), Secret("07700 900143")
    shown = Shown(clock)
    shown.keep_typed("flow-1", NumberGiven("GB", number))
    shown.keep_typed("flow-1", BackChosen())
    assert shown.of("flow-1", pp.NumberPrompt()) == number
    assert shown.of("flow-2", pp.NumberPrompt()) is None
    assert shown.of("flow-1", APP) is None
    shown.keep("flow-1", pr.DeviceDropped())
    assert shown.of("flow-1", pp.NumberPrompt()) == number
    shown.keep("flow-1", pr.DeviceActivated())
    assert shown.of("flow-1", pp.NumberPrompt()) is None
    shown.keep_typed("flow-1", NumberGiven("GB", number))
    clock.move(minutes=30)
    assert shown.of("flow-1", pp.NumberPrompt()) is None
    shown.keep_typed("flow-2", NumberGiven("GB", number))
    assert list(shown._typed) == ["flow-2"]  # noqa: SLF001 - what is in memory is what this is about


def test_what_is_shown_is_kept_no_longer_than_it_is_good() -> None:
    clock = MovableClock()
    shown = Shown(clock)
    shown.keep("flow-1", PAIRED)
    clock.move(minutes=30)
    assert shown.of("flow-1", APP) is None
    shown.keep("flow-2", PAIRED)
    assert list(shown._kept) == ["flow-2"]  # noqa: SLF001 - what is in memory is what this is about


@pytest.mark.parametrize(
    ("change", "reply", "result", "details"),
    [
        (
            CHANGES[0],
            pr.DevicePaired("dev-1", shown=KEY),
            "done",
            {"type": "TOTP", "device": "dev-1", "active": False},
        ),
        (
            px.PairDevice(person_id="ada-1", device_type="SMS", instead_of="dev-0"),
            pr.DevicePaired("dev-1", "+44 *** *** 43"),
            "done",
            {"type": "SMS", "instead_of": "dev-0", "device": "dev-1", "to": "+44 *** *** 43"},
        ),
        (CHANGES[1], pr.NumberNotTaken("Too short."), "refused", {"type": "SMS", "problem": "Too short."}),
        (CHANGES[2], pr.AlreadyPaired(), "refused", {"device": "dev-1", "problem": "registered already"}),
        (CHANGES[2], pr.AttestationWrong(), "refused", {"type": "SMS"}),
        (CHANGES[0], pr.NoRoom(), "refused", {"type": "TOTP"}),
        (CHANGES[0], pr.WrongSite(), "refused", {"type": "TOTP"}),
        (CHANGES[3], pr.DeviceDropped(), "done", {"device": "dev-1"}),
        (CHANGES[4], pr.DeviceNamed(), "done", {"device": "dev-1"}),
        (CHANGES[5], pr.MfaEnabled(changed=False), "done", {"changed": False}),
    ],
)
def test_the_audit_says_what_was_registered_and_nothing_that_was_typed_or_made(
    change: RegistrationChange, reply: Reply, result: str, details: dict[str, object]
) -> None:
    context = Context("page-1", 7, "page-1", Agent("(customer)"), secret=Secret("07700 900143"))
    row = entries.entry(Kind.OUTCOME, change, context, reply)
    assert row.result == result
    assert details.items() <= dict(row.details).items()
    assert row.details["verified"] is False
    assert "JBSWY3DP" not in repr(row)
    assert "900143" not in repr(row)


BEGUN, ACTIVE = (Device("dev-1", "SMS", status=status, nickname="Mine") for status in ("ACTIVATION_REQUIRED", "ACTIVE"))
PAIR, PAIR_NUMBER, ACTIVATE, DROP, NAME, ENABLE = CHANGES


@pytest.mark.parametrize(
    ("effect", "done", "not_done", "reply"),
    [
        (ACTIVATE, (ACTIVE,), (BEGUN,), pr.DeviceActivated()),
        (ACTIVATE, (ACTIVE,), (), pr.DeviceActivated()),
        (DROP, (), (BEGUN,), pr.DeviceDropped()),
        (NAME, (ACTIVE,), (Device("dev-1", "SMS", nickname="Other"),), pr.DeviceNamed()),
        (NAME, (ACTIVE,), (), pr.DeviceNamed()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_r_62_the_devices_that_are_read_back_say_how_far_a_registration_came(
    effect: unknown.OfDevice, done: tuple[Device, ...], not_done: tuple[Device, ...], reply: Reply
) -> None:
    assert unknown.question(effect) == fx.ReadDevices(person_id="ada-1")
    assert unknown.found_device(effect, r.DevicesRead(Devices(done))) == reply
    assert unknown.found_device(effect, r.DevicesRead(Devices(not_done))) == unknown.NOT_DONE
    assert unknown.found_device(effect, r.Noted()) is None


@pytest.mark.parametrize("effect", [PAIR, PAIR_NUMBER], ids=lambda effect: type(effect).__name__)
def test_r_62_a_device_that_was_begun_cannot_be_read_back_for_its_key_is_given_once(effect: RegistrationChange) -> None:
    assert unknown.question(effect) == fx.ReadDevices(person_id="ada-1")
    assert unknown.found(effect.action, r.DevicesRead(Devices((BEGUN,)))) is None


def test_r_62_whether_devices_are_asked_for_now_is_read_from_the_account() -> None:
    assert unknown.question(ENABLE) == fx.ReadAccount(person_id="ada-1")
    for on, found in ((True, pr.MfaEnabled()), (False, unknown.NOT_DONE)):
        account = Account(PingOneAccount(enabled=True, mfa_enabled=on))
        assert unknown.found(ENABLE.action, r.AccountRead(account)) == found


def test_the_audit_says_which_text_of_the_agreement_was_accepted() -> None:
    accept = ax.AcceptAgreement(person_id="ada-1", agreement_id="a-1", language_id="l-1", revision_id="r-1")
    row = entries.entry(Kind.INTENT, accept, Context("f", 1, "f", Agent("(customer)", "")))
    assert {"agreement": "a-1", "language": "l-1", "revision": "r-1"}.items() <= row.details.items()
