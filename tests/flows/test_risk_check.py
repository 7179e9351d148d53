"""What PingOne Protect makes of a visit, branch by branch, and what it takes to be approved after it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import device_authentication as da
from csrdesk.flows import replies as r
from csrdesk.flows import risk_check as rk
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import threat_detection as td
from csrdesk.flows import verify_user as vu
from csrdesk.flows.kernel import Event, Failed, Problem, Replies, State
from csrdesk.flows.prompts import Page
from csrdesk.flows.risk_replies import RiskEvaluated
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import STRONG_KINDS, Device, Devices
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Evidence, Proof
from csrdesk.model.risk import MITIGATIONS, Risk, RiskCheck, RiskLevel, WhenDown
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ABOUT,
    ADA,
    APP,
    BY_SMS,
    FAILED,
    LINK,
    LINK_AND_CODE,
    NOTED,
    PROBLEM,
    SMS,
    TOTP,
    UNTIL,
    VERIFY,
    devices,
)

LOW = Risk("risk-1", RiskLevel.LOW, device_status="KNOWN_DEVICE")
MEDIUM = Risk("risk-1", RiskLevel.MEDIUM, device_status="NEW_DEVICE")
HIGH = Risk("risk-1", RiskLevel.HIGH)
BOT = Risk("risk-1", RiskLevel.LOW, "BOT_MITIGATION")
UNKNOWN_ACTION = Risk("risk-1", RiskLevel.LOW, "SOMETHING_NEW")

INPUTS = td.Inputs(user_id=ADA.id, risk_policy_id="set-1")
EVALUATING = td.begin(INPUTS)
SUSPECTED = Problem(
    "PingOne Protect suspects a program instead of a person.", details="BOT_MITIGATION", code="mitigation"
)
DETECTION_ROWS: list[Row] = [
    *((EVALUATING, RiskEvaluated(risk), td.ReturnSuccess(risk)) for risk in (LOW, MEDIUM, HIGH, UNKNOWN_ACTION)),
    (EVALUATING, RiskEvaluated(BOT), td.ReturnError(SUSPECTED, BOT)),
    (EVALUATING, FAILED, td.ReturnError(PROBLEM)),
]

RULES = Rules(protect_analysis=True, risk_policy_id="set-1")
BEGUN = ca.Given(ABOUT, ADA.id, RULES)
GIVEN = replace(BEGUN, page=Page(UNTIL))
CHECK = rk.Check(ADA.id, ABOUT.challenge_id, WhenDown.STEP_UP)
ANALYSING = rk.Analysing(CHECK, EVALUATING)
CHECKING = ca.CheckingRisk(GIVEN, ANALYSING)
FOUND, DOWN = RiskCheck(MEDIUM), RiskCheck(without=WhenDown.STEP_UP)
NOTING = ca.CheckingRisk(GIVEN, rk.Noting(CHECK, FOUND))
CLEARED = replace(GIVEN, check=FOUND)
STEPPED_UP = replace(GIVEN, check=DOWN)
AGAIN = ca.AskAgain(GIVEN, da.NOT_NOW)


def noting(found: RiskCheck) -> ca.CheckingRisk:
    return ca.CheckingRisk(GIVEN, rk.Noting(CHECK, found))


CHECK_ROWS: list[Row] = [
    (ca.CheckingCode(BEGUN), r.CodeRight(UNTIL), CHECKING),
    (CHECKING, RiskEvaluated(MEDIUM), NOTING),
    (CHECKING, RiskEvaluated(HIGH), noting(RiskCheck(HIGH))),
    (CHECKING, RiskEvaluated(BOT), noting(RiskCheck(BOT))),
    (CHECKING, FAILED, noting(DOWN)),
    (CHECKING, r.SecretLost(), AGAIN),
    (NOTING, NOTED, ca.ReadingRequirement(CLEARED)),
    (noting(RiskCheck(HIGH)), NOTED, ca.Stopped(ABOUT)),
    (noting(RiskCheck(BOT)), NOTED, ca.Stopped(ABOUT)),
    (noting(DOWN), NOTED, ca.ReadingRequirement(STEPPED_UP)),
    (noting(RiskCheck(without=WhenDown.BLOCK)), NOTED, ca.Stopped(ABOUT)),
    (
        noting(RiskCheck(without=WhenDown.ALLOW)),
        NOTED,
        ca.ReadingRequirement(replace(GIVEN, check=RiskCheck(without=WhenDown.ALLOW))),
    ),
    (NOTING, r.LinkOver(LinkStage.ENDED), ca.PageClosed(LinkStage.ENDED)),
    (NOTING, FAILED, AGAIN),
    (AGAIN, a.TryAgainChosen(), CHECKING),
    (ca.AskAgain(CLEARED, ""), a.TryAgainChosen(), ca.ReadingRequirement(CLEARED)),
]
BY_TOTP = Proof("totp", TOTP.strength, TOTP.id, TOTP.label)
STEP_UP_ROWS: list[Row] = [
    (ca.ReadingRequirement(STEPPED_UP), devices(), ca.GivingUpFactor(STEPPED_UP)),
    (ca.ReadingRequirement(STEPPED_UP), devices(SMS), ca.GivingUpFactor(STEPPED_UP)),
    (ca.ReadingRequirement(STEPPED_UP), devices(TOTP, refused="locked"), ca.GivingUpFactor(STEPPED_UP)),
    (
        ca.RecheckingDevices(STEPPED_UP, BY_SMS),
        Replies((devices(SMS), NOTED)),
        ca.AskAgain(STEPPED_UP, "That device is not enough here. Try another one."),
    ),
    (
        ca.RecheckingDevices(STEPPED_UP, BY_TOTP),
        Replies((devices(TOTP), NOTED)),
        ca.Approving(STEPPED_UP, Evidence((LINK_AND_CODE, BY_TOTP), registered=True, risk=DOWN)),
    ),
    (
        ca.ReadingRequirement(CLEARED),
        devices(),
        ca.Approving(CLEARED, Evidence((LINK_AND_CODE,), risk=FOUND)),
    ),
    (
        ca.ReadingRequirement(CLEARED),
        devices(SMS, refused="disabled"),
        ca.Approving(CLEARED, Evidence((LINK_AND_CODE,), registered=True, factor_not_asked="disabled", risk=FOUND)),
    ),
]


@pytest.mark.parametrize(("state", "event", "after"), [*DETECTION_ROWS, *CHECK_ROWS, *STEP_UP_ROWS], ids=name)
def test_each_branch_of_the_check(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [EVALUATING, rk.Noting(CHECK, FOUND)], ids=name)
def test_the_check_takes_nothing_else(state: State) -> None:
    refused(state, a.SendChosen())


def test_a_restart_between_code_and_judgement_is_no_judgement() -> None:
    lost = EVALUATING.step(r.SecretLost())
    assert isinstance(lost, td.ReturnError)
    assert lost.is_lost
    assert not td.ReturnError(PROBLEM).is_lost


def test_the_evaluation_is_of_the_customer_with_their_own_browser_and_the_desks_policy() -> None:
    assert CHECKING.want() == EVALUATING.want()
    effect = EVALUATING.want().effect
    assert effect == kx.EvaluateRisk(person_id=ADA.id, policy_id="set-1")
    assert (effect.ip_address, effect.user_agent) == ("", "")
    assert kx.EvaluateRisk.takes_secret


def test_outputs_are_those_of_ping_and_an_error_says_why() -> None:
    success = td.ReturnSuccess(MEDIUM).want().outcome
    assert success == td.Outputs("risk-1", "MEDIUM", "", "NEW_DEVICE")
    error = td.ReturnError(SUSPECTED, BOT).want().outcome
    assert (error.predictor, error.error_message, error.error_details) == (
        "BOT_MITIGATION",
        SUSPECTED.message,
        "BOT_MITIGATION",
    )
    assert td.ReturnError(PROBLEM).want().outcome.risk_id == ""


@pytest.mark.parametrize("action", MITIGATIONS)
@pytest.mark.parametrize("level", RiskLevel)
def test_what_protect_recommends_against_ends_it_whatever_the_level(action: str, level: RiskLevel) -> None:
    risk = Risk("risk-1", level, action)
    assert isinstance(EVALUATING.step(RiskEvaluated(risk)), td.ReturnError)
    assert risk.stops


def test_after_a_step_up_only_strong_kinds_of_device_are_asked() -> None:
    state = ca.ReadingRequirement(STEPPED_UP).step(r.DevicesRead(Devices((SMS, TOTP, APP))))
    assert isinstance(state, ca.Authenticating)
    assert isinstance(state.sub, da.GatheringBrowserData)
    assert set(state.sub.given.inputs.allowed_device_types) == STRONG_KINDS
    assert set(CLEARED.kinds) == set(RULES.allowed_device_types)


@pytest.mark.parametrize("some", [(SMS,), (), (SMS, Device("mail-2", "EMAIL"))])
def test_without_an_answer_nobody_without_a_strong_device_is_approved(some: tuple[Device, ...]) -> None:
    assert ca.ReadingRequirement(STEPPED_UP).step(r.DevicesRead(Devices(some))) == ca.GivingUpFactor(STEPPED_UP)


def test_where_settings_do_not_want_it_protect_is_not_asked() -> None:
    plain = replace(BEGUN, rules=Rules())
    assert isinstance(ca.CheckingCode(plain).step(r.CodeRight(UNTIL)), ca.ReadingRequirement)


@pytest.mark.parametrize(
    ("found", "words", "stops", "notable"),
    [
        (RiskCheck(LOW), "low risk, known device", False, False),
        (FOUND, "medium risk, new device", False, True),
        (RiskCheck(HIGH), "high risk", True, True),
        (RiskCheck(BOT), "low risk, a program instead of a person", True, True),
        (RiskCheck(UNKNOWN_ACTION), "low risk, SOMETHING_NEW", False, False),
        (DOWN, "no answer, so a strong device is needed", False, True),
        (RiskCheck(without=WhenDown.ALLOW), "no answer, risk not known", False, True),
        (RiskCheck(without=WhenDown.BLOCK), "no answer, so nothing is approved", True, True),
    ],
)
def test_what_the_agent_reads_and_whether_it_goes_on(found: RiskCheck, words: str, stops: bool, notable: bool) -> None:
    assert (found.label, found.stops, found.is_notable) == (words, stops, notable)


def test_the_agent_is_told_why_nothing_was_approved() -> None:
    risky = replace(LINK, stage=LinkStage.RISKY, risk=RiskCheck(BOT))
    told = vu.after(VERIFY, risky)
    assert told == vu.DisplayingForm(
        VERIFY, "Nothing was approved. PingOne Protect: low risk, a program instead of a person.", refused=True
    )
    stepped = vu.after(VERIFY, replace(LINK, stage=LinkStage.NO_FACTOR, risk=DOWN))
    assert isinstance(stepped, vu.ReturnSuccess)
    assert stepped.note.endswith("PingOne Protect: no answer, so a strong device is needed.")


def test_the_page_that_is_stopped_says_which_link_it_was() -> None:
    assert ca.Stopped(ABOUT).want().outcome == ca.PageStopped(ABOUT)
    for ended in (rk.Cleared(FOUND), rk.Stopped(), rk.BrowserLost(), rk.LinkEnded(LinkStage.ENDED)):
        assert ended.want().outcome == rk.Checked()


def test_the_spoken_code_is_not_taken_for_what_the_signals_script_found() -> None:
    assert ca.AskCode(BEGUN).step(a.CodeGiven(Secret("417209"))) == ca.CheckingCode(BEGUN)
    assert not hasattr(EVALUATING.want().effect, "signals")
    assert isinstance(EVALUATING.step(Failed(PROBLEM)), td.ReturnError)
