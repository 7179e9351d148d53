"""User Account management and protective disable, branch by branch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import act_words
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Event, Failed, Replies
from csrdesk.flows.rules import Rules
from csrdesk.flows.way_ends import PAGE_SAID_NO
from csrdesk.model.account import Account
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    AD_ON,
    ADA,
    DISABLED,
    DN,
    DONE_IN_AD,
    ENABLED,
    FAILED,
    IN_BOTH,
    LATER,
    LINK,
    NOT_GUESSED,
    NOT_VERIFIED,
    NOTED,
    OFF,
    PROBLEM,
    RECOVERY,
    UNTIL,
    WAITING_MAIL,
    WITH_DEVICE,
)

VERIFIED, NEEDS = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HD-1"), am.Needs()
STRICT = am.Needs(ticket=True)


def doing(action: str, act: Act, ticket: str = "HD-1") -> uf.Task:
    return uf.Task(action, ADA.id, ADA, DN, act, "Caller asked.", ticket)


DISABLE, ENABLE = doing("disableUser", Act.DISABLE), doing("enableUser", Act.ENABLE)
READING = am.ReadingAccount(VERIFIED, NEEDS)
MANAGING = am.ManagingAccount(VERIFIED, NEEDS, ENABLED)
CONFIRM, CONFIRM_ENABLE = (am.ConfirmingAct(VERIFIED, NEEDS, ENABLED, act, "HD-1") for act in (Act.DISABLE, Act.ENABLE))
CONFIRM_STRICT = replace(CONFIRM, needs=STRICT)
CHANGING = am.ChangingAccount(VERIFIED, NEEDS, Act.DISABLE, uf.ReadingAccount(DISABLE))
LINES = (p.ResultLine("AD: disabled"), p.ResultLine("PingOne: not disabled.", ok=False))
LAST = am.ChangingAccount(VERIFIED, NEEDS, Act.DISABLE, uf.ReadingBack(DISABLE, LINES))
NOTICE = am.ShowingNotice(VERIFIED, NEEDS, Act.DISABLE, LINES, half_done=True, again=DISABLE)
ALL_DONE = am.ShowingNotice(VERIFIED, NEEDS, Act.DISABLE, LINES[:1])
ERROR = am.ReturnError(VERIFIED, NEEDS, PROBLEM)
CLOSED = am.WindowClosed(ADA)
YES = a.Confirmed(" Caller asked. ", " HD-1 ")
BY_DEVICE = am.Needs(rules=Rules(reset_needs_device=True))
WITHOUT_DEVICE = am.Verified(ADA, DN, RECOVERY, UNTIL, "HD-1")
NO_PROOF = "A new password needs a device here, and this caller has shown none."
NO_RESET = replace(MANAGING, why_no_reset=NOT_GUESSED.why_not)
CONFIRM_RESET = replace(CONFIRM, act=Act.RESET)
TASK = reset.Task(ADA, DN, "Caller asked.", "HD-1", NEEDS.rules)
IN_EACH = replace(TASK, homes=IN_BOTH.homes)
RESETTING = am.Resetting(VERIFIED, NEEDS, reset.ReadingAuthority(TASK))
OPENING = replace(RESETTING, sub=reset.OpeningPage(IN_EACH))
WAITING = replace(RESETTING, sub=reset.AwaitingNewPassword(IN_EACH, None, LINK, UNTIL))
RESULT = am.Resetting(VERIFIED, NEEDS, reset.ReadingResult(IN_EACH, None, LINK.id, "complete"))


def notice(*lines: p.ResultLine) -> am.ShowingNotice:
    return am.ShowingNotice(VERIFIED, NEEDS, Act.RESET, lines)


ROWS: list[Row] = [
    (READING, Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)), MANAGING),
    (READING, Replies((NOTED, r.AccountRead(ENABLED), NOT_GUESSED)), NO_RESET),
    (
        am.ReadingAccount(WITHOUT_DEVICE, BY_DEVICE),
        Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)),
        am.ManagingAccount(WITHOUT_DEVICE, BY_DEVICE, ENABLED, NO_PROOF),
    ),
    (
        am.ReadingAccount(VERIFIED, BY_DEVICE),
        Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)),
        am.ManagingAccount(VERIFIED, BY_DEVICE, ENABLED),
    ),
    (READING, Replies((Failed(NOT_VERIFIED), FAILED, FAILED)), CLOSED),
    (READING, Replies((NOTED, FAILED, IN_BOTH)), ERROR),
    (READING, FAILED, ERROR),
    (MANAGING, a.ResetChosen(), CONFIRM_RESET),
    (NO_RESET, a.ResetChosen(), replace(NO_RESET, note=f"Reset is not possible now. {NOT_GUESSED.why_not}")),
    (CONFIRM_RESET, YES, RESETTING),
    (RESETTING, Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH)), OPENING),
    (RESETTING, FAILED, notice(p.ResultLine(f"Nothing was changed. {PROBLEM.message}", ok=False))),
    (OPENING, pr.PasswordPageOpened(LINK, UNTIL), WAITING),
    (WAITING, a.LineDropped(), am.LostCaller(ADA)),
    (RESULT, Replies((pr.ResetIs((DONE_IN_AD,)), r.AccountRead(ENABLED))), notice(DONE_IN_AD)),
    (
        replace(RESULT, sub=replace(RESULT.sub, renewed=reset.Renewed(LATER, RECOVERY))),
        Replies((pr.ResetIs((DONE_IN_AD,)), r.AccountRead(ENABLED))),
        replace(notice(DONE_IN_AD), verified=replace(VERIFIED, until=LATER, evidence=RECOVERY)),
    ),
    (
        replace(RESULT, sub=replace(RESULT.sub, renewed=reset.Renewed(LATER, RECOVERY))),
        Replies((pr.ResetIs((DONE_IN_AD,), WAITING_MAIL), r.AccountRead(ENABLED))),
        replace(notice(DONE_IN_AD), verified=replace(VERIFIED, until=LATER, evidence=RECOVERY), later=WAITING_MAIL),
    ),
    (replace(RESULT, sub=replace(RESULT.sub, result="notMe")), FAILED, am.Refused(ADA, PAGE_SAID_NO)),
    (MANAGING, a.DisableChosen(), CONFIRM),
    (MANAGING, a.EnableChosen(), CONFIRM_ENABLE),
    (MANAGING, a.RefreshChosen(), READING),
    (MANAGING, a.LineDropped(), am.LostCaller(ADA)),
    (MANAGING, a.BackChosen(), am.WentBack(ADA)),
    (MANAGING, a.CallEnded(), am.EndedCall()),
    (MANAGING, r.TimeCame(), CLOSED),
    (MANAGING, FAILED, ERROR),
    (CONFIRM, YES, CHANGING),
    (
        CONFIRM_ENABLE,
        a.Confirmed("Caller asked.", ""),
        am.ChangingAccount(VERIFIED, NEEDS, Act.ENABLE, uf.ReadingAccount(doing("enableUser", Act.ENABLE, ticket=""))),
    ),
    (
        CONFIRM,
        a.Confirmed(" ", " HD-2 "),
        replace(CONFIRM, ticket="HD-2", note="A reason is needed: one line for the audit."),
    ),
    (
        CONFIRM_STRICT,
        a.Confirmed("Caller asked.", " "),
        replace(CONFIRM_STRICT, ticket="", note="A ticket number is needed."),
    ),
    (CONFIRM_STRICT, YES, replace(CHANGING, needs=STRICT)),
    (CONFIRM, a.Declined(), MANAGING),
    (CONFIRM, r.TimeCame(), CLOSED),
    (CONFIRM, FAILED, ERROR),
    (
        CHANGING,
        Replies((NOTED, r.AccountRead(ENABLED))),
        replace(CHANGING, sub=uf.Disabling(DISABLE, in_directory=True, in_pingone=True)),
    ),
    (
        CHANGING,
        FAILED,
        am.ShowingNotice(
            VERIFIED, NEEDS, Act.DISABLE, (p.ResultLine(f"Nothing was changed. {PROBLEM.message}", ok=False),)
        ),
    ),
    (LAST, Replies((r.AccountRead(DISABLED),)), NOTICE),
    (NOTICE, a.NoticeRead(), READING),
    (NOTICE, a.TryAgainChosen(), CHANGING),
    (ALL_DONE, a.TryAgainChosen(), READING),
    (NOTICE, a.CallEnded(), am.EndedCall()),
    (ERROR, a.TryAgainChosen(), READING),
    (ERROR, a.CallEnded(), am.EndedCall(PROBLEM)),
]
PROTECT = uf.Task("disableUser", ADA.id, ADA, DN, Act.PROTECT, "Somebody has it.", "HD-1")
ASK = pd.Confirming(ADA, DN, "HD-1")
BOTH_NEEDED = "A reason and a ticket number are both needed."
PROTECTING = pd.Disabling(ADA, uf.ReadingAccount(PROTECT))
SHOWING = pd.Showing(ADA, LINES, half_done=True, again=PROTECT)
PROTECTION: list[Row] = [
    (ASK, a.Confirmed(" Somebody has it. ", " HD-1 "), PROTECTING),
    (ASK, a.Confirmed(" ", " HD-2 "), pd.Confirming(ADA, DN, "HD-2", BOTH_NEEDED)),
    (ASK, a.Confirmed("Somebody has it.", " "), pd.Confirming(ADA, DN, "", BOTH_NEEDED)),
    (ASK, a.Declined(), pd.Finished(ADA)),
    (
        PROTECTING,
        Replies((NOTED, r.AccountRead(ENABLED))),
        pd.Disabling(ADA, uf.Disabling(PROTECT, in_directory=True, in_pingone=True)),
    ),
    (PROTECTING, FAILED, pd.Showing(ADA, (p.ResultLine(f"Nothing was changed. {PROBLEM.message}", ok=False),))),
    (pd.Disabling(ADA, uf.ReadingBack(PROTECT, LINES)), Replies((r.AccountRead(DISABLED),)), SHOWING),
    (SHOWING, a.NoticeRead(), pd.Finished(ADA)),
    (SHOWING, a.TryAgainChosen(), PROTECTING),
    (pd.Showing(ADA, LINES[:1]), a.TryAgainChosen(), pd.Finished(ADA)),
    (SHOWING, a.CallEnded(), pd.EndedCall()),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_account_management(
    state: am.AccountManagementState, event: Event, after: am.AccountManagementState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(("state", "event", "after"), PROTECTION, ids=name)
def test_each_branch_of_the_protective_disable(
    state: pd.ProtectiveDisableState, event: Event, after: pd.ProtectiveDisableState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [MANAGING, CONFIRM, NOTICE, ERROR, ASK, SHOWING, CLOSED], ids=name)
def test_nothing_else_is_taken_there(state: am.AccountManagementState) -> None:
    refused(state, a.SendChosen())


def test_the_window_is_waited_for_wherever_the_agent_looks_at_the_account() -> None:
    for state in (MANAGING, CONFIRM):
        assert state.want().effect == fx.WaitUntil(person_id=ADA.id, moment=UNTIL)


def test_a_notice_outlives_the_window() -> None:
    refused(NOTICE, r.TimeCame())
    assert NOTICE.want().prompt.lines == LINES


def test_r_49_what_was_left_undone_can_be_tried_again_and_what_was_done_cannot() -> None:
    assert NOTICE.want().prompt.again
    assert SHOWING.want().prompt.again
    assert not ALL_DONE.want().prompt.again
    assert not pd.Showing(ADA, LINES[:1]).want().prompt.again


def test_the_account_page_offers_what_the_read_says() -> None:
    assert MANAGING.want().prompt.button_value == "disableUser"
    assert replace(MANAGING, account=DISABLED).want().prompt.button_label == "Enable"
    assert replace(MANAGING, account=Account(OFF, AD_ON)).want().prompt.button_label == "Disable"


def test_a_confirmation_says_whom_and_what_in_full() -> None:
    disable, enable = CONFIRM.want().prompt, CONFIRM_ENABLE.want().prompt
    assert (disable.person, disable.act, disable.ticket, disable.unverified) == (ADA, Act.DISABLE, "HD-1", False)
    assert disable.effects == (
        "Disable the account in AD.",
        "Disable the user in PingOne.",
        "End every PingOne session, and every open link.",
    )
    assert enable.effects == ("Enable the account in AD.", "Then enable the user in PingOne, if AD succeeded.")
    assert act_words.disable_words(has_directory=False)[0] == "There is no AD account."
    assert act_words.enable_words(has_directory=False) == ("There is no AD account.", "Enable the user in PingOne.")


def test_a_protective_disable_is_marked_unverified_and_wants_a_ticket() -> None:
    prompt = ASK.want().prompt
    assert prompt.unverified
    assert prompt.ticket_required
    assert SHOWING.want().prompt.act is Act.PROTECT


def test_leaving_says_nothing_to_anybody() -> None:
    ends = (am.LostCaller(ADA), am.WentBack(ADA), CLOSED, am.EndedCall(), am.Refused(ADA, PAGE_SAID_NO))
    others = (pd.Finished(ADA), pd.EndedCall())
    assert {type(state.want().outcome) for state in (*ends, *others)} == {am.Left}
