"""The last day and the demand for another password, branch by branch: AD alone, and never without being asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import directory_acts as da
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.act_words import CHANGE, EXPIRY
from csrdesk.flows.kernel import Event, Failed, Problem, Replies
from csrdesk.flows.prompts import ResultLine
from csrdesk.model.account import Account
from csrdesk.model.notices import Change
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    AD_OFF,
    AD_ON,
    ADA,
    DN,
    ENABLED,
    FAILED,
    NOTED,
    ON,
    PROBLEM,
    REFUSED,
    TOLD,
    UNTIL,
    WITH_DEVICE,
)

ENDS = "2026-12-25T00:00:00-05:00"
AT = datetime(2026, 12, 25, tzinfo=timezone(timedelta(hours=-5)))
SOONER = datetime(2026, 11, 1, tzinfo=UTC)
START = uf.Start("setExpiry", "ada", " Leaves. ", " HR-7 ", ends=ENDS)
ASK = uf.Start("demandPasswordChange", "ada", "Found on a note.", "HD-1")
TASK = uf.Task("setExpiry", "ada", ADA, DN, Act.EXPIRE, "Leaves.", "HR-7", ends_at=AT)
NEVER = replace(TASK, ends_at=None)
DEMAND = uf.Task("demandPasswordChange", "ada", ADA, DN, Act.MUST_CHANGE, "Found on a note.", "HD-1")
SETTING, DEMANDING = da.SettingExpiry(TASK, None), da.DemandingChange(DEMAND)
BESIDE = ResultLine(
    "PingOne: not touched. It keeps no last day: sign-ins there go on, unless they stand on AD", aside=True
)
DAY = "set to end with 24 December 2026"
ASKED = "set to be changed at the next sign-in"


def read(account: Account) -> Replies:
    return Replies((NOTED, r.AccountRead(account)))


def ended(task: uf.Task, account: Account, words: str) -> uf.ReturnSuccess:
    return uf.ReturnSuccess(task, account, (ResultLine(words),))


def error(words: str, code: str) -> uf.ReturnError:
    return uf.ReturnError(Problem(words, code=code))


DATED = Account(ON, replace(AD_ON, expires_at=AT))
MUST = Account(ON, replace(AD_ON, must_change_password=True))
UNREAD = Account(ON, directory_problem="No answer.")
ROWS: list[Row] = [
    (uf.Permitting(START, ADA), Replies((NOTED, r.ProtectionRead(Protection(dn=DN)))), uf.ReadingAccount(TASK)),
    (uf.ReadingAccount(TASK), read(ENABLED), SETTING),
    (uf.ReadingAccount(NEVER), read(DATED), da.SettingExpiry(NEVER, AT)),
    (
        uf.ReadingAccount(TASK),
        read(DATED),
        ended(TASK, DATED, f"AD: was {DAY} already. Nothing was written."),
    ),
    (
        uf.ReadingAccount(NEVER),
        read(ENABLED),
        ended(NEVER, ENABLED, "AD: was set never to end already. Nothing was written."),
    ),
    (uf.ReadingAccount(TASK), read(UNREAD), error("AD could not be read. No answer.", "unavailable")),
    (
        uf.ReadingAccount(TASK),
        read(Account(ON)),
        error("There is no AD account, and PingOne keeps nothing of the kind.", "not_found"),
    ),
    (uf.ReadingAccount(DEMAND), read(ENABLED), DEMANDING),
    (
        uf.ReadingAccount(DEMAND),
        read(MUST),
        ended(DEMAND, MUST, "AD asks for another password at the next sign-in already. Nothing was written."),
    ),
    (uf.ReadingAccount(DEMAND), read(UNREAD), error("AD could not be read. No answer.", "unavailable")),
    (
        uf.ReadingAccount(DEMAND),
        read(Account(ON, AD_OFF)),
        error("The AD account is disabled. Nothing was changed.", "invalid_value"),
    ),
    (SETTING, r.DirectoryChanged(), uf.ReadingBack(TASK, (ResultLine(f"AD: {DAY}"), BESIDE), changed=True)),
    (
        SETTING,
        r.DirectoryChanged(server="dc1"),
        uf.ReadingBack(TASK, (ResultLine(f"AD: {DAY} at dc1; other sites follow"), BESIDE), changed=True),
    ),
    (
        SETTING,
        r.DirectoryChanged(changed=False),
        uf.ReadingBack(TASK, (ResultLine(f"AD: was {DAY} already, nothing written"),)),
    ),
    (
        SETTING,
        Failed(REFUSED),
        uf.ReadingBack(TASK, (ResultLine(f"AD: not {DAY}. PingOne said no.", ok=False),)),
    ),
    (
        SETTING,
        FAILED,
        uf.ReadingBack(TASK, (ResultLine(f"AD: unknown whether {DAY}. {PROBLEM.message}", ok=False, unknown=True),)),
    ),
    (
        DEMANDING,
        r.DirectoryChanged(),
        uf.ReadingBack(DEMAND, (ResultLine(f"AD: password {ASKED}"),), changed=True),
    ),
    (
        DEMANDING,
        Failed(REFUSED),
        uf.ReadingBack(DEMAND, (ResultLine(f"AD: password not {ASKED}. PingOne said no.", ok=False),)),
    ),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_what_is_changed_in_ad_alone(
    state: uf.UserFunctionsState, event: Event, after: uf.UserFunctionsState
) -> None:
    step_by_step(state, event, after)


def test_they_take_nothing_else() -> None:
    for state in (SETTING, DEMANDING):
        refused(state, r.TimeCame())
        refused(state, r.Unlocked())


def test_each_is_one_effect_with_what_was_read_before_it() -> None:
    assert da.SettingExpiry(TASK, SOONER).want().effect == de.SetDirectoryExpiry(
        person_id=ADA.id, dn=DN, ends_at=AT, was=SOONER, act=Act.EXPIRE, reason="Leaves.", ticket="HR-7"
    )
    assert DEMANDING.want().effect == de.DemandPasswordChange(
        person_id=ADA.id, dn=DN, act=Act.MUST_CHANGE, reason="Found on a note.", ticket="HD-1"
    )


@pytest.mark.parametrize(
    ("lines", "change"), [((TASK, ENABLED), Change.END_DATE), ((DEMAND, ENABLED), Change.MUST_CHANGE)], ids=name
)
def test_r_36_the_customer_is_told_of_both(lines: tuple[uf.Task, Account], change: Change) -> None:
    back = uf.ReadingBack(lines[0], (ResultLine("AD: done"),), changed=True)
    assert back.want().effect.effects[1:] == (fx.TellCustomer(person_id=ADA.id, change=change),)
    after = back.step(Replies((r.AccountRead(ENABLED), TOLD)))
    assert isinstance(after, uf.ReturnSuccess)


@pytest.mark.parametrize(
    "ends", ["", "tomorrow", "2026-12-24T00:00:00", "9999-12-31T23:00:00+00:00", "0001-01-01T00:00Z"]
)
def test_a_script_that_gives_no_day_is_told_how_one_is_written(ends: str) -> None:
    begun = uf.begin(replace(START, ends=ends))
    assert begun == error("Say the account's last day as YYYY-MM-DD, or never.", "invalid_value")
    assert uf.begin(replace(START, ends="never")) == uf.IdentifyingAction(replace(START, ends="never"))


def test_the_agent_says_the_day_and_why_before_anything_is_asked_for() -> None:
    verified = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HR-7")
    asked = am.ManagingAccount(verified, am.Needs(), ENABLED).step(a.ExpireChosen())
    assert asked == am.ConfirmingAct(verified, am.Needs(), ENABLED, Act.EXPIRE, "HR-7")
    assert asked.want().prompt.effects == EXPIRY
    again = asked.step(a.Confirmed("Leaves.", "HR-7"))
    assert again == replace(asked, note="Say the account's last day as YYYY-MM-DD, or never.")
    begun = asked.step(a.Confirmed("Leaves.", "HR-7", ENDS))
    assert begun == am.ChangingAccount(
        verified, am.Needs(), Act.EXPIRE, uf.ReadingAccount(replace(TASK, identifier=ADA.id))
    )


def test_the_demand_for_another_password_is_confirmed_and_says_what_it_is_not() -> None:
    verified = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HD-1")
    asked = am.ManagingAccount(verified, am.Needs(), ENABLED).step(a.MustChangeChosen())
    assert isinstance(asked, am.ConfirmingAct)
    assert asked.want().prompt.effects == CHANGE
    assert "Reset" in CHANGE[-1]
    begun = asked.step(a.Confirmed("Found on a note.", "HD-1"))
    assert begun == am.ChangingAccount(
        verified, am.Needs(), Act.MUST_CHANGE, uf.ReadingAccount(replace(DEMAND, identifier=ADA.id))
    )


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (AD_OFF, "The AD account is disabled."),
        (replace(AD_ON, smart_card=True), "AD takes a smart card and no password."),
        (replace(AD_ON, user_account_control=0x10200), "The password is set never to expire"),
        (AD_ON, ""),
    ],
    ids=["disabled", "smart card", "never expires", "none"],
)
def test_where_nobody_could_choose_another_password_none_is_asked_for(account: object, why: str) -> None:
    after = uf.ReadingAccount(DEMAND).step(read(Account(ON, account)))  # type: ignore[arg-type]
    if why:
        assert isinstance(after, uf.ReturnError)
        assert after.problem.message.startswith(why)
    else:
        assert after == DEMANDING
