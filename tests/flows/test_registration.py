"""A customer's registration, branch by branch, and what no history of events can do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import agreement as ag
from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import answers as a
from csrdesk.flows import device_registration as dr
from csrdesk.flows import email_code as ec
from csrdesk.flows import new_account as na
from csrdesk.flows import new_account_rest as rest
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_replies as prr
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_inputs as ri
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration as rg
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import registration_inputs as gi
from csrdesk.flows import registration_prompts as rp
from csrdesk.flows import replies as r
from csrdesk.flows import risk_effects as kx
from csrdesk.flows import risk_replies as kr
from csrdesk.flows.kernel import Ask, Do, Done, Effect, Event, Failed, Poll, Problem, State, Together
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import End, Stage
from csrdesk.model.secret import Secret
from tests.flows import recovery_values as rv
from tests.flows import registration_values as gv
from tests.flows.explore import walk
from tests.flows.tables import Row, name, step_by_step
from tests.flows.values import EVENTS

BEGUN = rg.begin(gi.Start(gv.RULES, gv.WITH_TERMS))
GIVEN = BEGUN.given
BARE = rg.begin(gi.Start(gv.LENIENT, gv.BARE)).given
KNOWING = replace(GIVEN, variables=GIVEN.variables.knowing(rv.LOW))
TYPED = gi.Work(address=gv.ADDRESS, languages="de", asked=2)
ASKED = replace(TYPED, requirements=(rv.TEN,), for_everybody=True)
OWNED = replace(ASKED, owner_id="ada-1")
VERIFIED = replace(ASKED, verified=True, asked=3)
NAMED = replace(VERIFIED, given_name="Grace", family_name="Hopper", asked=4)
MADE = gi.Work(person_id="grace-1", languages="de", verified=True, requirements=(rv.TEN,), for_everybody=True, asked=5)
WITH_PASSWORD = replace(MADE, password_set=True)
ASKING = ec.AskCode(ASKED, 2, "auth-9")
NAMES = na.AskNames(VERIFIED, passwordless=False)
PASSWORD = na.AskPassword(NAMED, passwordless=False)
CREATING = na.CreatingUser(NAMED, passwordless=False, with_password=True)
LOOKING = na.LookingBack(NAMED, passwordless=False, with_password=True)
REFUSED = Failed(Problem("PingOne said no.", "403", "conflict"))
INPUTS = ag.Inputs("grace-1", "terms-1", agreement_enabled=True, languages="de")
CODE = a.PasscodeGiven(Secret(gv.TYPED_CODE))


def next_of(work: gi.Work) -> gi.Work:
    return replace(work, asked=work.asked + 1)


def again(work: gi.Work, note: str) -> ec.AskCode:
    return ec.AskCode(next_of(work), 2, "auth-9", note)


ROWS: tuple[Row, ...] = (
    (BEGUN, ra.RegisterEmailGiven(f" {gv.ADDRESS} ", "de"), rg.BeginningRegistration(GIVEN, TYPED)),
    (
        BEGUN,
        ra.RegisterEmailGiven("grace"),
        rg.AskEmail(GIVEN, gi.Work(address="grace", asked=2), rg.NO_ADDRESS),
    ),
    (
        BEGUN,
        ra.RegisterEmailGiven(gv.FORBIDDEN),
        rg.AskEmail(GIVEN, gi.Work(address=gv.FORBIDDEN, asked=2), rg.NO_DOMAIN),
    ),
    (
        rg.AskEmail(BARE, gi.Work()),
        ra.RegisterEmailGiven(gv.ELSEWHERE),
        rg.AskEmail(BARE, gi.Work(address=gv.ELSEWHERE, asked=2), rg.NO_DOMAIN),
    ),
    (BEGUN, a.Cancelled(), rg.FinishingError(GIVEN, gi.Work(), "", End.SIGN_ON)),
    (
        rg.AskEmail(GIVEN, VERIFIED),
        ra.RegisterEmailGiven(gv.ADDRESS.upper()),
        rg.MakingAccount(GIVEN, na.AskNames(next_of(VERIFIED), passwordless=False)),
    ),
    (
        rg.AskEmail(GIVEN, NAMED),
        ra.RegisterEmailGiven("ada@mail.example", "fr"),
        rg.BeginningRegistration(
            GIVEN, gi.Work("ada@mail.example", given_name="Grace", family_name="Hopper", languages="fr", asked=5)
        ),
    ),
    (
        rg.BeginningRegistration(GIVEN, TYPED),
        rr.RecoveryLimited("Too often.", 4),
        rg.FinishingError(GIVEN, TYPED, "Too often.", End.LIMITED, 4),
    ),
    (ec.Pausing(ASKED, 2), r.TimeCame(), ec.SendingCode(ASKED, 2)),
    (ec.Pausing(OWNED, 2), r.TimeCame(), ec.TellingOwner(OWNED, 2)),
    (ec.Pausing(replace(OWNED, resent=1), 2), r.TimeCame(), ec.AskCode(replace(OWNED, resent=1), 2)),
    (ec.SendingCode(ASKED, 2), gx.EmailCodeSent("auth-9"), ASKING),
    (ec.SendingCode(ASKED, 2), rv.DOWN, ec.AskCode(ASKED, 2)),
    (ec.TellingOwner(OWNED, 2), r.CustomerTold(), ec.AskCode(OWNED, 2)),
    (ASKING, CODE, ec.CountingTry(replace(ASKED, tries=1), 2, "auth-9")),
    (ASKING, a.PasscodeGiven(Secret("12")), again(ASKED, ec.NO_CODE)),
    (ASKING, a.ResendChosen(), ec.CountingResend(ASKED, 2, "auth-9")),
    (
        ec.AskCode(replace(ASKED, resent=4), 2, "auth-9"),
        a.ResendChosen(),
        again(replace(ASKED, resent=4), ec.NO_MORE),
    ),
    (ASKING, a.BackChosen(), ec.WentBack(ASKED)),
    (ec.CountingTry(ASKED, 2, "auth-9"), rr.TryCounted(), ec.CheckingCode(ASKED, 2, "auth-9")),
    (ec.CountingTry(OWNED, 2, ""), rr.TryCounted(), ec.Pretending(OWNED, 2, "")),
    (ec.CountingTry(ASKED, 2, "auth-9"), r.SecretLost(), again(ASKED, ec.LOST)),
    (ec.CountingTry(ASKED, 2, "auth-9"), rv.DOWN, again(ASKED, ri.NOT_NOW)),
    (ec.CountingTry(ASKED, 2, "auth-9"), rr.RecoveryOver(), ec.PageClosed()),
    (ec.CheckingCode(ASKED, 2, "auth-9"), gv.checked(gx.EmailCodeRight()), ec.Verified(replace(ASKED, verified=True))),
    (ec.CheckingCode(ASKED, 2, "auth-9"), gv.checked(gx.EmailCodeWrong()), again(ASKED, ec.WRONG)),
    (ec.CheckingCode(replace(ASKED, tries=2), 2, "auth-9"), gv.checked(rv.DOWN), ec.TooManyTries()),
    (ec.Pretending(replace(OWNED, tries=2), 2, ""), r.TimeCame(), ec.TooManyTries()),
    (ec.CountingResend(ASKED, 2, "auth-9"), rr.ResendCounted(), ec.Pausing(next_of(replace(ASKED, resent=1)), 2)),
    (ec.CountingResend(ASKED, 2, "auth-9"), rr.RecoveryLimited("Wait."), again(ASKED, "Wait.")),
    (ec.CountingResend(ASKED, 2, "auth-9"), rr.RecoveryOver(), ec.PageClosed()),
    (ec.CountingResend(ASKED, 2, "auth-9"), rv.DOWN, again(ASKED, ri.NOT_NOW)),
    (NAMES, ra.NamesGiven(" Grace ", "Hopper"), na.AskPassword(NAMED, passwordless=False)),
    (
        na.AskNames(VERIFIED, passwordless=True),
        ra.NamesGiven("Grace", "Hopper"),
        na.CreatingUser(NAMED, passwordless=True, with_password=False),
    ),
    (
        NAMES,
        ra.NamesGiven("Grace", "<b>"),
        na.AskNames(replace(NAMED, family_name="<b>"), passwordless=False, note=na.NO_NAME),
    ),
    (NAMES, a.BackChosen(), na.WentBack(next_of(VERIFIED))),
    (PASSWORD, gv.FIRST_PASSWORD, na.CreatingUser(next_of(NAMED), passwordless=False, with_password=True)),
    (
        PASSWORD,
        ra.WithoutPasswordChosen(),
        na.CreatingUser(next_of(NAMED), passwordless=False, with_password=False),
    ),
    (PASSWORD, a.BackChosen(), na.AskNames(next_of(NAMED), passwordless=False)),
    (
        PASSWORD,
        ra.FirstPasswordTyped(Secret("tiny"), Secret("tiny")),
        na.AskPassword(next_of(NAMED), passwordless=False, refusals=("At least 10 characters",)),
    ),
    (CREATING, gv.MADE, na.Created(replace(NAMED, person_id="grace-1", password_set=True))),
    (CREATING, gx.AddressTaken(), na.Taken()),
    (CREATING, gx.NameRefused(), na.AskNames(NAMED, passwordless=False, note=na.NAME_REFUSED)),
    (CREATING, r.SecretLost(), na.AskPassword(NAMED, passwordless=False, note=na.LOST)),
    (CREATING, rv.DOWN, LOOKING),
    (CREATING, REFUSED, na.AskPassword(NAMED, passwordless=False, note=ri.NOT_NOW)),
    (
        replace(CREATING, work=replace(NAMED, unsure=True)),
        gx.AddressTaken(),
        na.LookingBack(replace(NAMED, unsure=True), passwordless=False, with_password=False),
    ),
    (LOOKING, gx.RegistrationUser("grace-1"), na.Created(replace(NAMED, person_id="grace-1", password_set=True))),
    (LOOKING, gx.RegistrationUser(), na.AskPassword(NAMED, passwordless=False, note=ri.NOT_NOW)),
    (LOOKING, rv.DOWN, na.AskPassword(replace(NAMED, unsure=True), passwordless=False, note=na.UNSURE)),
    (rest.NotingAccount(GIVEN, MADE), r.Noted(), rest.Welcoming(GIVEN, MADE)),
    (rest.NotingAccount(GIVEN, MADE), rv.DOWN, rest.AskRetry(GIVEN, next_of(MADE), rest.Step.NOTE)),
    (
        rest.Welcoming(GIVEN, MADE),
        r.CustomerTold(),
        rest.Agreeing(GIVEN, MADE, ag.CheckingConsent(INPUTS, 6)),
    ),
    (rest.Welcoming(BARE, MADE), rv.DOWN, rest.EnrollingEmail(BARE, MADE)),
    (rest.EnrollingEmail(GIVEN, WITH_PASSWORD), gx.EmailEnrolled(), rest.Completed(WITH_PASSWORD, "pwd")),
    (rest.EnrollingEmail(GIVEN, MADE), gx.EmailNotAllowed(), rest.registering(GIVEN, MADE)),
    (rest.EnrollingEmail(GIVEN, MADE), rv.DOWN, rest.AskRetry(GIVEN, next_of(MADE), rest.Step.EMAIL)),
    (rest.AskRetry(GIVEN, MADE, rest.Step.NOTE), a.TryAgainChosen(), rest.NotingAccount(GIVEN, MADE)),
    (rest.AskRetry(GIVEN, MADE, rest.Step.AGREEMENT), a.TryAgainChosen(), rest.agreeing(GIVEN, MADE)),
    (rest.AskRetry(GIVEN, MADE, rest.Step.EMAIL), a.TryAgainChosen(), rest.EnrollingEmail(GIVEN, MADE)),
    (rest.AskRetry(GIVEN, MADE, rest.Step.DEVICE), a.TryAgainChosen(), rest.registering(GIVEN, MADE)),
    (rest.AskFirstPassword(GIVEN, MADE), gv.FIRST_PASSWORD, rest.SettingPassword(GIVEN, next_of(MADE))),
    (rest.AskFirstPassword(GIVEN, MADE), a.BackChosen(), rest.registering(GIVEN, MADE)),
    (rest.SettingPassword(GIVEN, MADE), pr.PasswordSet(Home.PINGONE), rest.Completed(MADE, "pwd")),
    (
        rest.SettingPassword(GIVEN, MADE),
        pr.PasswordRefused(("It was used before.",)),
        rest.AskFirstPassword(GIVEN, MADE, refusals=("It was used before.",)),
    ),
    (rest.SettingPassword(GIVEN, MADE), r.SecretLost(), rest.AskFirstPassword(GIVEN, MADE, rest.LOST)),
    (rest.SettingPassword(GIVEN, MADE), rv.DOWN, rest.ReadingPassword(GIVEN, MADE)),
    (rest.SettingPassword(GIVEN, MADE), REFUSED, rest.AskFirstPassword(GIVEN, MADE, ri.NOT_NOW)),
    (rest.ReadingPassword(GIVEN, MADE), rv.NOT_CHANGED, rest.Completed(MADE, "pwd")),
    (
        rest.ReadingPassword(GIVEN, MADE),
        pr.PasswordStateRead(PasswordState(Home.PINGONE)),
        rest.AskFirstPassword(GIVEN, MADE, rest.LOST),
    ),
    (ag.CheckingConsent(INPUTS, 6), ax.ConsentRead(accepted=True), ag.ReturnSuccess(6)),
    (ag.CheckingConsent(INPUTS, 6), ax.ConsentRead(accepted=False), ag.ReadingAgreement(INPUTS, 6)),
    (ag.CheckingConsent(INPUTS, 6), rv.DOWN, ag.ReturnError(rv.DOWN.problem, 6)),
    (ag.ReadingAgreement(INPUTS, 6), ax.AgreementRead(gv.TERMS), ag.AskAgreement(INPUTS, 6, gv.TERMS)),
    (ag.ReadingAgreement(INPUTS, 6), ax.NoAgreement(), ag.ReturnError(ag.NO_TEXT, 6)),
    (ag.AskAgreement(INPUTS, 6, gv.TERMS), ra.AgreementAccepted(), ag.Accepting(INPUTS, 6, gv.TERMS)),
    (
        ag.AskAgreement(INPUTS, 6, gv.TERMS),
        ra.AgreementDeclined(),
        ag.AskAgreement(INPUTS, 7, gv.TERMS, ag.DECLINED),
    ),
    (ag.Accepting(INPUTS, 6, gv.TERMS), ax.AgreementAccepted(), ag.ReturnSuccess(7)),
    (ag.Accepting(INPUTS, 6, gv.TERMS), REFUSED, ag.ReadingAgreement(INPUTS, 7, ag.NOT_ACCEPTED)),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_a_registration_branches_as_its_diagram_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


def test_protect_judges_a_registration_of_an_external_user_beside_the_look_up() -> None:
    analysing = rg.BeginningRegistration(BARE, TYPED).step(rr.RecoveryBegun("mark-1"))
    linger, judge, find, policy = parts(analysing)
    assert isinstance(linger, rfx.Linger)
    assert judge == kx.EvaluateRisk(
        user_name=gv.ADDRESS, user_id="mark-1", flow_type="REGISTRATION", policy_id="policy-1"
    )
    assert find == gx.FindForRegistration(address=gv.ADDRESS)
    assert isinstance(policy, rfx.ReadRecoveryPolicy)


@pytest.mark.parametrize(
    ("given", "event", "end"),
    [
        (GIVEN, gv.analysed(kr.RiskEvaluated(rv.HIGH)), End.STOPPED),
        (GIVEN, gv.analysed(kr.RiskEvaluated(rv.BOT)), End.STOPPED),
        (GIVEN, gv.analysed(rv.DOWN), End.FAILED),
        (BARE, gv.analysed(rv.DOWN), None),
        (BARE, gv.analysed(r.SecretLost()), End.FAILED),
        (GIVEN, gv.analysed(kr.RiskEvaluated(rv.MEDIUM)), None),
        (GIVEN, gv.analysed(kr.RiskEvaluated(rv.LOW), rv.DOWN), End.FAILED),
        (GIVEN, gv.analysed(kr.RiskEvaluated(rv.LOW), policy=rv.DOWN), None),
        (GIVEN, rv.DOWN, End.FAILED),
    ],
)
def test_what_protect_says_decides_before_anything_is_sent(given: gi.Given, event: Event, end: End | None) -> None:
    after = rg.BeginningRegistration(given, TYPED).step(rr.RecoveryBegun("mark-1")).step(event)
    assert (after.end if isinstance(after, rg.FinishingError) else None) == end
    assert isinstance(after, rg.FinishingError | rg.VerifyingEmail)


def test_every_state_shows_the_same_meanwhile_whether_or_not_somebody_has_the_address() -> None:
    shown = ec.Pausing(ASKED, 2).meanwhile()
    assert shown == ec.Pausing(OWNED, 2).meanwhile() == ec.SendingCode(ASKED, 2).meanwhile()
    assert shown == ec.TellingOwner(OWNED, 2).meanwhile() == ASKING.want().prompt


def test_a_refused_password_is_asked_for_again_with_every_reason_and_a_name_without_password_too() -> None:
    refused = pr.PasswordRefused(("It was used before.",))
    assert CREATING.step(refused) == na.AskPassword(NAMED, passwordless=False, refusals=("It was used before.",))
    bare = na.CreatingUser(NAMED, passwordless=True, with_password=False)
    assert bare.step(REFUSED) == na.AskNames(NAMED, passwordless=True, note=ri.NOT_NOW)


def test_nothing_of_what_was_typed_stays_once_pingone_has_the_account() -> None:
    made = rg.MakingAccount(GIVEN, CREATING).step(gv.MADE)
    assert isinstance(made, rg.CompletingAccount)
    saved = msgspec.json.encode(made).decode()
    assert gv.ADDRESS not in saved
    assert "Hopper" not in saved


def test_what_was_made_is_shown_and_the_retry_goes_on_from_it() -> None:
    failed = rest.EnrollingEmail(GIVEN, replace(MADE, agreed=True)).step(rv.DOWN)
    assert isinstance(failed, rest.AskRetry)
    assert failed.want().prompt == rp.UnfinishedPrompt(rest.NOT_DONE, 6, made=(rest.ACCOUNT, rest.AGREED))
    assert rest.AskRetry(BARE, replace(MADE, agreed=True), rest.Step.EMAIL).want().prompt.made == (rest.ACCOUNT,)


def test_the_devices_of_an_account_without_a_password_have_no_way_around_them_but_a_password() -> None:
    first, bare = rest.registering(GIVEN, MADE).sub, rest.registering(BARE, MADE).sub
    assert isinstance(first, dr.GatheringPairing)
    assert isinstance(bare, dr.GatheringPairing)
    inputs = first.work.inputs
    assert (inputs.allow_cancel, inputs.auto_enroll_email, inputs.passwordless_required) == (False, True, False)
    assert bare.work.inputs.passwordless_required
    choosing = rest.RegisteringDevice(GIVEN, MADE, dr.AskDeviceType(first.work, ("TOTP",)))
    assert choosing.step(pa.PasswordInsteadChosen()) == rest.AskFirstPassword(GIVEN, replace(MADE, asked=7))
    enabling = rest.RegisteringDevice(GIVEN, MADE, dr.EnablingMfa(first.work, "TOTP"))
    assert enabling.step(prr.MfaEnabled()) == rest.Completed(replace(MADE, asked=6), "totp")


def test_an_agreement_that_cannot_be_shown_says_so_and_any_other_trouble_is_tried_again() -> None:
    reading = rest.Agreeing(GIVEN, MADE, ag.ReadingAgreement(INPUTS, 6))
    gone = reading.step(ax.NoAgreement())
    assert gone == rest.AskRetry(GIVEN, replace(MADE, asked=6), rest.Step.AGREEMENT, ag.NO_TEXT.message)
    assert reading.step(rv.DOWN) == rest.AskRetry(GIVEN, replace(MADE, asked=6), rest.Step.AGREEMENT)
    accepted = rest.Agreeing(GIVEN, MADE, ag.Accepting(INPUTS, 6, gv.TERMS)).step(ax.AgreementAccepted())
    assert accepted == rest.EnrollingEmail(GIVEN, replace(MADE, asked=7, agreed=True))


def test_an_agreement_begins_where_its_inputs_say() -> None:
    assert ag.begin(replace(INPUTS, agreement_enabled=False), 3) == ag.ReturnSuccess(3)
    assert ag.begin(replace(INPUTS, check_required=False), 3) == ag.ReadingAgreement(
        replace(INPUTS, check_required=False), 3
    )
    assert ag.ReturnSuccess(3).want() == Done(ag.Outputs())
    error = Problem("No.", "404")
    assert ag.ReturnError(error, 3).want() == Done(ag.Outputs("No.", "404"))


@pytest.mark.parametrize(
    ("state", "outputs"),
    [
        (rg.FinishingSuccess(KNOWING, WITH_PASSWORD, "pwd"), gi.Outputs("complete", "grace-1", "pwd")),
        (rg.FinishingError(GIVEN, gi.Work(), "", End.SIGN_ON), gi.Outputs("signOn", end=End.SIGN_ON)),
        (
            rg.FinishingError(KNOWING, gi.Work(), "No.", End.LIMITED, 4),
            gi.Outputs(error_message="No.", end=End.LIMITED, minutes=4),
        ),
    ],
)
def test_an_end_is_shown_before_it_is_written_down(
    state: rg.FinishingSuccess | rg.FinishingError, outputs: gi.Outputs
) -> None:
    assert state.meanwhile() == outputs
    assert state.step(rv.DOWN).want() == Done(outputs)


def test_protect_hears_once_how_it_ended_where_it_was_asked() -> None:
    finish = gx.FinishRegistration(person_id="grace-1", stage=Stage.DONE)
    told = kx.CompleteEvaluation(person_id="grace-1", risk_id="risk-1", status="SUCCESS")
    assert parts(rg.FinishingSuccess(KNOWING, WITH_PASSWORD, "pwd")) == (finish, told)
    assert parts(rg.FinishingSuccess(GIVEN, WITH_PASSWORD, "pwd")) == (finish,)
    (ended, failed) = parts(rg.FinishingError(KNOWING, gi.Work(), "", End.SIGN_ON))
    assert ended == gx.FinishRegistration(stage=Stage.ENDED)
    assert failed == kx.CompleteEvaluation(risk_id="risk-1", status="FAILED")


def parts(state: State) -> tuple[Effect, ...]:
    want = state.want()
    assert isinstance(want, Do)
    effect: Effect = want.effect
    return effect.effects if isinstance(effect, Together) else (effect,)


bounded = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@bounded
@given(
    st.lists(
        st.sampled_from(
            (
                CODE,
                rr.TryCounted(),
                gv.checked(rv.DOWN),
                r.TimeCame(),
                rr.ResendCounted(),
                gx.EmailCodeSent("auth-9"),
                a.ResendChosen(),
                rv.DOWN,
            )
        ),
        min_size=20,
        max_size=120,
    )
)
def test_no_history_sends_more_than_four_more_codes_or_takes_more_tries_than_the_limit(events: list[Event]) -> None:
    state: State = rg.VerifyingEmail(GIVEN, ec.begin(ASKED, 2))
    sent = tries = 0
    for event in events:
        try:
            after = state.step(event)
        except IllegalEventError:
            continue
        wanted = parts(after) if isinstance(after.want(), Do) else ()
        sent += any(isinstance(effect, gx.SendEmailCode) for effect in wanted)
        tries += any(isinstance(effect, gx.CheckEmailCode) for effect in wanted)
        state = after
    assert tries <= 2
    assert sent <= 5


@bounded
@given(st.lists(st.sampled_from(EVENTS), max_size=120))
def test_no_history_makes_an_account_for_an_address_that_somebody_has(events: list[Event]) -> None:
    state: State = rg.VerifyingEmail(GIVEN, ec.begin(OWNED, 2))
    for event in events:
        if isinstance(event, ra.RegisterEmailGiven):
            continue  # another address is another registration
        try:
            state = state.step(event)
        except IllegalEventError:
            continue
        wanted = parts(state) if isinstance(state.want(), Do) else ()
        assert not any(isinstance(effect, gx.RegistrationChange | gx.SendEmailCode) for effect in wanted)
        assert "ada-1" not in msgspec.json.encode(shown(state)).decode()


def shown(state: State) -> object:
    match state.want():
        case Ask(prompt) | Poll(prompt, _):
            return prompt
        case Done(outcome):
            return outcome
        case _:
            return state.meanwhile()


def test_r_30_registration_changes_no_account_but_the_one_that_it_makes() -> None:
    acts = set()
    for state in walk("registration").all:
        wanted = parts(state) if isinstance(state.want(), Do) else ()
        for effect in wanted:
            if isinstance(effect, gx.RegistrationChange):
                acts.add(effect.act)
                made = isinstance(state, rg.CompletingAccount)
                assert bool(effect.person_id) is made
    assert acts == {Act.REGISTER}


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (ec.Verified(VERIFIED), ec.Ended()),
        (ec.TooManyTries(), ec.Ended()),
        (na.Taken(), na.Ended()),
        (rest.Completed(MADE, "pwd"), rest.Ended()),
    ],
)
def test_the_inner_flows_ends_want_nothing_more_and_take_nothing(end: State, outcome: msgspec.Struct) -> None:
    want = end.want()
    assert isinstance(want, Done)
    assert want.outcome == outcome
    with pytest.raises(IllegalEventError):
        end.step(CODE)


def test_the_page_shows_the_form_for_the_code_while_the_code_is_sent() -> None:
    sending = rg.VerifyingEmail(GIVEN, ec.SendingCode(ASKED, 2))
    assert sending.meanwhile() == ASKING.want().prompt
    assert rg.VerifyingEmail(GIVEN, ec.CheckingCode(ASKED, 2, "auth-9")).meanwhile() is None
