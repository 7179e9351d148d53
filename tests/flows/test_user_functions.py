"""Active Directory - User Functions API, branch by branch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Event, Failed, Problem, Replies, Reply, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.notices import Change
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    AD_OFF,
    AD_ON,
    AD_UNREAD,
    ADA,
    DISABLED,
    DN,
    ENABLED,
    FAILED,
    NO_MAIL,
    NOT_TOLD,
    NOT_VERIFIED,
    NOTED,
    OFF,
    ON,
    PROBLEM,
    PROTECTED,
    QUEUED,
    REFUSED,
    TOLD,
    UNTIL,
)

READ = uf.Start("getUserAccountStatus", "ada")
DISABLE = uf.Start("disableUser", "ada", " Caller asked. ", " HD-1 ")
ENABLE = uf.Start("enableUser", "ada", "Caller asked.", "HD-1")
PROTECT = uf.Start("disableUser", "ada", "Somebody has it.", "HD-1", protective=True)


def task(start: uf.Start, dn: str = DN) -> uf.Task:
    act = uf.act_of(start.action, protective=start.protective)
    return uf.Task(start.action, start.identifier, ADA, dn, act, start.reason.strip(), start.ticket.strip())


TO_READ, TO_DISABLE, TO_ENABLE, TO_PROTECT = task(READ), task(DISABLE), task(ENABLE), task(PROTECT)
WITHOUT_AD = task(DISABLE, dn="")
ERROR = uf.ReturnError(PROBLEM)
PERMITTED = (NOTED, r.ProtectionRead(Protection(dn=DN)))

AD_DONE, P1_DONE = ResultLine("AD: disabled"), ResultLine("PingOne: disabled")
AD_WAS, P1_WAS = (
    ResultLine("AD: was disabled already, nothing written"),
    ResultLine("PingOne: was disabled already, nothing written"),
)
AD_UNKNOWN = ResultLine("AD: unknown whether disabled. PingOne did not answer in time.", ok=False, unknown=True)
P1_UNKNOWN = ResultLine("PingOne: unknown whether disabled. PingOne did not answer in time.", ok=False, unknown=True)
P1_REFUSED = ResultLine("PingOne: not disabled. PingOne said no.", ok=False)
AD_ENABLED, P1_ENABLED = ResultLine("AD: enabled"), ResultLine("PingOne: enabled")
AD_NOT = ResultLine("AD: not enabled. PingOne said no.", ok=False)
P1_NOT = ResultLine("PingOne: not enabled. PingOne said no.", ok=False)
P1_LEFT = ResultLine("PingOne: not touched, because AD failed", ok=False)
AD_OFF_SET, P1_OFF_SET = r.DirectoryEnabledSet(enabled=False), r.PingOneEnabledSet(enabled=False)
BOTH = uf.Disabling(TO_DISABLE, in_directory=True, in_pingone=True)
SESSIONS = uf.EndingSessions(TO_DISABLE, (AD_DONE, P1_DONE))
IN_AD, IN_AD_ALONE = (
    uf.EnablingInDirectory(TO_ENABLE, then_pingone=True),
    uf.EnablingInDirectory(TO_ENABLE, then_pingone=False),
)
IN_PINGONE = uf.EnablingInPingOne(TO_ENABLE, (AD_ENABLED,))
LOOKING = uf.LookingForSessions(TO_DISABLE, DISABLED)
BACK = uf.ReadingBack(TO_DISABLE, (AD_DONE, P1_DONE))
CHANGED = replace(BACK, changed=True)
SAID = ResultLine("Customer: told by mail", aside=True)
NOT_SAID = ResultLine("Customer: not told. No mail server is set up. Tell them yourself.", ok=False, aside=True)
WAITS = Later("notice-1", "Busy.", UNTIL)
LATER = uf.TellingLater(TO_DISABLE, DISABLED, BACK.lines, WAITS)
UNREAD = ResultLine(f"The account could not be read afterwards: {PROBLEM.message}", ok=False)
UNSAID = ResultLine(f"Customer: maybe not told. {PROBLEM.message}", ok=False, unknown=True, aside=True)


def identified(words: str, code: str) -> uf.ReturnError:
    return uf.ReturnError(Problem(words, code=code))


def read(account: Account) -> Replies:
    return Replies((NOTED, r.AccountRead(account)))


def already(what: uf.Task, account: Account, state: str) -> uf.ReturnSuccess:
    return uf.ReturnSuccess(what, account, (ResultLine(f"The account was already {state}. Nothing was written."),))


IDENTIFYING: list[Row] = [
    (uf.IdentifyingAction(READ), r.UserFound(ADA), uf.Permitting(READ, ADA)),
    (
        uf.IdentifyingAction(READ),
        r.SeveralUsers((ADA, NO_MAIL)),
        uf.ReturnError(
            Problem("This fits several people. Use the user name of the one you mean.", code="needs_answer"),
            (ADA, NO_MAIL),
        ),
    ),
    (uf.IdentifyingAction(READ), r.NoSuchUser(), identified("PingOne knows nobody by that.", "not_found")),
    (
        uf.IdentifyingAction(READ),
        r.OnlyInDirectory(),
        identified("This account is only in AD; csrdesk acts on PingOne users.", "not_found"),
    ),
    (uf.IdentifyingAction(READ), FAILED, ERROR),
    (uf.Permitting(READ, ADA), Replies(PERMITTED), uf.ReadingAccount(TO_READ)),
    (uf.Permitting(DISABLE, ADA), Replies(PERMITTED), uf.ReadingAccount(TO_DISABLE)),
    (uf.Permitting(PROTECT, ADA), Replies(PERMITTED), uf.ReadingAccount(TO_PROTECT)),
    (
        uf.Permitting(READ, ADA),
        Replies((NOTED, r.ProtectionRead(PROTECTED))),
        uf.ReturnError(
            Problem(
                "This account is protected. Nobody at the help desk acts on it.",
                "member of Domain Admins",
                "forbidden",
            )
        ),
    ),
    (
        uf.Permitting(READ, ADA),
        Replies((Failed(NOT_VERIFIED), r.ProtectionRead(Protection()))),
        uf.ReturnError(NOT_VERIFIED),
    ),
    (uf.Permitting(READ, ADA), Replies((NOTED, FAILED)), ERROR),
    (uf.Permitting(READ, ADA), Replies(()), identified("An answer was missing.", "failed")),
    (uf.Permitting(READ, ADA), FAILED, ERROR),
]
UNREAD_WORDS = "AD could not be read, so nothing was enabled. The directory did not answer."
READING: list[Row] = [
    (uf.ReadingAccount(TO_READ), read(ENABLED), uf.ReturnSuccess(TO_READ, ENABLED)),
    (uf.ReadingAccount(TO_DISABLE), read(ENABLED), BOTH),
    (uf.ReadingAccount(TO_DISABLE), read(Account(OFF, AD_ON)), replace(BOTH, in_pingone=False)),
    (uf.ReadingAccount(TO_DISABLE), read(Account(ON, AD_OFF)), replace(BOTH, in_directory=False)),
    (uf.ReadingAccount(TO_DISABLE), read(Account(directory_problem="?", pingone_problem="?")), BOTH),
    (
        uf.ReadingAccount(WITHOUT_AD),
        read(Account(ON)),
        uf.Disabling(WITHOUT_AD, in_directory=False, in_pingone=True),
    ),
    (uf.ReadingAccount(TO_DISABLE), read(DISABLED), LOOKING),
    (uf.ReadingAccount(WITHOUT_AD), read(Account(OFF)), uf.LookingForSessions(WITHOUT_AD, Account(OFF))),
    (LOOKING, r.SessionsRead(0), already(TO_DISABLE, DISABLED, "disabled")),
    (
        LOOKING,
        r.SessionsRead(2),
        uf.EndingSessions(TO_DISABLE, (ResultLine("The account was already disabled."),)),
    ),
    (
        LOOKING,
        FAILED,
        uf.ReturnSuccess(
            TO_DISABLE,
            DISABLED,
            (
                ResultLine("The account was already disabled. Nothing was written."),
                ResultLine(f"PingOne: whether sign-ins are left could not be read. {PROBLEM.message}", ok=False),
            ),
        ),
    ),
    (uf.ReadingAccount(TO_ENABLE), read(DISABLED), IN_AD),
    (uf.ReadingAccount(TO_ENABLE), read(Account(ON, AD_OFF)), IN_AD_ALONE),
    (
        uf.ReadingAccount(TO_ENABLE),
        read(Account(OFF, AD_ON)),
        uf.EnablingInPingOne(TO_ENABLE, (ResultLine("AD: was enabled already, nothing written"),)),
    ),
    (uf.ReadingAccount(TO_ENABLE), read(Account(OFF)), uf.EnablingInPingOne(TO_ENABLE, ())),
    (uf.ReadingAccount(TO_ENABLE), read(AD_UNREAD), identified(UNREAD_WORDS, "unavailable")),
    (uf.ReadingAccount(TO_ENABLE), read(ENABLED), already(TO_ENABLE, ENABLED, "enabled")),
    (uf.ReadingAccount(TO_READ), Replies((Failed(NOT_VERIFIED), r.AccountRead(ENABLED))), uf.ReturnError(NOT_VERIFIED)),
    (uf.ReadingAccount(TO_READ), FAILED, ERROR),
]
ACTING: list[Row] = [
    (BOTH, Replies((AD_OFF_SET, P1_OFF_SET)), replace(SESSIONS, changed=True)),
    (BOTH, Replies((AD_OFF_SET, Failed(REFUSED))), replace(SESSIONS, lines=(AD_DONE, P1_REFUSED), changed=True)),
    (BOTH, Replies((FAILED, P1_OFF_SET)), replace(SESSIONS, lines=(AD_UNKNOWN, P1_DONE), changed=True)),
    (
        BOTH,
        Replies(
            (r.DirectoryEnabledSet(enabled=False, changed=False), r.PingOneEnabledSet(enabled=False, changed=False))
        ),
        replace(SESSIONS, lines=(AD_WAS, P1_WAS)),
    ),
    (
        BOTH,
        Replies((NOTED, P1_OFF_SET)),
        replace(
            SESSIONS,
            lines=(ResultLine("AD: unknown whether disabled.", ok=False, unknown=True), P1_DONE),
            changed=True,
        ),
    ),
    (replace(BOTH, in_pingone=False), Replies((AD_OFF_SET,)), replace(SESSIONS, lines=(AD_DONE, P1_WAS), changed=True)),
    (
        replace(BOTH, in_directory=False),
        Replies((P1_OFF_SET,)),
        replace(SESSIONS, lines=(AD_WAS, P1_DONE), changed=True),
    ),
    (
        uf.Disabling(WITHOUT_AD, in_directory=False, in_pingone=True),
        Replies((P1_OFF_SET,)),
        uf.EndingSessions(WITHOUT_AD, (P1_DONE,), changed=True),
    ),
    (BOTH, FAILED, uf.ReadingBack(TO_DISABLE, (AD_UNKNOWN, P1_UNKNOWN))),
    (
        SESSIONS,
        Replies((r.SessionsEnded(1), NOTED)),
        replace(BACK, lines=(*BACK.lines, ResultLine("PingOne: 1 session ended"))),
    ),
    (
        replace(SESSIONS, changed=True),
        Replies((r.SessionsEnded(1), NOTED)),
        replace(CHANGED, lines=(*BACK.lines, ResultLine("PingOne: 1 session ended"))),
    ),
    (
        SESSIONS,
        Replies((r.SessionsEnded(0), NOTED)),
        replace(BACK, lines=(*BACK.lines, ResultLine("PingOne: 0 sessions ended"))),
    ),
    (
        SESSIONS,
        Replies((Failed(REFUSED), Failed(REFUSED))),
        replace(
            BACK,
            lines=(
                *BACK.lines,
                ResultLine("PingOne: sessions not ended. PingOne said no.", ok=False),
                ResultLine("csrdesk: open links not ended. PingOne said no.", ok=False),
            ),
        ),
    ),
    (
        SESSIONS,
        FAILED,
        replace(
            BACK,
            lines=(
                *BACK.lines,
                ResultLine(f"PingOne: unknown whether sessions ended. {PROBLEM.message}", ok=False, unknown=True),
                ResultLine(f"csrdesk: unknown whether open links ended. {PROBLEM.message}", ok=False, unknown=True),
            ),
        ),
    ),
    (IN_AD, r.DirectoryEnabledSet(enabled=True), replace(IN_PINGONE, changed=True)),
    (IN_AD_ALONE, r.DirectoryEnabledSet(enabled=True), uf.ReadingBack(TO_ENABLE, (AD_ENABLED,), changed=True)),
    (IN_AD, Failed(REFUSED), uf.ReadingBack(TO_ENABLE, (AD_NOT, P1_LEFT))),
    (IN_AD_ALONE, Failed(REFUSED), uf.ReadingBack(TO_ENABLE, (AD_NOT,))),
    (
        IN_PINGONE,
        r.PingOneEnabledSet(enabled=True),
        uf.ReadingBack(TO_ENABLE, (AD_ENABLED, P1_ENABLED), changed=True),
    ),
    (IN_PINGONE, Failed(REFUSED), uf.ReadingBack(TO_ENABLE, (AD_ENABLED, P1_NOT))),
    (
        replace(IN_PINGONE, changed=True),
        Failed(REFUSED),
        uf.ReadingBack(TO_ENABLE, (AD_ENABLED, P1_NOT), changed=True),
    ),
    (BACK, Replies((r.AccountRead(DISABLED),)), uf.ReturnSuccess(TO_DISABLE, DISABLED, BACK.lines)),
    (BACK, FAILED, uf.ReturnSuccess(TO_DISABLE, Account(), (*BACK.lines, UNREAD))),
    (
        CHANGED,
        Replies((r.AccountRead(DISABLED), TOLD)),
        uf.ReturnSuccess(TO_DISABLE, DISABLED, (*BACK.lines, SAID)),
    ),
    (CHANGED, FAILED, uf.ReturnSuccess(TO_DISABLE, Account(), (*BACK.lines, UNREAD, UNSAID))),
    (CHANGED, Replies((r.AccountRead(DISABLED), QUEUED)), LATER),
    (LATER, TOLD, uf.ReturnSuccess(TO_DISABLE, DISABLED, (*BACK.lines, SAID))),
    (LATER, NOT_TOLD, uf.ReturnSuccess(TO_DISABLE, DISABLED, (*BACK.lines, NOT_SAID))),
    (LATER, FAILED, uf.ReturnSuccess(TO_DISABLE, DISABLED, (*BACK.lines, UNSAID))),
]


@pytest.mark.parametrize(("state", "event", "after"), [*IDENTIFYING, *READING, *ACTING], ids=name)
def test_each_branch_of_the_user_functions(
    state: uf.UserFunctionsState, event: Event, after: uf.UserFunctionsState
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state",
    [
        uf.IdentifyingAction(READ),
        uf.Permitting(READ, ADA),
        uf.ReadingAccount(TO_READ),
        BOTH,
        SESSIONS,
        IN_AD,
        IN_PINGONE,
        BACK,
        LATER,
        ERROR,
    ],
    ids=name,
)
def test_the_user_functions_take_nothing_else(state: uf.UserFunctionsState) -> None:
    refused(state, r.TimeCame())


def test_replies_that_do_not_fit_what_was_asked_are_refused() -> None:
    refused(BOTH, Replies((P1_OFF_SET,)))
    refused(SESSIONS, Replies((NOTED,)))
    refused(BACK, Replies((r.AccountRead(DISABLED), TOLD)))
    refused(CHANGED, Replies((r.AccountRead(DISABLED),)))


@pytest.mark.parametrize(
    ("start", "change"),
    [(DISABLE, Change.DISABLED), (PROTECT, Change.DISABLED), (ENABLE, Change.ENABLED)],
    ids=["disable", "protective disable", "enable"],
)
def test_r_36_a_change_is_told_beside_the_read_back_and_nothing_else_is(start: uf.Start, change: Change) -> None:
    read = fx.ReadAccount(person_id=ADA.id, dn=DN)
    done, nothing = (uf.ReadingBack(task(start), (AD_DONE,), changed=changed) for changed in (True, False))
    assert done.want().effect.effects == (read, fx.TellCustomer(person_id=ADA.id, change=change))
    assert nothing.want().effect.effects == (read,)


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (TOLD, SAID),
        (r.CustomerTold("New."), ResultLine("Customer: told by mail. New.", aside=True)),
        (NOT_TOLD, NOT_SAID),
        (FAILED, UNSAID),
        (
            Failed(REFUSED),
            ResultLine("Customer: not told. PingOne said no. Tell them yourself.", ok=False, aside=True),
        ),
        (NOTED, ResultLine("Customer: not told. Tell them yourself.", ok=False, aside=True)),
    ],
    ids=name,
)
def test_r_36_whether_the_customer_was_told_is_a_line_that_makes_nothing_half_done(
    reply: Reply, line: ResultLine
) -> None:
    after = CHANGED.step(Replies((r.AccountRead(DISABLED), reply)))
    assert after == uf.ReturnSuccess(TO_DISABLE, DISABLED, (*BACK.lines, line))
    assert not after.half_done


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (uf.Start("deleteUser", "ada"), "invalid_value"),
        (uf.Start("getUserAccountStatus", " "), "invalid_value"),
        (uf.Start("disableUser", "ada", " "), "needs_answer"),
        (uf.Start("enableUser", "ada"), "needs_answer"),
        (uf.Start("disableUser", "ada", "Somebody has it.", " ", protective=True), "needs_answer"),
    ],
)
def test_a_start_that_lacks_something_is_answered_at_once(start: uf.Start, code: str) -> None:
    first = uf.begin(start)
    assert isinstance(first, uf.ReturnError)
    assert first.want().outcome.code == code


@pytest.mark.parametrize("start", [READ, DISABLE, ENABLE, PROTECT])
def test_any_other_start_first_looks_the_person_up(start: uf.Start) -> None:
    assert uf.begin(start).want() == uf.IdentifyingAction(start).want()
    assert uf.IdentifyingAction(start).want().effect == fx.FindUser(identifier="ada")


def test_a_disable_asks_for_both_directories_at_once_with_its_act_and_reason() -> None:
    ad = fx.SetDirectoryEnabled(
        person_id=ADA.id, dn=DN, enabled=False, act=Act.DISABLE, reason="Caller asked.", ticket="HD-1"
    )
    pingone = fx.SetPingOneEnabled(
        person_id=ADA.id, enabled=False, act=Act.DISABLE, reason="Caller asked.", ticket="HD-1"
    )
    both = Together[fx.SetDirectoryEnabled | fx.SetPingOneEnabled](effects=(ad, pingone))
    assert BOTH.want().effect == both


def test_r_50_the_notice_gives_the_count_of_sessions_and_what_lives_on() -> None:
    ended = r.SessionsEnded(12, "apps up to 60 min, Windows sign-ins up to 10 h")
    after = SESSIONS.step(Replies((ended, NOTED)))
    assert [line.text for line in after.lines[-2:]] == [
        "PingOne: 12 sessions ended",
        "What lives on: apps up to 60 min, Windows sign-ins up to 10 h",
    ]
    assert after.lines[-1].aside


SINCE, EARLIER = datetime(2026, 2, 3, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)
DATED = Account(replace(OFF, changed_at=EARLIER), replace(AD_OFF, changed_at=SINCE))


def test_r_53_an_enable_says_since_when_each_half_is_disabled_at_the_latest() -> None:
    first = uf.ReadingAccount(TO_ENABLE).step(read(DATED))
    assert isinstance(first, uf.EnablingInDirectory)
    assert first.want().effect.since == SINCE
    then = first.step(r.DirectoryEnabledSet(enabled=True))
    assert isinstance(then, uf.EnablingInPingOne)
    assert then.want().effect.since == EARLIER
    alone = uf.ReadingAccount(TO_ENABLE).step(read(replace(DATED, directory=AD_ON)))
    assert isinstance(alone, uf.EnablingInPingOne)
    assert alone.want().effect.since == EARLIER


@pytest.mark.parametrize(
    ("what", "directory", "said"),
    [
        (TO_ENABLE, replace(AD_ON, expired=True, expires_at=SINCE), True),
        (TO_ENABLE, AD_ON, False),
        (TO_DISABLE, replace(AD_ON, expired=True, expires_at=SINCE), False),
    ],
)
def test_r_53_an_account_that_expired_is_said_to_stay_so(
    what: uf.Task, directory: DirectoryAccount, *, said: bool
) -> None:
    after = uf.ReadingBack(what, (AD_ENABLED,)).step(Replies((r.AccountRead(Account(ON, directory)),)))
    words = "AD: expired on 3 February 2026, so nobody can sign in with it. csrdesk extends no account"
    assert after.lines == (AD_ENABLED, *((ResultLine(words, aside=True),) if said else ()))


def test_half_done_is_said_as_such() -> None:
    assert not uf.ReturnSuccess(TO_DISABLE, DISABLED, (AD_DONE, P1_DONE)).half_done
    assert not uf.ReturnSuccess(TO_DISABLE, ENABLED, (AD_UNKNOWN, P1_UNKNOWN)).half_done
    assert uf.ReturnSuccess(TO_DISABLE, ENABLED, (AD_DONE, P1_REFUSED)).want().outcome.half_done


AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("account", "status", "changed", "label", "value"),
    [
        (ENABLED, "ACTIVE", "", "Disable", "disableUser"),
        (DISABLED, "DISABLED", "", "Enable", "enableUser"),
        (Account(OFF, AD_ON), "DISABLED", "", "Disable", "disableUser"),
        (
            Account(PingOneAccount(enabled=True, password_changed_at=AT)),
            "ACTIVE",
            "2026-01-02T01:04:05Z",
            "Disable",
            "disableUser",
        ),
        (
            Account(
                PingOneAccount(enabled=True, password="EXTERNAL"),
                DirectoryAccount(DN, "ada", password_changed_at=AT.astimezone(UTC)),
            ),
            "ACTIVE",
            "2026-01-02T01:04:05Z",
            "Disable",
            "disableUser",
        ),
        (Account(), "", "", "Disable", "disableUser"),
    ],
)
def test_the_outputs_say_the_status_the_button_and_when_the_password_changed_in_utc(
    account: Account, status: str, changed: str, label: str, value: str
) -> None:
    outputs = uf.ReturnSuccess(TO_READ, account).want().outcome
    assert (outputs.account_status, outputs.pwd_last_change) == (status, changed)
    assert (outputs.button_label, outputs.button_value) == (label, value)
    assert (outputs.response_data, outputs.action, outputs.identifier) == (account, READ.action, ADA.id)


def test_r_36_a_mail_that_waits_is_said_with_the_moment_at_which_it_is_given_up() -> None:
    said = WAITS.line
    assert said.text == "Customer: not told yet. Busy. csrdesk tries again until 09:30:00 UTC."
    assert (said.ok, said.unknown, said.aside) == (False, True, True)
    assert LATER.so_far == uf.ReturnSuccess(TO_DISABLE, DISABLED, BACK.lines)
