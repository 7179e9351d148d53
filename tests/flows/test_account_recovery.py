"""A customer's recovery of their account, branch by branch, and what no history of events can do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import account_recovery as ar
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import public_answers as pa
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import recovery_code as rc
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_inputs as ri
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows import threat_detection as td
from csrdesk.flows.kernel import Ask, Do, Done, Effect, Event, Poll, Prompt, Replies, State, Together
from csrdesk.model.notices import Change
from csrdesk.model.passwords import Home
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import End, Stage, apart, joined, plain
from csrdesk.model.secret import Secret
from tests.flows import recovery_values as rv
from tests.flows.tables import Row, name, step_by_step
from tests.flows.values import EVENTS

BEGUN = ar.begin(ri.Start(rv.RULES))
GIVEN = BEGUN.given
KNOWING = replace(GIVEN, variables=GIVEN.variables.knowing(rv.LOW))
SUSPECTING = replace(GIVEN, variables=GIVEN.variables.knowing(rv.BOT))
DETECTION = td.begin(td.Inputs(user_name=rv.ADDRESS, external_id="mark-1"))
ANALYSING = ar.AnalysingThreat(GIVEN, rv.ADDRESS, DETECTION)
WORK = ri.Work(limit=5, resends=3, person_id="ada-1", requirements=(rv.TEN,), for_everybody=True)
NOBODYS = replace(WORK, person_id="")
SENT = replace(WORK, changed_at=rv.BEFORE)
ASKING = rc.AskCode(SENT)
LAST = replace(SENT, tries=5)


def again(work: ri.Work, note: str = "", refusals: tuple[str, ...] = ()) -> rc.AskCode:
    return rc.AskCode(replace(work, asked=work.asked + 1), note, refusals)


ROWS: tuple[Row, ...] = (
    (BEGUN, pa.EmailGiven(f" {rv.ADDRESS} "), ar.BeginningRecovery(GIVEN, rv.ADDRESS)),
    (BEGUN, pa.EmailGiven("ada"), ar.AskEmail(GIVEN, ar.NO_ADDRESS, 2)),
    (BEGUN, pa.EmailGiven("a b@c.example"), ar.AskEmail(GIVEN, ar.NO_ADDRESS, 2)),
    (BEGUN, pa.EmailGiven("ada@mail.example\0"), ar.AskEmail(GIVEN, ar.NO_ADDRESS, 2)),
    (BEGUN, a.Cancelled(), ar.ReturnSuccess(GIVEN, "signOn")),
    (ar.BeginningRecovery(GIVEN, rv.ADDRESS), rr.RecoveryBegun("mark-1"), ANALYSING),
    (
        ar.BeginningRecovery(GIVEN, rv.ADDRESS),
        rr.RecoveryLimited("Too often.", 4),
        ar.ReturnError(GIVEN, "Too often.", End.LIMITED, 4),
    ),
    (
        ANALYSING,
        rv.analysed(kr.RiskEvaluated(rv.LOW)),
        ar.Binding(KNOWING, replace(WORK, new_device=False), rv.LOW),
    ),
    (ANALYSING, rv.analysed(kr.RiskEvaluated(rv.LOW), rv.NOBODY), ar.Binding(KNOWING, NOBODYS, rv.LOW)),
    (ANALYSING, rv.analysed(rv.DOWN), ar.ReturnError(GIVEN, ri.NOT_NOW, End.FAILED)),
    (ANALYSING, rv.analysed(r.SecretLost()), ar.ReturnError(GIVEN, ri.NOT_NOW, End.FAILED)),
    (
        ANALYSING,
        rv.analysed(kr.RiskEvaluated(rv.LOW), rv.DOWN),
        ar.FinishingError(KNOWING, "", ri.NOT_NOW, End.FAILED),
    ),
    (ar.Binding(KNOWING, WORK, rv.LOW), r.Noted(), ar.Recovering(KNOWING, "ada-1", rc.Pausing(WORK))),
    (ar.Binding(KNOWING, WORK, rv.MEDIUM), r.Noted(), ar.Recovering(KNOWING, "ada-1", rc.Pausing(WORK))),
    (
        ar.Binding(KNOWING, WORK, rv.HIGH),
        r.Noted(),
        ar.FinishingError(KNOWING, "ada-1", ar.STOPPED, End.STOPPED),
    ),
    (ar.Binding(SUSPECTING, WORK, rv.BOT), r.Noted(), ar.WarningOwner(SUSPECTING, "ada-1")),
    (
        ar.Binding(SUSPECTING, NOBODYS, rv.BOT),
        r.Noted(),
        ar.FinishingError(SUSPECTING, "", ar.STOPPED, End.STOPPED),
    ),
    (rc.Pausing(WORK), r.TimeCame(), rc.SendingCode(WORK)),
    (rc.Pausing(NOBODYS), r.TimeCame(), rc.AskCode(NOBODYS)),
    (rc.SendingCode(WORK), Replies((rv.CODE_SENT,)), ASKING),
    (rc.SendingCode(WORK), Replies((rv.ELSEWHERE,)), rc.TellingToCall(WORK)),
    (rc.SendingCode(WORK), Replies((rv.DISABLED,)), rc.AskCode(NOBODYS)),
    (rc.SendingCode(WORK), Replies((rv.DOWN,)), rc.AskCode(WORK)),
    (rc.TellingToCall(WORK), rv.TOLD, rc.AskCode(NOBODYS)),
    (ASKING, rv.TYPED, rc.CountingTry(replace(SENT, tries=1))),
    (ASKING, rv.ANSWERS[3], again(SENT, refusals=(rc.DIFFERENT,))),
    (ASKING, rv.ANSWERS[4], again(SENT, refusals=(rc.NO_CODE,))),
    (ASKING, rv.ANSWERS[5], again(SENT, refusals=(rc.NO_PASSWORD,))),
    (ASKING, rv.ANSWERS[6], again(SENT, refusals=("At least 10 characters",))),
    (
        rc.AskCode(replace(SENT, for_everybody=False)),
        rv.ANSWERS[6],
        rc.CountingTry(replace(SENT, for_everybody=False, tries=1)),
    ),
    (rc.AskCode(replace(SENT, resent=3)), a.ResendChosen(), again(replace(SENT, resent=3), rc.NO_MORE)),
    (rc.CountingTry(LAST), rr.TryCounted(), rc.UpdatingPassword(LAST)),
    (rc.CountingTry(NOBODYS), rr.TryCounted(), rc.Pretending(NOBODYS)),
    (rc.CountingTry(LAST), r.SecretLost(), rc.TooManyTries()),
    (rc.CountingTry(SENT), rr.RecoveryOver(), rc.PageClosed()),
    (rc.UpdatingPassword(SENT), rv.updated(pr.PasswordSet(Home.PINGONE)), rc.EndingSessions(SENT)),
    (rc.UpdatingPassword(SENT), rv.updated(rr.RecoveryCodeWrong()), again(SENT, rc.WRONG)),
    (rc.UpdatingPassword(LAST), rv.updated(rr.RecoveryCodeWrong()), rc.TooManyTries()),
    (rc.UpdatingPassword(SENT), rv.updated(rv.SAID_NO), again(SENT, rc.WRONG)),
    (rc.UpdatingPassword(SENT), rv.updated(rv.DOWN), rc.ReadingBack(SENT)),
    (rc.Pretending(NOBODYS), rv.updated(rv.ASKED_OF_ALL), again(NOBODYS, rc.WRONG)),
    (rc.EndingSessions(SENT), Replies((rv.TOLD, rv.DOWN)), rc.Recovered(signed_out=False)),
    (rc.EndingSessions(SENT), Replies((rv.TOLD, rv.NOT_DONE)), rc.EndingLeftSessions(SENT)),
    (rc.EndingLeftSessions(SENT), r.SessionsEnded(1), rc.Recovered(signed_out=True)),
    (rc.EndingLeftSessions(SENT), rv.NOT_DONE, rc.Recovered(signed_out=False)),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_a_recovery_branches_as_its_diagram_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


def test_protect_judges_an_external_user_beside_the_look_up_never_the_account() -> None:
    linger, judge, find, policy = parts(ANALYSING)
    assert isinstance(linger, rfx.Linger)
    assert judge == kx.EvaluateRisk(user_name=rv.ADDRESS, user_id="mark-1")
    assert find == rfx.FindForRecovery(address=rv.ADDRESS)
    assert isinstance(policy, rfx.ReadRecoveryPolicy)


def test_the_account_is_disabled_only_where_settings_name_what_protect_says() -> None:
    named = replace(SUSPECTING, rules=rv.HARD)
    disabling = ar.Binding(named, WORK, rv.BOT).step(r.Noted())
    (effect,) = parts(disabling)
    assert effect == fx.SetPingOneEnabled(person_id="ada-1", enabled=False, act=Act.RISK, reason=ar.RISK_REASON)
    assert ar.Binding(named, WORK, rv.AITM).step(r.Noted()) == ar.WarningOwner(named, "ada-1")
    ended = disabling.step(r.PingOneEnabledSet(enabled=False)).step(r.SessionsEnded(1))
    assert ended == ar.WarningOwner(named, "ada-1", Change.DISABLED_FOR_RISK)
    assert disabling.step(rv.SAID_NO) == ar.WarningOwner(named, "ada-1")


def test_every_state_shows_the_same_meanwhile_with_and_without_a_person() -> None:
    assert rc.Pausing(WORK).meanwhile() == rc.Pausing(NOBODYS).meanwhile() == ASKING.want().prompt
    assert rc.SendingCode(WORK).meanwhile() == rc.AskCode(NOBODYS).want().prompt
    stopped = ar.FinishingError(SUSPECTING, "", ar.STOPPED, End.STOPPED).meanwhile()
    for known in (ar.WarningOwner, ar.DisablingAccount, ar.EndingSessions):
        assert known(SUSPECTING, "ada-1").meanwhile() == stopped


def test_outputs_name_the_person_and_how_only_after_a_new_password() -> None:
    done = outcome(ar.ReturnSuccess(KNOWING, "complete", "ada-1", signed_out=True))
    assert (done.pingone_user_id, done.subflow_result, done.auth_method) == ("ada-1", "complete", "pwd")
    left = outcome(ar.ReturnSuccess(KNOWING, "signOn"))
    assert (left.pingone_user_id, left.subflow_result, left.auth_method) == ("", "signOn", "")
    failed = outcome(ar.ReturnError(KNOWING, "No.", End.FAILED))
    assert (failed.pingone_user_id, failed.subflow_result, failed.error_message) == ("", "", "No.")


@pytest.mark.parametrize(
    ("end", "stage", "status"), [("complete", Stage.DONE, "SUCCESS"), ("", Stage.REFUSED, "FAILED")]
)
def test_protect_hears_once_how_it_ended_where_it_was_asked(end: str, stage: Stage, status: str) -> None:
    def finishing(given: ri.Given) -> State:
        if end:
            return ar.FinishingSuccess(given, "ada-1", signed_out=True)
        return ar.FinishingError(given, "ada-1", "No.", End.TRIES)

    finish = rfx.FinishRecovery(person_id="ada-1", stage=stage)
    assert parts(finishing(KNOWING)) == (
        finish,
        kx.CompleteEvaluation(
            person_id="ada-1", risk_id="risk-1", status="SUCCESS" if status == "SUCCESS" else "FAILED"
        ),
    )
    assert parts(finishing(GIVEN)) == (finish,)


def test_code_and_password_are_one_secret_and_come_apart_again() -> None:
    code, password = apart(joined(Secret(" ab2c-d3ef "), Secret(" a\0b ")))
    assert (code.reveal(), password.reveal()) == ("AB2CD3EF", " a\0b ")
    assert plain("ＡＢ２ｃ d3ef\0") == "AB2CD3EF"


def parts(state: State) -> tuple[Effect, ...]:
    want = state.want()
    assert isinstance(want, Do)
    effect: Effect = want.effect
    return effect.effects if isinstance(effect, Together) else (effect,)


def outcome(state: ar.ReturnSuccess | ar.ReturnError) -> ri.Outputs:
    return state.want().outcome


bounded = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


OFTEN: tuple[Event, ...] = (
    *(rv.TYPED, rr.TryCounted(), rv.updated(rr.RecoveryCodeWrong()), rv.updated(rv.SAID_NO), rv.updated(rv.DOWN)),
    *(
        a.ResendChosen(),
        a.SendChosen(),
        rr.ResendCounted(),
        r.TimeCame(),
        Replies((rv.CODE_SENT,)),
        Replies((rv.DOWN,)),
    ),
    *(r.SecretLost(), rv.NOT_CHANGED, a.BackChosen()),
)
"""What leads to tries and codes, so that histories come to the limits."""


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_the_limit_means_exactly_that_many_tries(limit: int) -> None:
    state: State = rc.AskCode(replace(SENT, limit=limit))
    tries = 0
    while isinstance(state, rc.AskCode):
        state = state.step(rv.TYPED).step(rr.TryCounted())
        assert isinstance(state, rc.UpdatingPassword)
        tries += 1
        state = state.step(rv.updated(rr.RecoveryCodeWrong()))
    assert isinstance(state, rc.TooManyTries)
    assert tries == limit


@bounded
@given(st.lists(st.sampled_from(OFTEN), min_size=20, max_size=200), st.integers(1, 5))
def test_no_history_makes_more_tries_than_the_limit(events: list[Event], limit: int) -> None:
    state: State = ar.Recovering(KNOWING, "ada-1", rc.AskCode(replace(SENT, limit=limit, resends=3)))
    tries = codes = 0
    for event in (rv.TYPED, *events):
        try:
            after = state.step(event)
        except IllegalEventError:
            continue
        wanted = parts(after) if isinstance(after.want(), Do) else ()
        tries += any(isinstance(effect, rfx.RecoverPassword) for effect in wanted)
        codes += any(isinstance(effect, rfx.SendRecoveryCode) for effect in wanted)
        state = after
    assert tries <= limit
    assert codes <= 3


@bounded
@given(st.lists(st.sampled_from(EVENTS), max_size=120), st.booleans())
def test_no_history_shows_who_has_the_address_before_the_password_is_set(events: list[Event], known: bool) -> None:
    state: State = ar.Recovering(KNOWING, "ada-1" if known else "", rc.begin(WORK if known else NOBODYS))
    for event in events:
        try:
            state = state.step(event)
        except IllegalEventError:
            continue
        assert "ada-1" not in msgspec.json.encode(shown(state)).decode() or isinstance(
            state, ar.FinishingSuccess | ar.ReturnSuccess
        )


def shown(state: State) -> Prompt | object:
    match state.want():
        case Ask(prompt) | Poll(prompt, _):
            assert isinstance(prompt, pub.PublicPrompt)
            return prompt
        case Done(outcome):
            return outcome
        case _:
            return state.meanwhile()


@pytest.mark.parametrize(
    "end", [rc.Recovered(signed_out=True), rc.LeftByCustomer(), rc.TooManyTries(), rc.PageClosed()]
)
def test_the_inner_flows_ends_want_nothing_more_and_take_nothing(end: State) -> None:
    assert end.want() == Done(rc.Ended())
    with pytest.raises(IllegalEventError):
        end.step(rv.TYPED)
