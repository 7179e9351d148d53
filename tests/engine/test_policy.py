"""Policy, by itself: every rule as facts in and a refusal out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import policy
from csrdesk.engine.policy import Facts, Window
from csrdesk.errors import ForbiddenError, NotVerifiedError, PolicyError
from csrdesk.flows import effects as fx
from csrdesk.flows.device_effects import ChangeDevice
from csrdesk.flows.kernel import AccountEffect
from csrdesk.model.devices import DeviceChange, Strength
from csrdesk.model.proofs import Act, Evidence, Proof
from tests.engine.world import ADA, LINK_AND_CODE, PROVED, disable

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LIMITS = LimitSettings()
NO_DEVICE_SHOWN = replace(LINK_AND_CODE, registered=True)
FACTOR_NOT_ASKED = replace(NO_DEVICE_SHOWN, factor_not_asked="disabled")
SAME_MAILBOX = Evidence((Proof("ml", Strength.NONE), Proof("email", Strength.NONE, "d-mail")), registered=True)


def window(evidence: Evidence = PROVED) -> Window:
    return Window(
        challenge_id="ch",
        call_id="call",
        agent="grace",
        person_id=ADA.id,
        evidence=msgspec.json.encode(evidence),
        started_at=NOW - timedelta(minutes=1),
        verified_until=NOW + timedelta(minutes=14),
    )


VERIFIED = Facts(now=NOW, agent="grace", call_id="call", person_id=ADA.id, window=window())
DISABLED_BY_DESK = replace(VERIFIED, disabled_by_desk_at=NOW - timedelta(days=29))


def verified_by(evidence: Evidence) -> Facts:
    return replace(DISABLED_BY_DESK, window=window(evidence))


SCRIPT = replace(DISABLED_BY_DESK, agent="sweeper", window=None, script=True)


def enable() -> fx.SetPingOneEnabled:
    return disable(Act.ENABLE, enabled=True)


EFFECTS: tuple[AccountEffect, ...] = (
    disable(),
    enable(),
    fx.SetDirectoryEnabled(person_id=ADA.id, act=Act.DISABLE, reason="r", ticket="t", dn="CN=Ada", enabled=False),
    fx.SetDirectoryEnabled(person_id=ADA.id, act=Act.ENABLE, reason="r", ticket="t", dn="CN=Ada", enabled=True),
    fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="r", ticket="t"),
)

UNLOCKS: tuple[AccountEffect, ...] = (
    fx.UnlockDirectory(person_id=ADA.id, act=Act.UNLOCK, reason="r", ticket="t", dn="CN=Ada"),
    fx.UnlockPingOne(person_id=ADA.id, act=Act.UNLOCK, reason="r", ticket="t"),
    fx.UnlockPassword(person_id=ADA.id, act=Act.UNLOCK, reason="r", ticket="t"),
)


@pytest.mark.parametrize("effect", [*EFFECTS, *UNLOCKS], ids=lambda e: f"{type(e).__name__}-{e.act}")
def test_r_30_no_account_is_touched_before_the_caller_is_verified(effect: AccountEffect) -> None:
    policy.permit(effect, DISABLED_BY_DESK, LIMITS)
    with pytest.raises(NotVerifiedError):
        policy.permit(effect, replace(DISABLED_BY_DESK, window=None), LIMITS)


def test_r_32_settings_can_ask_for_a_device_before_every_reset() -> None:
    recovered = replace(VERIFIED, window=window(LINK_AND_CODE))
    policy.require_proof(Act.RESET, recovered, LIMITS)
    strict = replace(LIMITS, reset_needs_device=True)
    policy.require_proof(Act.RESET, VERIFIED, strict)
    policy.require_proof(Act.UNLOCK, recovered, strict)
    with pytest.raises(NotVerifiedError, match="needs a device here"):
        policy.require_proof(Act.RESET, recovered, strict)


@pytest.mark.parametrize("other", [{"agent": "hal"}, {"call_id": "other"}, {"person_id": "u-other"}])
def test_r_12_a_verification_is_of_one_agent_one_call_and_one_person(other: dict[str, str]) -> None:
    with pytest.raises(NotVerifiedError):
        policy.permit(disable(), replace(VERIFIED, **other), LIMITS)


def test_r_12_a_call_that_verified_somebody_else_says_so() -> None:
    with pytest.raises(NotVerifiedError, match="This call verified somebody else"):
        policy.permit(disable(), replace(VERIFIED, person_id="u-other"), LIMITS)
    with pytest.raises(NotVerifiedError, match="The caller is not verified in this call"):
        policy.permit(disable(), replace(VERIFIED, call_id="another"), LIMITS)


@pytest.mark.parametrize("ended", [{"verified_until": NOW}, {"ended_at": NOW}])
def test_r_31_nothing_is_done_once_the_window_has_ended(ended: dict[str, datetime]) -> None:
    with pytest.raises(NotVerifiedError, match="has ended"):
        policy.permit(disable(), replace(VERIFIED, window=replace(window(), **ended)), LIMITS)


@pytest.mark.parametrize(
    ("act", "evidence", "enough"),
    [
        (Act.RESET, PROVED, True),
        (Act.RESET, LINK_AND_CODE, True),
        (Act.RESET, NO_DEVICE_SHOWN, False),
        (Act.RESET, FACTOR_NOT_ASKED, False),
        (Act.RESET, SAME_MAILBOX, False),
        (Act.RESET, Evidence(), False),
        (Act.ENABLE, PROVED, True),
        (Act.ENABLE, LINK_AND_CODE, True),
        (Act.ENABLE, NO_DEVICE_SHOWN, False),
        (Act.ENABLE, FACTOR_NOT_ASKED, True),
        (Act.DISABLE, NO_DEVICE_SHOWN, True),
        (Act.UNLOCK, NO_DEVICE_SHOWN, True),
        (Act.UNLOCK, Evidence(), False),
        (None, Evidence(), True),
    ],
)
def test_r_32_each_act_needs_what_the_table_says(act: Act | None, evidence: Evidence, enough: bool) -> None:
    try:
        policy.require_proof(act, verified_by(evidence), LIMITS)
    except NotVerifiedError:
        assert not enough
    else:
        assert enough


def test_a_protective_disable_needs_reason_and_ticket_and_no_proof() -> None:
    nobody = replace(VERIFIED, window=None)
    effect = disable(Act.PROTECT)
    policy.permit(effect, nobody, LIMITS)
    for missing in ({"reason": " "}, {"ticket": ""}):
        with pytest.raises(ForbiddenError, match="reason and a ticket"):
            policy.permit(replace(effect, **missing), nobody, LIMITS)


def test_exactly_five_protective_disables_an_hour() -> None:
    policy.permit(disable(Act.PROTECT), replace(VERIFIED, protected_elsewhere=4), LIMITS)
    with pytest.raises(ForbiddenError, match="5 protective disables"):
        policy.permit(disable(Act.PROTECT), replace(VERIFIED, protected_elsewhere=5), LIMITS)


@pytest.mark.parametrize("act", [Act.PROTECT, Act.DISABLE, Act.UNLOCK])
def test_r_30_an_enable_under_another_name_is_refused(act: Act) -> None:
    with pytest.raises(ForbiddenError):
        policy.permit(disable(act, enabled=True), DISABLED_BY_DESK, LIMITS)


@pytest.mark.parametrize(
    ("days", "since", "words"),
    [
        (None, None, "Disabled, not by the help desk. Ask the identity team. Nothing was done."),
        (None, datetime(2030, 3, 4, tzinfo=UTC), "Disabled on 4 March 2030 or before, not by the help desk."),
        (31, None, "more than 30 days ago. Ask the identity team. Nothing was done."),
        (400, None, "Disabled by the help desk on "),
    ],
)
def test_r_53_only_what_the_desk_disabled_in_thirty_days_is_enabled_and_otherwise_whom_to_ask_is_said(
    days: int | None, since: datetime | None, words: str
) -> None:
    facts = replace(VERIFIED, disabled_by_desk_at=NOW - timedelta(days=days) if days else None)
    limits = replace(LIMITS, enable_otherwise_ask="the identity team")
    with pytest.raises(ForbiddenError, match=re.escape(words)):
        policy.permit(replace(enable(), since=since), facts, limits)


def test_r_53_how_long_the_desk_may_undo_its_own_disable_is_a_setting() -> None:
    facts = replace(VERIFIED, disabled_by_desk_at=NOW - timedelta(days=31))
    policy.permit(enable(), facts, replace(LIMITS, enable_within_days=31))


@pytest.mark.parametrize(
    ("evidence", "device_passed", "enough"),
    [
        (PROVED, True, True),
        (PROVED, False, False),
        (NO_DEVICE_SHOWN, False, False),
        (NO_DEVICE_SHOWN, True, False),
        (FACTOR_NOT_ASKED, False, True),
        (LINK_AND_CODE, False, True),
        (SAME_MAILBOX, True, False),
    ],
)
def test_r_32_no_approval_skips_a_registered_device(evidence: Evidence, device_passed: bool, enough: bool) -> None:
    try:
        policy.approve(evidence, device_passed=device_passed)
    except PolicyError:
        assert not enough
    else:
        assert enough


@pytest.mark.parametrize(
    "larger",
    [
        {"link_seconds": 601},
        {"link_total_seconds": 601},
        {"page_seconds": 601},
        {"verified_minutes": 61},
        {"codes_per_link": 6},
        {"codes_per_person_a_day": 11},
        {"verified_calls": 4},
    ],
)
def test_r_05_clocks_and_counts_above_the_bounds_are_refused_at_start(larger: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(larger, LimitSettings)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: f"{type(e).__name__}-{e.act}")
def test_a_script_that_settings_name_acts_outside_a_call_and_nobody_else_does(effect: AccountEffect) -> None:
    policy.permit(effect, SCRIPT, LIMITS)
    with pytest.raises(NotVerifiedError):
        policy.permit(effect, replace(SCRIPT, script=False), LIMITS)


@pytest.mark.parametrize("missing", [{"reason": " "}, {"ticket": ""}])
def test_a_script_gives_reason_and_ticket(missing: dict[str, str]) -> None:
    with pytest.raises(ForbiddenError, match="reason and a ticket"):
        policy.permit(replace(disable(), **missing), SCRIPT, LIMITS)
    policy.permit(replace(disable(), **missing), VERIFIED, LIMITS)


@pytest.mark.parametrize("effect", UNLOCKS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("act", [act for act in Act if act is not Act.UNLOCK])
def test_r_52_an_unlock_under_the_name_of_another_act_is_refused(effect: AccountEffect, act: Act) -> None:
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(replace(effect, act=act), DISABLED_BY_DESK, LIMITS)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: f"{type(e).__name__}-{e.act}")
def test_r_52_no_other_act_goes_under_the_name_of_an_unlock(effect: AccountEffect) -> None:
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(replace(effect, act=Act.UNLOCK), DISABLED_BY_DESK, LIMITS)


@pytest.mark.parametrize("effect", UNLOCKS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("shown", [PROVED, LINK_AND_CODE, NO_DEVICE_SHOWN])
def test_r_32_link_and_code_are_enough_to_unlock(effect: AccountEffect, shown: Evidence) -> None:
    policy.permit(effect, verified_by(shown), LIMITS)
    with pytest.raises(NotVerifiedError):
        policy.permit(effect, verified_by(Evidence()), LIMITS)


@pytest.mark.parametrize("act", [None, Act.UNLOCK, Act.RESET])
def test_a_script_neither_looks_at_an_account_nor_unlocks_or_resets_it(act: Act | None) -> None:
    with pytest.raises(NotVerifiedError):
        policy.require_proof(act, SCRIPT, LIMITS)


def test_r_53_a_script_enables_only_what_the_desk_disabled() -> None:
    with pytest.raises(ForbiddenError, match="not by the help desk"):
        policy.permit(enable(), replace(SCRIPT, disabled_by_desk_at=None), LIMITS)


def test_r_31_to_be_named_as_a_script_keeps_no_window_open() -> None:
    ended = replace(SCRIPT, agent="grace", window=replace(window(), verified_until=NOW))
    with pytest.raises(NotVerifiedError, match="has ended"):
        policy.permit(disable(), ended, LIMITS)


def test_an_act_is_done_under_its_own_name_alone() -> None:
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(disable(Act.UNLOCK), VERIFIED, LIMITS)
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(fx.UnlockPingOne(person_id=ADA.id, act=Act.DISABLE, reason="r"), VERIFIED, LIMITS)


def change_device(act: Act = Act.DEVICES, device_id: str = "d-phone") -> ChangeDevice:
    return ChangeDevice(
        person_id=ADA.id, device_id=device_id, change=DeviceChange.REMOVE, act=act, reason="r", ticket="t"
    )


STRONG = Evidence(
    (Proof("ml", Strength.NONE), Proof("fido2", Strength.STRONG, "d-key"), Proof("sms", Strength.WEAK, "d-phone")),
    registered=True,
)

WEAK = replace(STRONG, proofs=(STRONG.proofs[0], STRONG.proofs[2]))


def test_r_32_a_device_is_changed_by_another_strong_one_alone() -> None:
    policy.permit(change_device(), verified_by(STRONG), LIMITS)
    for evidence, device_id in ((STRONG, "d-key"), (WEAK, "d-other"), (LINK_AND_CODE, "d-phone")):
        with pytest.raises(NotVerifiedError, match="Nothing was done"):
            policy.permit(change_device(device_id=device_id), verified_by(evidence), LIMITS)


def test_r_30_no_device_is_changed_before_the_caller_is_verified_or_by_a_script() -> None:
    for facts in (replace(VERIFIED, window=None), SCRIPT):
        with pytest.raises(NotVerifiedError):
            policy.permit(change_device(), facts, LIMITS)


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.DEVICES])
def test_r_30_a_device_is_changed_under_its_own_name_alone(act: Act) -> None:
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(change_device(act), verified_by(STRONG), LIMITS)
    with pytest.raises(ForbiddenError, match="act of its own"):
        policy.permit(disable(Act.DEVICES), verified_by(STRONG), LIMITS)
