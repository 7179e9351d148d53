"""What was shown, and what each act needs: the table of acts, cell by cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrdesk.model.devices import Strength
from csrdesk.model.proofs import EXCEPTION, Act, Evidence, Proof

LINK = Proof("ml", Strength.NONE)
SMS = Proof("sms", Strength.WEAK, "sms-1")
TOTP = Proof("totp", Strength.STRONG, "totp-1")
OWN_MAILBOX = Proof("email", Strength.NONE, "mail-1")

NOTHING = Evidence()
NOBODY_ASKED = Evidence((LINK,))
SKIPPED = Evidence((LINK,), registered=True)
DISABLED = Evidence((LINK,), registered=True, factor_not_asked="disabled")
LOCKED = Evidence((LINK,), registered=True, factor_not_asked="locked")
WHOLE = Evidence((LINK, SMS), registered=True)
DEVICE_ALONE = Evidence((TOTP,), registered=True)
WEAK_ALONE = Evidence((SMS,), registered=True)
RANG = Proof("voice", Strength.WEAK, label="number on record")
CALLED_BACK, CALLED_BACK_ALONE = Evidence((RANG,), registered=True), Evidence((RANG,))

ACCESS = {Act.DISABLE, Act.UNLOCK, Act.ENABLE, Act.RESET, Act.EXPIRE, Act.MUST_CHANGE}

EXCEPTED = Evidence(
    (Proof(EXCEPTION, Strength.NONE, label="exception, approved by Hal"),), gives=(Act.UNLOCK, Act.DEVICES)
)

ENOUGH: list[tuple[Evidence, set[Act]]] = [
    (NOTHING, {Act.PROTECT}),
    (WEAK_ALONE, {Act.PROTECT}),
    (DEVICE_ALONE, {Act.PROTECT} | ACCESS),
    (CALLED_BACK, {Act.PROTECT, Act.DISABLE, Act.UNLOCK}),
    (CALLED_BACK_ALONE, {Act.PROTECT, Act.DISABLE, Act.UNLOCK}),
    (NOBODY_ASKED, {Act.PROTECT} | ACCESS),
    (WHOLE, {Act.PROTECT} | ACCESS),
    (SKIPPED, {Act.PROTECT, Act.DISABLE, Act.UNLOCK}),
    (LOCKED, {Act.PROTECT, Act.DISABLE, Act.UNLOCK}),
    (DISABLED, {Act.PROTECT, Act.DISABLE, Act.UNLOCK, Act.ENABLE}),
    (EXCEPTED, {Act.PROTECT, Act.UNLOCK, Act.DEVICES}),
]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize(("evidence", "acts"), ENOUGH, ids=lambda value: getattr(value, "label", ""))
def test_r_32_each_act_needs_what_the_table_says(evidence: Evidence, acts: set[Act], act: Act) -> None:
    assert (evidence.missing_for(act) == "") is (act in acts)


@settings(derandomize=True, database=None)
@given(st.lists(st.sampled_from([SMS, OWN_MAILBOX])), st.booleans(), st.sampled_from(["", "disabled", "locked"]))
def test_r_32_without_link_code_and_strong_device_only_the_protective_disable_is_open(
    proofs: list[Proof], registered: bool, refused: str
) -> None:
    evidence = Evidence(tuple(proofs), registered, refused)
    assert {act for act in Act if not evidence.missing_for(act)} == {Act.PROTECT}


@settings(derandomize=True, database=None)
@given(st.lists(st.sampled_from([SMS, TOTP, OWN_MAILBOX, RANG])), st.booleans())
def test_r_32_no_device_is_changed_for_whoever_has_no_link_and_code(proofs: list[Proof], registered: bool) -> None:
    evidence = Evidence(tuple(proofs), registered)
    assert evidence.missing_for(Act.DEVICES)
    assert evidence.missing_for_device("other-1")


@pytest.mark.parametrize("refused", ["", "disabled", "locked"])
def test_r_32_a_reset_needs_the_registered_device_whatever_kept_it_from_being_asked(refused: str) -> None:
    assert Evidence((LINK,), registered=True, factor_not_asked=refused).missing_for(Act.RESET)


@pytest.mark.parametrize(
    ("evidence", "label", "methods"),
    [
        (NOBODY_ASKED, "recovery proof: link and code, no device", "ml"),
        (WHOLE, "authentication: link, code and device (weak)", "ml sms"),
        (Evidence((LINK, TOTP), registered=True), "authentication: link, code and device (strong)", "ml totp"),
        (Evidence((LINK, SMS, TOTP)), "authentication: link, code and device (strong)", "ml sms totp"),
        (DISABLED, "link and code; account disabled, factor not asked", "ml"),
        (DEVICE_ALONE, "authentication: device alone (strong)", "totp"),
        (CALLED_BACK, "call-back to the number on record (weak), no device", "voice"),
        (Evidence((LINK, OWN_MAILBOX)), "recovery proof: link and code, no device", "ml email"),
    ],
)
def test_r_34_evidence_says_how_strong_it_is(evidence: Evidence, label: str, methods: str) -> None:
    assert (evidence.label, evidence.auth_method) == (label, methods)


def test_r_34_the_links_own_mailbox_is_no_device() -> None:
    assert not Evidence((LINK, OWN_MAILBOX), registered=True).has_device
    assert Evidence((LINK, OWN_MAILBOX), registered=True).missing_for(Act.RESET)


def test_r_34_an_exception_is_named_for_what_it_is_and_shows_nothing() -> None:
    assert (EXCEPTED.label, EXCEPTED.auth_method) == ("exception, approved by Hal", "")
    assert (EXCEPTED.has_device, EXCEPTED.has_link, EXCEPTED.called_back) == (False, False, False)
    assert EXCEPTED.missing_for(Act.RESET) == "The exception does not give this, only: unlock, devices."
    assert EXCEPTED.missing_for_device("any device") == ""
    alone = Evidence(EXCEPTED.proofs, gives=(Act.MUST_CHANGE,))
    assert alone.missing_for_device("any device") == "The exception does not give this, only: must change."
