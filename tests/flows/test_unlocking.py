"""Unlock, branch by branch: each lock by itself, devices never, and what stays locked is said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import act_words
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import unlocking as ul
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Event, Failed, Replies, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.model.account import Account, Lock, PingOneAccount
from csrdesk.model.notices import Change
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    AD_LOCKED,
    AD_LOCKED_ALONE,
    AD_ON,
    ADA,
    ALL_LOCKED,
    DN,
    ENABLED,
    FAILED,
    LOCKED,
    LOCKED_SMS,
    NOTED,
    ON,
    PROBLEM,
    REFUSED,
    SMS,
    TOLD,
    UNTIL,
    WITH_DEVICE,
    devices,
)

START = uf.Start("unlockUser", "ada", " Typed it wrong. ", " HD-1 ")
TASK = uf.Task("unlockUser", "ada", ADA, DN, Act.UNLOCK, "Typed it wrong.", "HD-1")
READING = uf.ReadingAccount(TASK)
EVERY = (Lock.DIRECTORY, Lock.PINGONE, Lock.PASSWORD)
ALL = ul.Unlocking(TASK, EVERY)
NOTHING = ResultLine("Nothing of the account was locked. Nothing was written.")
AD_DONE, P1_DONE, PWD_DONE = (ResultLine(f"{lock.value}: unlocked") for lock in EVERY)
P1_UNREAD = ResultLine("PingOne: could not be read, so nothing was unlocked there. No answer.", ok=False)
BACK = ul.ReadingLocks(TASK, (AD_DONE, P1_DONE, PWD_DONE))
CHANGED = replace(BACK, changed=True)
UNLOCKED = r.Unlocked()
SAID = ResultLine("Customer: told by mail", aside=True)
UNSAID = ResultLine(f"Customer: maybe not told. {PROBLEM.message}", ok=False, unknown=True, aside=True)
UNREAD = ResultLine(f"The account could not be read afterwards: {PROBLEM.message}", ok=False)
NO_DEVICES = ResultLine("Whether a device is locked could not be read.", aside=True)
STAYS = ResultLine(
    "Device text message +44 *** *** 11: still locked; unlocking an account changes no device", aside=True
)


def read(account: Account) -> Replies:
    return Replies((NOTED, r.AccountRead(account)))


def unknown(lock: Lock) -> ResultLine:
    return ResultLine(f"{lock.value}: unknown whether unlocked. {PROBLEM.message}", ok=False, unknown=True)


ROWS: list[Row] = [
    (READING, read(ALL_LOCKED), ALL),
    (READING, read(Account(ON, AD_LOCKED)), ul.Unlocking(TASK, (Lock.DIRECTORY,))),
    (READING, read(Account(LOCKED, AD_ON)), ul.Unlocking(TASK, (Lock.PINGONE, Lock.PASSWORD))),
    (READING, read(AD_LOCKED_ALONE), ul.Unlocking(TASK, (Lock.DIRECTORY,), (P1_UNREAD,))),
    (READING, read(ENABLED), ul.ReadingLocks(TASK, (NOTHING,))),
    (READING, read(Account(pingone_problem="No answer.")), ul.ReadingLocks(TASK, (P1_UNREAD,))),
    (ALL, Replies((UNLOCKED, UNLOCKED, UNLOCKED)), CHANGED),
    (
        ALL,
        Replies((r.Unlocked(changed=False), Failed(REFUSED), FAILED)),
        replace(
            BACK,
            lines=(
                ResultLine("AD: was unlocked already, nothing written"),
                ResultLine("PingOne: not unlocked. PingOne said no.", ok=False),
                unknown(Lock.PASSWORD),
            ),
        ),
    ),
    (ALL, FAILED, replace(BACK, lines=tuple(unknown(lock) for lock in EVERY))),
    (
        ul.Unlocking(TASK, (Lock.DIRECTORY,), (P1_UNREAD,)),
        Replies((UNLOCKED,)),
        replace(CHANGED, lines=(AD_DONE, P1_UNREAD)),
    ),
    (BACK, Replies((r.AccountRead(ENABLED), devices(SMS))), uf.ReturnSuccess(TASK, ENABLED, BACK.lines)),
    (
        BACK,
        Replies((r.AccountRead(ENABLED), devices(SMS, LOCKED_SMS, replace(SMS, blocked=True)))),
        uf.ReturnSuccess(
            TASK,
            ENABLED,
            (
                *BACK.lines,
                STAYS,
                replace(
                    STAYS,
                    text="Device text message +44 *** *** 43: still blocked; unlocking an account changes no device",
                ),
            ),
        ),
    ),
    (BACK, Replies((r.AccountRead(ENABLED), FAILED)), uf.ReturnSuccess(TASK, ENABLED, (*BACK.lines, NO_DEVICES))),
    (
        BACK,
        Replies((NOTED, devices())),
        uf.ReturnSuccess(
            TASK,
            Account(),
            (*BACK.lines, ResultLine("The account could not be read afterwards: An answer was missing.", ok=False)),
        ),
    ),
    (
        BACK,
        FAILED,
        uf.ReturnSuccess(
            TASK,
            Account(),
            (
                *BACK.lines,
                NO_DEVICES,
                UNREAD,
            ),
        ),
    ),
    (
        CHANGED,
        Replies((r.AccountRead(ENABLED), devices(SMS), TOLD)),
        uf.ReturnSuccess(TASK, ENABLED, (*BACK.lines, SAID)),
    ),
    (CHANGED, FAILED, uf.ReturnSuccess(TASK, Account(), (*BACK.lines, NO_DEVICES, UNREAD, UNSAID))),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_unlock(state: uf.UserFunctionsState, event: Event, after: uf.UserFunctionsState) -> None:
    step_by_step(state, event, after)


def test_the_unlock_takes_nothing_else() -> None:
    for state in (ALL, BACK):
        refused(state, r.TimeCame())
        refused(state, Replies((UNLOCKED,)))
    refused(CHANGED, Replies((r.AccountRead(ENABLED), devices())))


def test_r_36_an_unlock_is_told_beside_the_read_back_where_something_was_unlocked() -> None:
    assert CHANGED.want().effect.effects[2:] == (fx.TellCustomer(person_id=ADA.id, change=Change.UNLOCKED),)
    assert len(BACK.want().effect.effects) == 2


def test_a_script_that_unlocks_gives_a_reason_and_asks_policy_for_an_unlock() -> None:
    assert uf.begin(START) == uf.IdentifyingAction(START)
    unfounded = uf.begin(replace(START, reason=" "))
    assert isinstance(unfounded, uf.ReturnError)
    assert unfounded.problem.code == "needs_answer"
    permit = uf.Permitting(START, ADA).want().effect.effects[0]
    assert permit == fx.RequireProof(person_id=ADA.id, act=Act.UNLOCK)
    assert READING.want().effect.effects[0] == permit


def test_r_52_each_lock_is_ended_by_an_effect_of_its_own_and_only_that_one() -> None:
    why, ticket = "Typed it wrong.", "HD-1"
    one_each: dict[Lock, ul.Unlock] = {
        Lock.DIRECTORY: fx.UnlockDirectory(person_id=ADA.id, dn=DN, act=Act.UNLOCK, reason=why, ticket=ticket),
        Lock.PINGONE: fx.UnlockPingOne(person_id=ADA.id, act=Act.UNLOCK, reason=why, ticket=ticket),
        Lock.PASSWORD: fx.UnlockPassword(person_id=ADA.id, act=Act.UNLOCK, reason=why, ticket=ticket),
    }
    assert ALL.want().effect == Together[ul.Unlock](effects=tuple(one_each.values()))
    for lock, effect in one_each.items():
        assert replace(ALL, locks=(lock,)).want().effect == Together[ul.Unlock](effects=(effect,))
    assert len({effect.action for effect in one_each.values()}) == 3


def test_r_52_an_unlock_is_named_by_what_is_locked_and_confirmed_by_itself() -> None:
    verified = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HD-1")
    asked = am.ManagingAccount(verified, am.Needs(), ALL_LOCKED).step(a.UnlockChosen())
    assert asked == am.ConfirmingAct(verified, am.Needs(), ALL_LOCKED, Act.UNLOCK, "HD-1")
    assert asked.want().prompt.effects == (
        "Unlock the account in AD.",
        "Unlock the account in PingOne.",
        "Unlock the password in PingOne.",
        "Devices stay as they are, and so does the password.",
    )
    begun = asked.step(a.Confirmed("Typed it wrong.", "HD-1"))
    assert begun == am.ChangingAccount(
        verified, am.Needs(), Act.UNLOCK, uf.ReadingAccount(replace(TASK, identifier=ADA.id))
    )
    assert act_words.unlock_words(ENABLED)[0] == "Nothing that could be read is locked."


def test_r_49_a_half_that_stays_locked_is_half_done_and_the_next_try_touches_only_that_half() -> None:
    failed = ResultLine("PingOne: not unlocked. PingOne said no.", ok=False)
    done = uf.ReturnSuccess(TASK, Account(PingOneAccount(enabled=True, locked=True), AD_ON), (AD_DONE, failed))
    assert done.want().outcome.half_done
    assert READING.step(read(done.account)) == ul.Unlocking(TASK, (Lock.PINGONE,))


def test_r_49_what_could_not_be_read_is_half_done_too_and_not_written_blindly() -> None:
    state = READING.step(read(AD_LOCKED_ALONE))
    assert isinstance(state, ul.Unlocking)
    assert [type(effect) for effect in state.want().effect.effects] == [fx.UnlockDirectory]
    after = state.step(Replies((UNLOCKED,))).step(Replies((r.AccountRead(AD_LOCKED_ALONE), devices(), TOLD)))
    assert isinstance(after, uf.ReturnSuccess)
    assert after.want().outcome.half_done


def test_a_device_that_stays_locked_is_said_and_fails_nothing() -> None:
    done = uf.ReturnSuccess(TASK, ENABLED, (AD_DONE, STAYS)).want().outcome
    assert not done.half_done
    assert STAYS in done.lines
