"""The page where the customer types a new password, and what is done with it, branch by branch."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import effects as fx
from csrdesk.flows import new_password as np
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_replies as pr
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import setting_password as sp
from csrdesk.flows.device_authentication import NOT_NOW
from csrdesk.flows.kernel import Event, Failed, Replies
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Told
from csrdesk.model.link import LinkStage
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ABOUT,
    ADA,
    AFTER,
    DN,
    DONE_IN_AD,
    FAILED,
    FOUND_NOT_DONE,
    IN_AD,
    IN_AD_ALONE,
    IN_BOTH,
    IN_PINGONE_ALONE,
    LATER,
    LONG_ENOUGH,
    NEW_PASSWORD,
    NOT_GUESSED,
    NOT_VERIFIED,
    NOTED,
    PAGE,
    QUEUED,
    REFUSED,
    SET_IN_AD,
    SET_IN_PINGONE,
    THROUGH_GATEWAY,
    TOLD,
    USED_BEFORE,
    WAITING_MAIL,
)

FIRST = np.begin(np.Start(ABOUT, ADA.id, DN, "Forgot it.", "HD-1", PAGE))
GIVEN = FIRST.given
WORK = GIVEN.work(IN_BOTH)
PLAN, NOTHING = np.Plan(WORK, (LONG_ENOUGH,)), np.Tried()
ASK = np.AskNewPassword(GIVEN, PLAN, NOTHING)
TYPED = a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD), "yes")
KEPT_SIGN_INS = a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD))
BEGINNING = sp.BeginningChange(WORK)
IN_DIRECTORY, IN_PINGONE = sp.SettingInDirectory(WORK), sp.SettingInPingOne(WORK, (DONE_IN_AD,))
ALONE = sp.SettingInDirectory(GIVEN.work(IN_AD_ALONE))
BACK_IN_AD, BACK_IN_PINGONE = (
    sp.ReadingBack(WORK, Home.DIRECTORY),
    sp.ReadingBack(WORK, Home.PINGONE, (DONE_IN_AD,)),
)
DONE_IN_PINGONE, TOLD_LINE = ResultLine("PingOne: password set"), ResultLine("Customer: told by mail", aside=True)
NOT_IN_PINGONE = ResultLine("PingOne: password not set", ok=False)
REFUSED_BY_AD = ResultLine("AD: password refused. It was used before.", ok=False)
REFUSED_BY_PINGONE = ResultLine("PingOne: password refused. It was used before.", ok=False)
ENDING = sp.EndingSessions(WORK, (DONE_IN_AD, DONE_IN_PINGONE))
HALF = (DONE_IN_AD, REFUSED_BY_PINGONE)
TWICE = "Type the new password, and once more below it."
DIFFERENT = "The two are not the same. Type the new password twice."
NOT_HERE = "Your password cannot be set from here just now. Tell the agent."


def setting(sub: sp.SettingPasswordState, tried: np.Tried = NOTHING) -> np.SettingPassword:
    return np.SettingPassword(GIVEN, PLAN, tried, sub)


def said(*refusals: str) -> np.AskNewPassword:
    return replace(ASK, tried=np.Tried(refusals))


AGAIN = np.AskAgain(GIVEN, NOT_NOW, FIRST)
ANOTHER = np.AskingAnother(GIVEN, PLAN, np.Tried(("It was used before.",)))
NOT_KNOWN = replace(
    ANOTHER,
    tried=np.Tried(lines=(ResultLine("AD: unknown whether the password was set", ok=False, unknown=True),)),
)
FINISHING = np.Finishing(GIVEN, LinkStage.APPROVED, (DONE_IN_AD,), signed_out=True)
CANCELLING = np.Finishing(GIVEN, LinkStage.CANCELLED, ())
NOT_ME, REFUSING, MORE = np.AskNotMe(GIVEN, ASK), np.RefusingChallenge(GIVEN, ASK), np.AddingTime(GIVEN, ASK)
LONGER, LAST = p.Page(LATER, more_time=False), replace(PAGE, more_time=False)
ROWS: list[Row] = [
    (FIRST, IN_BOTH, ASK),
    (FIRST, NOT_GUESSED, np.AskAgain(GIVEN, NOT_HERE, FIRST)),
    (FIRST, FAILED, AGAIN),
    (ASK, TYPED, setting(BEGINNING)),
    (ASK, KEPT_SIGN_INS, setting(sp.BeginningChange(replace(WORK, sign_out=False)))),
    (ASK, a.NewPasswordTyped(Secret(""), Secret("")), said(TWICE)),
    (ASK, a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret("other")), said(DIFFERENT)),
    (ASK, a.NewPasswordTyped(Secret("short"), Secret("short")), said("At least 10 characters")),
    (ASK, a.Cancelled(), CANCELLING),
    (ASK, a.MoreTimeChosen(), MORE),
    (ASK, a.NotMeChosen(), NOT_ME),
    (setting(IN_DIRECTORY), USED_BEFORE, replace(ANOTHER, tried=np.Tried(USED_BEFORE.reasons, "", (REFUSED_BY_AD,)))),
    (
        setting(IN_PINGONE),
        USED_BEFORE,
        replace(ANOTHER, tried=np.Tried(USED_BEFORE.reasons, "", HALF, half_done=True)),
    ),
    (
        setting(BEGINNING, np.Tried(lines=HALF, half_done=True)),
        r.SecretLost(),
        replace(ANOTHER, tried=np.Tried((), "The password was not set. Type it once more.", HALF, half_done=True)),
    ),
    (
        setting(IN_DIRECTORY),
        Failed(NOT_VERIFIED),
        np.Finishing(
            GIVEN, LinkStage.EXPIRED, (ResultLine(f"AD: password not set. {NOT_VERIFIED.message}", ok=False),)
        ),
    ),
    (setting(BEGINNING), r.LinkOver(LinkStage.ENDED), np.PageClosed(LinkStage.ENDED)),
    (setting(BEGINNING), NOTED, setting(IN_DIRECTORY)),
    (ANOTHER, NOTED, np.AskNewPassword(GIVEN, PLAN, ANOTHER.tried)),
    (NOT_KNOWN, NOTED, np.ReadingRequirements(GIVEN, NOT_KNOWN.tried)),
    (ANOTHER, r.LinkOver(LinkStage.EXPIRED), np.PageClosed(LinkStage.EXPIRED)),
    (ANOTHER, FAILED, np.AskAgain(GIVEN, NOT_NOW, np.ReadingRequirements(GIVEN, ANOTHER.tried))),
    (AGAIN, a.TryAgainChosen(), FIRST),
    (AGAIN, a.Cancelled(), CANCELLING),
    (AGAIN, a.MoreTimeChosen(), np.AddingTime(GIVEN, AGAIN)),
    (AGAIN, a.NotMeChosen(), np.AskNotMe(GIVEN, AGAIN)),
    (np.AskAgain(GIVEN, NOT_NOW, FINISHING), a.Cancelled(), FINISHING),
    (MORE, r.PageTimeAdded(LATER), replace(ASK, given=replace(GIVEN, page=LONGER))),
    (MORE, r.NoMoreTime(), replace(ASK, given=replace(GIVEN, page=LAST))),
    (MORE, r.LinkOver(LinkStage.EXPIRED), np.PageClosed(LinkStage.EXPIRED)),
    (MORE, FAILED, ASK),
    (np.AddingTime(GIVEN, AGAIN), r.PageTimeAdded(LATER), replace(AGAIN, given=replace(GIVEN, page=LONGER))),
    (NOT_ME, a.NotMeAnswered("not_me"), REFUSING),
    (NOT_ME, a.NotMeAnswered("go_back"), ASK),
    (REFUSING, r.ChallengeRefused(), np.Refused(ABOUT)),
    (REFUSING, r.LinkOver(LinkStage.ENDED), np.Refused(ABOUT)),
    (REFUSING, FAILED, replace(NOT_ME, note=NOT_NOW)),
    (FINISHING, NOTED, np.Changed(ABOUT, signed_out=True)),
    (CANCELLING, NOTED, np.Kept(ABOUT, half_done=False)),
    (replace(CANCELLING, lines=HALF), NOTED, np.Kept(ABOUT, half_done=True)),
    (replace(CANCELLING, stage=LinkStage.EXPIRED), NOTED, np.PageClosed(LinkStage.EXPIRED)),
    (CANCELLING, r.LinkOver(LinkStage.ENDED), np.PageClosed(LinkStage.ENDED)),
    (CANCELLING, FAILED, np.AskAgain(GIVEN, NOT_NOW, CANCELLING)),
]
LOST = "The password was not set. Type it once more."
UNSURE = "We could not find out whether the password was set. Type one once more, the same or another."
BOTH = "AD has taken the new password, but PingOne has not. Type one once more that suits both."


def not_now(where: str, words: str) -> ResultLine:
    return ResultLine(f"{where}: password not set. {words}", ok=False)


def unsure(where: str) -> ResultLine:
    return ResultLine(f"{where}: unknown whether the password was set", ok=False, unknown=True)


INSIDE: list[Row] = [
    (BEGINNING, NOTED, IN_DIRECTORY),
    (sp.BeginningChange(GIVEN.work(IN_PINGONE_ALONE)), NOTED, sp.SettingInPingOne(GIVEN.work(IN_PINGONE_ALONE))),
    (BEGINNING, r.LinkOver(LinkStage.EXPIRED), sp.PageWasOver(LinkStage.EXPIRED)),
    (BEGINNING, r.SecretLost(), sp.NotSet(note=LOST)),
    (BEGINNING, FAILED, sp.NotSet(note=sp.NOT_SET_NOW)),
    (BEGINNING, Failed(NOT_VERIFIED), sp.NotVerified((ResultLine(NOT_VERIFIED.message, ok=False),))),
    (IN_DIRECTORY, pr.PasswordSet(Home.DIRECTORY, AFTER), IN_PINGONE),
    (
        ALONE,
        pr.PasswordSet(Home.DIRECTORY, AFTER, unlocked=True),
        sp.EndingSessions(ALONE.work, (DONE_IN_AD, ResultLine("AD: unlocked with it"))),
    ),
    (IN_DIRECTORY, USED_BEFORE, sp.NotSet(USED_BEFORE.reasons, lines=(REFUSED_BY_AD,))),
    (IN_DIRECTORY, r.SecretLost(), BACK_IN_AD),
    (IN_DIRECTORY, FAILED, BACK_IN_AD),
    (IN_DIRECTORY, Failed(REFUSED), sp.NotSet(note=sp.NOT_SET_NOW, lines=(not_now("AD", REFUSED.message),))),
    (IN_DIRECTORY, Failed(NOT_VERIFIED), sp.NotVerified((not_now("AD", NOT_VERIFIED.message),))),
    (IN_PINGONE, pr.PasswordSet(Home.PINGONE, AFTER), ENDING),
    (IN_PINGONE, USED_BEFORE, sp.NotSet(USED_BEFORE.reasons, lines=HALF, half_done=True)),
    (IN_PINGONE, r.SecretLost(), BACK_IN_PINGONE),
    (IN_PINGONE, FAILED, BACK_IN_PINGONE),
    (
        IN_PINGONE,
        Failed(REFUSED),
        sp.NotSet(note=sp.NOT_SET_NOW, lines=(DONE_IN_AD, not_now("PingOne", REFUSED.message)), half_done=True),
    ),
    (BACK_IN_PINGONE, pr.PasswordStateRead(SET_IN_PINGONE), ENDING),
    (
        BACK_IN_AD,
        pr.PasswordStateRead(SET_IN_AD),
        sp.NotSet(note=BOTH, lines=(DONE_IN_AD, NOT_IN_PINGONE), half_done=True),
    ),
    (
        sp.ReadingBack(ALONE.work, Home.DIRECTORY),
        pr.PasswordStateRead(SET_IN_AD),
        sp.EndingSessions(ALONE.work, (DONE_IN_AD,)),
    ),
    (
        BACK_IN_AD,
        pr.PasswordStateRead(IN_AD),
        sp.NotSet(note=LOST, lines=(ResultLine("AD: password not set", ok=False),)),
    ),
    (
        BACK_IN_AD,
        pr.PasswordStateRead(replace(SET_IN_AD, must_change=True)),
        sp.NotSet(note=LOST, lines=(ResultLine("AD: password not set", ok=False),)),
    ),
    (BACK_IN_AD, pr.PasswordStateRead(PasswordState(Home.DIRECTORY)), sp.NotSet(note=UNSURE, lines=(unsure("AD"),))),
    (BACK_IN_PINGONE, FAILED, sp.NotSet(note=UNSURE, lines=(DONE_IN_AD, unsure("PingOne")), half_done=True)),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_page(state: np.NewPasswordState, event: Event, after: np.NewPasswordState) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(("state", "event", "after"), INSIDE, ids=name)
def test_each_branch_of_setting_a_password(
    state: sp.SettingPasswordState, event: Event, after: sp.SettingPasswordState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [FIRST, ASK, ANOTHER, AGAIN, MORE, NOT_ME, REFUSING, FINISHING], ids=name)
def test_the_page_takes_nothing_else(state: np.NewPasswordState) -> None:
    refused(state, r.TimeCame())


@pytest.mark.parametrize(
    "state",
    [BEGINNING, IN_DIRECTORY, IN_PINGONE, BACK_IN_AD, ENDING, sp.NotSet(), sp.PasswordIsSet((), False)],
    ids=name,
)
def test_setting_a_password_takes_nothing_else(state: sp.SettingPasswordState) -> None:
    refused(state, a.MoreTimeChosen())


@pytest.mark.parametrize(
    ("replies", "lines"),
    [
        (Replies((TOLD, r.SessionsEnded(1))), ("PingOne: 1 session ended", "Customer: told by mail")),
        (Replies((TOLD, r.SessionsEnded(3))), ("PingOne: 3 sessions ended", "Customer: told by mail")),
        (Replies((FAILED, FAILED)), ("PingOne: unknown whether sessions ended.", "Customer: maybe not told.")),
        (FAILED, ("PingOne: unknown whether sessions ended.", "Customer: maybe not told.")),
    ],
)
def test_r_50_sessions_end_with_a_reset_and_are_counted(replies: Event, lines: tuple[str, ...]) -> None:
    ended = ENDING.step(replies)
    assert isinstance(ended, sp.PasswordIsSet)
    assert ended.signed_out
    assert ended.lines[:2] == (DONE_IN_AD, DONE_IN_PINGONE)
    told = [line.text for line in ended.lines[2:]]
    for words in lines:
        assert any(text.startswith(words) for text in told), told


def test_who_keeps_their_sign_ins_keeps_them_and_the_agent_is_told() -> None:
    kept = replace(ENDING, work=replace(WORK, sign_out=False)).step(Replies((TOLD,)))
    assert isinstance(kept, sp.PasswordIsSet)
    assert not kept.signed_out
    assert [line.text for line in kept.lines[2:]] == [
        "PingOne: the customer kept their sign-ins elsewhere",
        TOLD_LINE.text,
    ]
    done = setting(replace(ENDING, work=replace(WORK, sign_out=False))).step(Replies((TOLD,)))
    assert done == np.Finishing(GIVEN, LinkStage.APPROVED, kept.lines, signed_out=False)


def test_r_50_sign_ins_that_a_crash_left_are_ended_before_the_page_says_done_and_nobody_is_told_twice() -> None:
    left = ENDING.step(Replies((TOLD, FOUND_NOT_DONE)))
    assert left == replace(ENDING, told=Told(TOLD_LINE))
    assert [type(effect) for effect in left.want().effect.effects] == [fx.EndSessions]
    done = left.step(Replies((r.SessionsEnded(2),)))
    assert isinstance(done, sp.PasswordIsSet)
    assert [line.text for line in done.lines].count(TOLD_LINE.text) == 1
    assert isinstance(left.step(FAILED), sp.PasswordIsSet)


def test_r_36_a_mail_that_is_still_tried_is_handed_to_the_agents_side_also_past_a_crash() -> None:
    at_once = setting(ENDING).step(Replies((QUEUED, r.SessionsEnded(2))))
    left = ENDING.step(Replies((QUEUED, FOUND_NOT_DONE)))
    assert left == replace(ENDING, told=Told(later=WAITING_MAIL))
    for done in (at_once, setting(left).step(Replies((r.SessionsEnded(2),)))):
        assert isinstance(done, np.Finishing)
        assert done.want().effect.later == WAITING_MAIL
        assert not any("Customer" in line.text for line in done.lines)


def test_r_50_where_the_account_was_taken_over_signing_out_cannot_be_left_out() -> None:
    fixed = np.begin(np.Start(ABOUT, ADA.id, DN, "Forgot it.", "HD-1", PAGE, sign_out_fixed=True)).step(IN_BOTH)
    assert isinstance(fixed, np.AskNewPassword)
    assert fixed.want().prompt.sign_out_fixed
    after = fixed.step(KEPT_SIGN_INS)
    assert isinstance(after, np.SettingPassword)
    assert isinstance(after.sub, sp.BeginningChange)
    assert after.sub.work.sign_out


def test_r_49_a_half_done_reset_says_so_on_the_page_and_leaves_its_lines_for_the_agent() -> None:
    asking = setting(IN_PINGONE).step(USED_BEFORE)
    assert isinstance(asking, np.AskingAnother)
    assert asking.want().effect == pfx.AskAnother(
        person_id=ADA.id, challenge_id=ABOUT.challenge_id, lines=(DONE_IN_AD, REFUSED_BY_PINGONE)
    )
    asked = asking.step(NOTED)
    assert isinstance(asked, np.AskNewPassword)
    page = asked.want().prompt
    assert page.half_done
    assert page.refusals == USED_BEFORE.reasons
    refused_whole = setting(IN_DIRECTORY).step(USED_BEFORE)
    assert isinstance(refused_whole, np.AskingAnother)
    assert refused_whole.want().effect.lines == ()


def test_ad_is_written_before_pingone_and_each_with_its_own_home() -> None:
    first, through = BEGINNING.step(NOTED), sp.BeginningChange(GIVEN.work(THROUGH_GATEWAY)).step(NOTED)
    assert isinstance(first, sp.SettingInDirectory)
    assert isinstance(through, sp.SettingInPingOne)
    assert through.want().effect.home is Home.GATEWAY
    assert IN_PINGONE.want().effect.home is Home.PINGONE


def test_r_16_no_state_of_the_page_holds_what_was_typed() -> None:
    for state in (setting(BEGINNING), setting(IN_DIRECTORY), setting(IN_PINGONE), ASK.step(TYPED), said(DIFFERENT)):
        saved = msgspec.json.encode(state).decode()
        assert NEW_PASSWORD not in saved
        assert "short" not in saved


@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        (Requirement("", "min_length", 5), "abcde", "abcd"),
        (Requirement("", "max_length", 5), "abcde", "abcdef"),
        (Requirement("", "characters", 2, "0123456789"), "a1b2", "a1b"),
        (Requirement("", "distinct", 3), "abca", "abab"),
        (Requirement("", "classes", 3), "aB1", "aB"),
        (Requirement("", "classes", 4), "aB1 ", "aB1"),
    ],
)
def test_a_requirement_is_judged_by_the_password_alone(asked: Requirement, good: str, bad: str) -> None:
    assert asked.is_met_by(Secret(good))
    assert not asked.is_met_by(Secret(bad))


def test_what_only_a_directory_can_tell_is_said_and_not_judged() -> None:
    assert Requirement("None of the last six", "said").is_met_by(Secret(""))


def test_the_pages_end_says_what_became_of_it() -> None:
    assert np.Changed(ABOUT, signed_out=True).want().outcome == pp.PasswordChanged(ABOUT, signed_out=True)
    assert np.Kept(ABOUT, half_done=True).want().outcome == pp.PasswordKept(ABOUT, half_done=True)
    assert np.Refused(ABOUT).want().outcome == ca.PageRefused(ABOUT)
    assert np.PageClosed(LinkStage.EXPIRED).want().outcome == ca.PageOver(LinkStage.EXPIRED)
    for ended in (
        sp.PasswordIsSet((), signed_out=True),
        sp.NotSet(),
        sp.NotVerified(()),
        sp.PageWasOver(LinkStage.ENDED),
    ):
        assert ended.want().outcome == sp.Ended()
