"""Verifying without a link, branch by branch: a push that the agent leads, and a call-back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import call_back as cb
from csrdesk.flows import device_replies as dr
from csrdesk.flows import push_by_agent as pa
from csrdesk.flows import replies as r
from csrdesk.flows import try_ends as ends
from csrdesk.flows import try_replies as tr
from csrdesk.flows import verify_without_link as vw
from csrdesk.flows import way_ends as over
from csrdesk.flows import ways
from csrdesk.flows.kernel import Event, Failed, Problem, Replies, State
from csrdesk.flows.rules import Rules
from csrdesk.flows.try_given import ON_RECORD, Given
from csrdesk.model.devices import Age, Device, Devices, Strength
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import CALL_BACK, Evidence, Proof
from csrdesk.model.secret import Secret
from csrdesk.model.ways import Way
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ADA,
    APP,
    FAILED,
    LOCKED_APP,
    PROBLEM,
    RULES,
    SMS,
    STAGES,
    STRICT,
    TOTP,
    TRY,
    UNTIL,
    WITH_PHONE,
    authentication,
)  # fmt: skip

PUSH = Given(ADA, Way.PUSH, (APP,), registered=True)
NUMBER = Device(ON_RECORD, "VOICE", nickname="Number on record", address="+44 *** *** 43")
RING = Given(ADA, Way.CALL_BACK, (NUMBER,), registered=True)
LATE, TOO_MANY = STAGES[LinkStage.EXPIRED], STAGES[LinkStage.TOO_MANY_CODES]
LIMIT = Failed(Problem("3 requests were sent to this person's phone in an hour.", code="limit_reached"))

SENDING = pa.SendingPush(PUSH, APP, TRY)
WAITING = pa.AwaitingPush(PUSH, APP, TRY, "auth-1", "42")
BACK = pa.TakingBack(PUSH, TRY.id, "auth-1", "The request was taken back.")
SENT_UNTIL = replace(authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"), push_until=UNTIL)
SHOWN = Proof("mobile", Strength.STRONG, APP.id, APP.label)
NOTHING = "did not answer in time. Nothing was verified."

BY_PUSH: list[Row] = [
    (SENDING, authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"), WAITING),
    (SENDING, SENT_UNTIL, replace(WAITING, until=UNTIL)),
    (
        SENDING,
        authentication("PUSH_CONFIRMATION_REQUIRED", APP.id),
        pa.TakingBack(PUSH, TRY.id, "auth-1", pa.NO_NUMBER),
    ),
    (
        SENDING,
        authentication("PUSH_CONFIRMATION_REQUIRED", "elsewhere", number="42"),
        pa.TakingBack(PUSH, TRY.id, "auth-1", "Another phone answered than the one asked. Nothing was verified."),
    ),
    (
        SENDING,
        authentication("COMPLETED", APP.id),
        ends.Stopped("PingOne asked no device, so nothing was verified."),
    ),
    (
        SENDING,
        authentication("FAILED", error="The device is blocked."),
        ends.Stopped("The device is blocked. Nothing was verified."),
    ),
    (SENDING, authentication("FAILED"), ends.Stopped("PingOne refused that phone. Nothing was verified.")),
    (
        SENDING,
        authentication("SOMETHING_NEW"),
        ends.Stopped("PingOne's answer was not understood (SOMETHING_NEW), so nothing was verified."),
    ),
    (SENDING, FAILED, ends.Stopped(f"PingOne {NOTHING}", "timed_out")),
    (SENDING, LIMIT, ends.Stopped(f"{LIMIT.problem.message} Nothing was verified.", "limit_reached")),
    (WAITING, dr.PushApproved(APP.id), ends.Proved(SHOWN)),
    (
        WAITING,
        dr.PushApproved("elsewhere"),
        ends.Stopped("Another phone answered than the one asked. Nothing was verified."),
    ),
    (WAITING, dr.PushDenied(), pa.NotingDenial(PUSH, TRY.id)),
    (WAITING, dr.PushTimedOut(), ends.Stopped(pa.TIMED_OUT)),
    (WAITING, authentication("PUSH_CONFIRMATION_TIMED_OUT", APP.id), ends.Stopped(pa.TIMED_OUT)),
    (WAITING, FAILED, pa.TakingBack(PUSH, TRY.id, "auth-1", f"PingOne {NOTHING}", "timed_out")),
    (WAITING, a.OtherDeviceChosen(), BACK),
    (WAITING, a.Cancelled(), pa.TakingBack(PUSH, TRY.id, "auth-1", then="left")),
    (WAITING, a.LineDropped(), pa.TakingBack(PUSH, TRY.id, "auth-1", then="dropped")),
    (BACK, Replies((FAILED, r.LinkChanged(TRY))), ends.Ended(LinkStage.ENDED, BACK.note)),
    (BACK, Replies((FAILED, FAILED)), ends.Stopped(BACK.note)),
    (BACK, FAILED, ends.Stopped(BACK.note)),
    (pa.TakingBack(PUSH, TRY.id, "auth-1", then="left"), Replies((FAILED, FAILED)), ends.Left()),
    (pa.TakingBack(PUSH, TRY.id, "auth-1", then="dropped"), Replies((FAILED, FAILED)), ends.LineDropped()),
    (pa.NotingDenial(PUSH, TRY.id), r.ChallengeRefused(), ends.Denied()),
    (pa.NotingDenial(PUSH, TRY.id), r.LinkOver(LinkStage.ENDED), ends.Denied()),
    (
        pa.NotingDenial(PUSH, TRY.id),
        FAILED,
        ends.Stopped(f"The phone said no, and that could not be noted. {PROBLEM.message}", "timed_out"),
    ),
]

RINGING = cb.Ringing(RING, TRY)
HEARING = cb.AwaitingHeard(RING, TRY, "auth-1")
CHECKING = cb.CheckingHeard(RING, TRY, "auth-1")
GIVING = cb.GivingTime(RING, TRY, "auth-1")
HEARD = Proof(CALL_BACK, Strength.WEAK, label=f"call-back to {TRY.to}")

BY_CALL: list[Row] = [
    (RINGING, authentication("OTP_REQUIRED"), HEARING),
    (
        RINGING,
        authentication("COMPLETED"),
        ends.Stopped("PingOne did not ask for a passcode, so nothing was verified."),
    ),
    (RINGING, tr.NumberNotRung("It is another one by now."), ends.Stopped("It is another one by now.")),
    (RINGING, FAILED, ends.Stopped(f"PingOne {NOTHING}", "timed_out")),
    (HEARING, a.PasscodeHeard(Secret("654321")), CHECKING),
    (
        HEARING,
        a.PasscodeHeard(Secret("12")),
        HEARING.saying("A passcode has 6 to 10 letters or digits. Ask the caller once more."),
    ),
    (HEARING, a.RingAgainChosen(), ends.Again()),
    (HEARING, a.MoreTimeChosen(), GIVING),
    (HEARING, a.LineDropped(), ends.LineDropped()),
    (HEARING, a.Cancelled(), ends.Left()),
    (HEARING, r.LinkChanged(STAGES[LinkStage.SENT]), cb.AwaitingHeard(RING, STAGES[LinkStage.SENT], "auth-1")),
    (HEARING, r.LinkChanged(LATE), cb.over(LinkStage.EXPIRED)),
    (HEARING, r.LinkChanged(TOO_MANY), cb.over(LinkStage.TOO_MANY_CODES)),
    (
        HEARING,
        r.LinkChanged(STAGES[LinkStage.ENDED]),
        ends.Ended(LinkStage.ENDED, "That try has ended. Nothing was verified."),
    ),
    (HEARING, FAILED, ends.Stopped(f"PingOne {NOTHING}", "timed_out")),
    (CHECKING, tr.PasscodeHeardRight(), ends.Proved(HEARD)),
    (CHECKING, r.PasscodeWrong(), HEARING.saying("That passcode is not right. Ask the caller to say it once more.")),
    (CHECKING, r.PasscodeWrong(1), HEARING.saying("That passcode is not right. Ask the caller to say it once more.")),
    (CHECKING, r.PasscodeRefused("It has expired."), ends.Stopped("It has expired. Nothing was verified.")),
    (CHECKING, r.LinkOver(LinkStage.TOO_MANY_CODES), cb.over(LinkStage.TOO_MANY_CODES)),
    (CHECKING, r.SecretLost(), HEARING.saying("Type the passcode once more.")),
    (CHECKING, FAILED, HEARING.saying(f"PingOne {NOTHING}")),
    (GIVING, r.LinkChanged(STAGES[LinkStage.SENT]), cb.AwaitingHeard(RING, STAGES[LinkStage.SENT], "auth-1")),
    (GIVING, r.LinkChanged(LATE), cb.over(LinkStage.EXPIRED)),
    (GIVING, r.NoMoreTime(), HEARING.saying("This cannot have more time. Ring once more instead.")),
    (GIVING, FAILED, HEARING.saying(PROBLEM.message)),
]

CHOOSING, OPENING = vw.ChoosingPhone(PUSH), vw.OpeningTry(PUSH, APP)
APPROVING = vw.Approving(PUSH, TRY.id, SHOWN)
WINDOW = vw.OpeningWindow(PUSH, TRY.id)


def reaching(sub: pa.PushByAgentState | cb.CallBackState, given: Given = PUSH) -> vw.Reaching:
    return vw.Reaching(given, given.phones[0], TRY, sub)


WHOLE: list[Row] = [
    (CHOOSING, a.DeviceChosen(APP.id), OPENING),
    (CHOOSING, a.DeviceChosen("nothing"), vw.ChoosingPhone(PUSH, "Choose one of those below.")),
    (vw.ChoosingPhone(PUSH, "Sure?", warned=True), a.DeviceChosen(APP.id), vw.OpeningTry(PUSH, APP, warned=True)),
    (CHOOSING, a.Cancelled(), over.WentBack()),
    (OPENING, tr.TryOpened(TRY), reaching(SENDING)),
    (vw.OpeningTry(RING, NUMBER), tr.TryOpened(TRY), reaching(RINGING, RING)),
    (OPENING, tr.TryNotOpened("Frozen."), vw.ChoosingPhone(PUSH, "Frozen.")),
    (OPENING, tr.TryNotOpened("Often.", warning=True), vw.ChoosingPhone(PUSH, "Often.", warned=True)),
    (OPENING, FAILED, vw.ChoosingPhone(PUSH, f"Nothing was sent. {PROBLEM.message}", code="timed_out")),
    (reaching(SENDING), authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"), reaching(WAITING)),
    (reaching(WAITING), dr.PushApproved(APP.id), APPROVING),
    (reaching(WAITING), dr.PushTimedOut(), vw.EndingTry(PUSH, TRY.id, pa.TIMED_OUT)),
    (reaching(BACK), Replies((FAILED, r.LinkChanged(TRY))), vw.ChoosingPhone(PUSH, BACK.note)),
    (reaching(HEARING, RING), a.RingAgainChosen(), vw.OpeningTry(RING, NUMBER)),
    (reaching(HEARING, RING), a.Cancelled(), vw.LeavingTry(RING, TRY.id)),
    (reaching(HEARING, RING), a.LineDropped(), over.LineDropped()),
    (reaching(pa.NotingDenial(PUSH, TRY.id)), r.ChallengeRefused(), over.NotMe(over.PHONE_SAID_NO)),
    (vw.EndingTry(PUSH, TRY.id, "Too late."), r.LinkChanged(LATE), vw.ChoosingPhone(PUSH, "Too late.")),
    (vw.EndingTry(PUSH, TRY.id, "Too late.", "x"), FAILED, vw.ChoosingPhone(PUSH, "Too late.", code="x")),
    (vw.LeavingTry(PUSH, TRY.id), r.LinkChanged(LATE), over.WentBack()),
    (vw.LeavingTry(PUSH, TRY.id), FAILED, over.WentBack()),
    (APPROVING, r.ChallengeApproved(), WINDOW),
    (
        APPROVING,
        r.LinkOver(LinkStage.EXPIRED),
        vw.ChoosingPhone(PUSH, "It came after the time was up. Nothing was verified."),
    ),
    (
        APPROVING,
        r.LinkOver(LinkStage.ENDED),
        vw.ChoosingPhone(PUSH, "That try was ended meanwhile. Nothing was verified."),
    ),
    (APPROVING, FAILED, vw.EndingTry(PUSH, TRY.id, f"Not verified. {PROBLEM.message}", "timed_out")),
    (WINDOW, r.WindowStarted(UNTIL, Evidence((SHOWN,))), over.Verified(UNTIL, Evidence((SHOWN,)))),
    (WINDOW, r.WindowRefused("Three are verified."), vw.ChoosingPhone(PUSH, "Three are verified.")),
    (WINDOW, FAILED, vw.ChoosingPhone(PUSH, f"Not verified. {PROBLEM.message}", code="timed_out")),
]


@pytest.mark.parametrize(("state", "event", "after"), BY_PUSH + BY_CALL + WHOLE, ids=name)
def test_each_branch(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


INNERMOST = {type(state): state for state, _, _ in BY_PUSH + BY_CALL + WHOLE if not isinstance(state, vw.Reaching)}


@pytest.mark.parametrize("state", INNERMOST.values(), ids=name)
def test_nothing_else_is_taken(state: State) -> None:
    refused(state, r.RulesLoaded(RULES))


@pytest.mark.parametrize("end", [ends.Again(), ends.Left(), ends.Denied(), ends.LineDropped()], ids=name)
def test_an_end_is_for_the_flow_around_it(end: State) -> None:
    assert end.want().outcome == ends.Reached()  # type: ignore[union-attr]
    refused(end, FAILED)


def test_r_27_only_an_answer_of_the_phone_that_was_asked_proves_it() -> None:
    proving = [row for row in BY_PUSH if isinstance(row[2], ends.Proved)]
    assert [(type(state), event) for state, event, _ in proving] == [(pa.AwaitingPush, dr.PushApproved(APP.id))]


def test_a_push_that_is_led_names_the_phone_and_its_kind() -> None:
    effect = SENDING.want().effect
    assert (effect.person_id, effect.device_id, effect.device_type) == (ADA.id, APP.id, "MOBILE")


def test_r_38_a_call_back_is_a_proof_of_its_own_and_names_no_device() -> None:
    assert (HEARD.method, HEARD.device_id, HEARD.strength) == ("voice", "", Strength.WEAK)
    evidence = vw.Approving(RING, TRY.id, HEARD).want().effect.evidence
    assert (evidence.has_device, evidence.registered, evidence.auth_method) == (False, True, "voice")
    assert "call-back" in evidence.label


def test_r_38_flows_know_the_number_as_it_is_masked() -> None:
    begun = vw.by_call_back(ADA, WITH_PHONE.devices, RULES)
    assert begun.want().prompt.phones == (NUMBER,)
    assert cb.Ringing(RING, TRY).want().effect.to == "+44 *** *** 43"


def test_only_apps_that_can_be_used_are_asked() -> None:
    assert vw.by_push(ADA, Devices((SMS, LOCKED_APP, TOTP, APP)), RULES).given.phones == (APP,)


def offered(devices: Devices, rules: Rules = RULES) -> dict[Way, str]:
    return {offer.way: offer.why_not for offer in ways.offers(ADA, devices, rules)}


NEW_APP = Device("app-3", "MOBILE", age=Age.NEW)
BLOCKED_APP = Device("app-4", "MOBILE", blocked=True)


@pytest.mark.parametrize(
    ("devices", "rules", "why"),
    [
        (Devices((APP,), numbered=True), RULES, ""),
        (Devices((APP, LOCKED_APP), numbered=True), RULES, ""),
        (Devices((SMS,), numbered=True), RULES, "no app is registered"),
        (Devices((APP,), numbered=False), RULES, "PingOne hands over no number to say"),
        (Devices((APP,), numbered=False), Rules(push="on"), "PingOne hands over no number to say"),
        (Devices((APP,)), RULES, "nobody knows whether PingOne hands over a number to say"),
        (Devices((APP,)), Rules(push="on"), ""),
        (Devices((APP,), mfa_enabled=False, numbered=True), RULES, "PingOne asks nothing of this person now"),
        (Devices((APP,), refused="disabled", numbered=True), RULES, "PingOne asks nothing of this person now"),
        (Devices((LOCKED_APP,), numbered=True), RULES, "the app: locked after wrong tries"),
        (Devices((BLOCKED_APP,), numbered=True), RULES, "the app: blocked"),
        (Devices((APP,), numbered=True), Rules(allowed_device_types=("SMS",)), "the app: not allowed by the settings"),
    ],
)
def test_a_push_is_offered_only_where_it_can_prove_something(devices: Devices, rules: Rules, why: str) -> None:
    assert offered(devices, rules)[Way.PUSH] == why


def test_r_37_an_app_that_was_registered_lately_is_not_asked() -> None:
    assert offered(Devices((NEW_APP,), numbered=True))[Way.PUSH] == "the app: registered too recently"


@pytest.mark.parametrize(
    ("devices", "why"),
    [
        (WITH_PHONE.devices, ""),
        (Devices((), phone="+44 *** *** 43", phone_age=Age.OLD), ""),
        (Devices(), "no phone number is on record"),
        (Devices((), phone="+44 *** *** 43", phone_age=Age.NEW), "the number on record is too new"),
        (Devices((), phone="+44 *** *** 43"), "since when the number is on record is not known"),
        (
            Devices((), mfa_enabled=False, phone="+44 *** *** 43", phone_age=Age.OLD),
            "PingOne asks nothing of this person now",
        ),
    ],
)
def test_r_38_a_number_is_rung_only_where_it_is_known_to_be_old(devices: Devices, why: str) -> None:
    assert offered(devices)[Way.CALL_BACK] == why


def test_settings_leave_ways_out() -> None:
    assert set(offered(WITH_PHONE.devices, STRICT)) == {Way.LINK}
    assert Way.CALL_BACK not in offered(WITH_PHONE.devices, Rules())


def test_the_clock_of_a_push_is_its_own_or_the_trys_whichever_ends_first() -> None:
    early, late = UNTIL - timedelta(seconds=60), UNTIL + timedelta(seconds=60)
    for until, ends_at in ((None, UNTIL), (early, early), (late, UNTIL)):
        assert replace(WAITING, until=until).want().prompt.ends_at == ends_at
