"""Password reset, the agent's side, branch by branch: it opens, watches, ends and says; it never sees a password."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import password_reset as reset
from csrdesk.flows import replies as r
from csrdesk.flows import verify_user as vu
from csrdesk.flows.kernel import Do, Event, Failed, Problem, Replies, Reply
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.result_lines import told_line
from csrdesk.flows.rules import Rules
from csrdesk.flows.way_ends import PAGE_SAID_NO, PHONE_SAID_NO
from csrdesk.model.account import Account
from csrdesk.model.link import Link, LinkStage, Purpose
from csrdesk.model.people import Protection
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ADA,
    ALL_LOCKED,
    DENIED_AGAIN,
    DISABLED,
    DN,
    DONE_IN_AD,
    ENABLED,
    EXPIRED,
    FAILED,
    IN_BOTH,
    LATER,
    LINK,
    NO_MAIL,
    NOT_GUESSED,
    NOT_TOLD,
    NOT_VERIFIED,
    NOTED,
    PROBLEM,
    PROTECTED,
    RULES,
    STAGES,
    TOLD,
    UNTIL,
    WAITING_MAIL,
    WITH_DEVICE,
)

START = reset.Start("ada", " Forgot it. ", " HD-1 ")
IDENTIFYING, PERMITTING = reset.IdentifyingCustomer(START), reset.Permitting(START, ADA)
BARE = reset.Task(ADA, DN, "Forgot it.", "HD-1", RULES)
TASK = replace(BARE, homes=IN_BOTH.homes)
READING, OPENING = reset.ReadingAuthority(BARE), reset.OpeningPage(TASK)
WAITING = reset.AwaitingNewPassword(TASK, None, LINK, UNTIL)
CLOSING, FOR_A_LINK = reset.ClosingPage(WAITING), reset.ClosingPage(WAITING, own_link=True)
ERROR = reset.ReturnError(PROBLEM)
UNTOUCHED = reset.ReturnError(replace(PROBLEM, message=f"Nothing was changed. {PROBLEM.message}"))
AGAIN = reset.VerifyingAgain(TASK, None, vu.begin(ADA, RULES, purpose=Purpose.RESET))
RENEWED = reset.Renewed(LATER, WITH_DEVICE)
NOT_AGAIN = ResultLine("The password was not reset: the caller was not verified again.", ok=False)
BUSY = "The new password is being written just now. Wait for what comes of it."
STOPPED = ResultLine("Then the reset ended, before the password was the same everywhere.", ok=False)


DONE = reset.ReturnSuccess("complete", (DONE_IN_AD,))
STILL_TRIED = reset.TellingLater(TASK, DONE, WAITING_MAIL)


def result(words: str) -> reset.ReadingResult:
    return reset.ReadingResult(TASK, None, LINK.id, words)


def refused_again(note: str) -> reset.ReturnSuccess:
    """What ends a reset whose own link ended in a `notMe`: the agent reads where it was said."""
    return reset.ReturnSuccess("notMe", (replace(NOT_AGAIN, text=f"{NOT_AGAIN.text} {note}"),), note=note)


def link(stage: LinkStage) -> Link:
    return STAGES[stage]


def verifying(sub: vu.VerifyUserState, renewed: reset.Renewed | None = None) -> reset.VerifyingAgain:
    return reset.VerifyingAgain(TASK, renewed, sub)


NEWS: dict[LinkStage, reset.ResettingState] = {
    LinkStage.CODE_RIGHT: replace(WAITING, link=link(LinkStage.CODE_RIGHT)),
    LinkStage.SETTING: replace(WAITING, link=link(LinkStage.SETTING)),
    LinkStage.APPROVED: result("complete"),
    LinkStage.CANCELLED: result("cancelled"),
    LinkStage.EXPIRED: result("expired"),
    LinkStage.NOT_ME: result("notMe"),
    LinkStage.ENDED: result("cancelled"),
}
GIVEN = AGAIN.sub.given if isinstance(AGAIN.sub, vu.DisplayingForm) else None
assert GIVEN
PROTECTION = r.ProtectionRead(Protection(dn=DN))
LOADED = r.RulesLoaded(RULES)
ROWS: list[Row] = [
    (IDENTIFYING, r.UserFound(ADA), PERMITTING),
    (
        IDENTIFYING,
        r.SeveralUsers((ADA, NO_MAIL)),
        reset.ReturnError(
            Problem("This fits several people. Use the user name of the one you mean.", code="needs_answer"),
            (ADA, NO_MAIL),
        ),
    ),
    (IDENTIFYING, r.NoSuchUser(), reset.ReturnError(Problem("PingOne knows nobody by that.", code="not_found"))),
    (
        IDENTIFYING,
        r.OnlyInDirectory(),
        reset.ReturnError(Problem("This account is only in AD; csrdesk acts on PingOne users.", code="not_found")),
    ),
    (IDENTIFYING, FAILED, UNTOUCHED),
    (PERMITTING, Replies((NOTED, PROTECTION, LOADED)), READING),
    (
        PERMITTING,
        Replies((NOTED, r.ProtectionRead(PROTECTED), LOADED)),
        reset.ReturnError(Problem(RULES.protected_words, "member of Domain Admins", "forbidden")),
    ),
    (PERMITTING, Replies((Failed(NOT_VERIFIED), PROTECTION, LOADED)), reset.ReturnError(NOT_VERIFIED)),
    (PERMITTING, FAILED, UNTOUCHED),
    (READING, Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)), OPENING),
    (
        READING,
        Replies((NOTED, r.AccountRead(ENABLED), NOT_GUESSED)),
        reset.ReturnError(Problem(f"{NOT_GUESSED.why_not} Nothing was changed.", code="conflict")),
    ),
    (READING, Replies((NOTED, FAILED, IN_BOTH)), UNTOUCHED),
    (READING, FAILED, UNTOUCHED),
    (OPENING, pr.PasswordPageOpened(LINK, UNTIL), WAITING),
    (
        OPENING,
        pr.NoPasswordPage("The page is gone."),
        verifying(vu.DisplayingForm(GIVEN, "The page is gone.")),
    ),
    (OPENING, FAILED, ERROR),
    (AGAIN, a.SendChosen(), verifying(vu.CreatingChallenge(GIVEN))),
    (AGAIN, a.Cancelled(), reset.ReturnSuccess("cancelled", (NOT_AGAIN,))),
    (
        verifying(vu.AwaitingChallenge(GIVEN, LINK)),
        a.LineDropped(),
        reset.ReturnSuccess("cancelled", (NOT_AGAIN,), line_dropped=True),
    ),
    (
        verifying(vu.AwaitingChallenge(GIVEN, LINK)),
        r.LinkChanged(link(LinkStage.NOT_ME)),
        refused_again(PAGE_SAID_NO),
    ),
    (verifying(vu.AwaitingChallenge(GIVEN, LINK)), r.LinkChanged(DENIED_AGAIN), refused_again(PHONE_SAID_NO)),
    (verifying(vu.AwaitingChallenge(GIVEN, LINK)), FAILED, reset.EndingLinks(TASK, PROBLEM)),
    (
        verifying(vu.GoingToSuccess(GIVEN, LINK.id)),
        r.WindowStarted(LATER, WITH_DEVICE),
        reset.OpeningPage(TASK, RENEWED),
    ),
    (reset.EndingLinks(TASK, PROBLEM), NOTED, ERROR),
    (reset.EndingLinks(TASK, PROBLEM), Failed(NOT_VERIFIED), ERROR),
    *((WAITING, r.LinkChanged(link(stage)), after) for stage, after in NEWS.items()),
    (WAITING, a.OwnLinkChosen(), FOR_A_LINK),
    (WAITING, a.Cancelled(), CLOSING),
    (
        WAITING,
        a.LineDropped(),
        reset.ReturnSuccess(
            "cancelled", (ResultLine("The line dropped, so the reset was ended.", ok=False),), line_dropped=True
        ),
    ),
    (WAITING, FAILED, ERROR),
    (CLOSING, r.LinkChanged(link(LinkStage.ENDED)), result("cancelled")),
    (CLOSING, r.LinkChanged(link(LinkStage.APPROVED)), result("complete")),
    (CLOSING, r.LinkChanged(link(LinkStage.SETTING)), replace(WAITING, link=link(LinkStage.SETTING), note=BUSY)),
    (CLOSING, FAILED, replace(WAITING, note=f"The page was not ended. {PROBLEM.message}")),
    (FOR_A_LINK, r.LinkChanged(link(LinkStage.ENDED)), AGAIN),
    (FOR_A_LINK, r.LinkChanged(link(LinkStage.APPROVED)), result("complete")),
    (
        result("complete"),
        Replies((pr.ResetIs((DONE_IN_AD,)), r.AccountRead(ALL_LOCKED))),
        reset.ReturnSuccess(
            "complete",
            (
                DONE_IN_AD,
                *(ResultLine(f"{what}: still locked", aside=True) for what in ("AD", "PingOne", "PingOne password")),
            ),
        ),
    ),
    (
        result("complete"),
        FAILED,
        reset.ReturnSuccess(
            "complete",
            (
                ResultLine(
                    "What came of the reset could not be read. Look at when the password was changed.", ok=False
                ),
                ResultLine("What is still locked could not be read.", aside=True),
            ),
        ),
    ),
    (
        result("complete"),
        Replies((pr.ResetIs((DONE_IN_AD,), WAITING_MAIL), r.AccountRead(ENABLED))),
        STILL_TRIED,
    ),
    (STILL_TRIED, TOLD, replace(DONE, lines=(DONE_IN_AD, told_line(TOLD)))),
    (STILL_TRIED, NOT_TOLD, replace(DONE, lines=(DONE_IN_AD, told_line(NOT_TOLD)))),
    (STILL_TRIED, FAILED, replace(DONE, lines=(DONE_IN_AD, told_line(FAILED)))),
    (
        result("expired"),
        Replies((pr.ResetIs(), r.AccountRead(ENABLED))),
        reset.ReturnSuccess("expired", (ResultLine("Time ran out before a password was set.", ok=False),)),
    ),
    (
        result("cancelled"),
        Replies((pr.ResetIs((DONE_IN_AD,)), r.AccountRead(ENABLED))),
        reset.ReturnSuccess("cancelled", (DONE_IN_AD, STOPPED)),
    ),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_agents_side_of_a_reset(
    state: reset.PasswordResetState, event: Event, after: reset.PasswordResetState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        *(IDENTIFYING, PERMITTING, READING, OPENING, reset.EndingLinks(TASK, PROBLEM), WAITING, CLOSING),
        *(result("complete"), STILL_TRIED, reset.ReturnSuccess("complete"), ERROR),
    ],
    ids=name,
)
def test_the_agents_side_of_a_reset_takes_nothing_else(state: reset.PasswordResetState) -> None:
    refused(state, a.DisableChosen())


@pytest.mark.parametrize(
    ("start", "words", "code"),
    [
        (reset.Start(" ", "Forgot it."), "Say whom", "invalid_value"),
        (reset.Start("ada", " "), "A reason is needed", "needs_answer"),
    ],
)
def test_a_script_says_whom_and_why(start: reset.Start, words: str, code: str) -> None:
    ended = reset.begin(start)
    assert isinstance(ended, reset.ReturnError)
    assert ended.problem.message.startswith(words)
    assert ended.problem.code == code


@pytest.mark.parametrize(
    ("account", "authority", "words"),
    [
        (ENABLED, IN_BOTH, ""),
        (DISABLED, IN_BOTH, "The account is disabled"),
        (EXPIRED, IN_BOTH, "The AD account has expired"),
        (ENABLED, NOT_GUESSED, NOT_GUESSED.why_not),
        (ENABLED, pr.AuthorityRead(), "Nobody says where the password is kept."),
        (ENABLED, FAILED, f"Where the password is kept could not be read. {PROBLEM.message}"),
        (ENABLED, NOTED, "Where the password is kept could not be read."),
    ],
)
def test_why_a_reset_is_not_offered_is_said(account: Account, authority: Reply, words: str) -> None:
    why = reset.why_no_reset(account, authority)
    assert why.startswith(words)
    assert bool(why) is bool(words)


def test_a_page_of_its_own_mail_says_what_it_is_for_and_asks_for_a_password_only_after_a_verification() -> None:
    want = AGAIN.step(a.SendChosen()).want()
    assert isinstance(want, Do)
    assert isinstance(want.effect, fx.SendMagicLink)
    assert want.effect.purpose is Purpose.RESET
    assert vu.begin(ADA, Rules()).given.purpose is Purpose.VERIFY


def test_the_outputs_of_a_reset_bear_pings_names_and_tell_half_done_from_done() -> None:
    both = reset.ReturnSuccess("cancelled", (DONE_IN_AD, STOPPED))
    assert both.half_done
    assert both.want().outcome == reset.Outputs("cancelled", lines=both.lines, half_done=True)
    assert not reset.ReturnSuccess("complete", (DONE_IN_AD,)).half_done
    assert ERROR.want().outcome == reset.Outputs(
        error_message=PROBLEM.message, error_details=PROBLEM.details, code=PROBLEM.code
    )
