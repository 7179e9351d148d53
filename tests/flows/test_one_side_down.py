"""One side does not answer: the other's half goes on where that only closes doors, is shown half done, and is mended
by trying again. What opens doors waits.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import device_check as dc
from csrdesk.flows import effects as fx
from csrdesk.flows import look_up as lu
from csrdesk.flows import password_reset as reset
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import replies as r
from csrdesk.flows import unlocking as ul
from csrdesk.flows import user_functions as uf
from csrdesk.flows.caller import Given
from csrdesk.flows.kernel import Replies
from csrdesk.flows.prompts import CardPrompt, ResultLine, UnverifiableCardPrompt
from csrdesk.model.account import Account, Lock
from csrdesk.model.notices import Change
from csrdesk.model.people import Protection, directory_id
from csrdesk.model.proofs import Act
from tests.flows.values import (
    AD_DOWN,
    AD_LOCKED,
    AD_ON,
    ADA,
    DN,
    ENABLED,
    IN_AD_ONLY,
    IN_BOTH,
    LOCKED,
    LOCKED_SMS,
    NOTED,
    OFF,
    ON,
    PROBLEM,
    PROTECTED,
    RULES,
    SMS,
    TOLD,
    UNTIL,
    WITH_DEVICE,
    devices,
)

DOWN = AD_DOWN.unchecked
HALF, HALF_OFF, HALF_LOCKED = (Account(one, directory_problem=DOWN) for one in (ON, OFF, LOCKED))
NOT_IN_AD = ResultLine(f"AD: not disabled, and nobody could check there whom this is. {DOWN}", ok=False)
WORDS = "AD cannot be asked now: only PingOne's half can be disabled or unlocked, nothing enabled or reset."


def task(action: str, act: Act, dn: str = "") -> uf.Task:
    return uf.Task(action, ADA.id, ADA, dn, act, "Somebody has it.", "HD-1")


DISABLE, ENABLE = task("disableUser", Act.PROTECT), task("enableUser", Act.ENABLE)
UNLOCK = task("unlockUser", Act.UNLOCK)
VERIFIED, NEEDS = am.Verified(ADA, "", WITH_DEVICE, UNTIL), am.Needs()


def read(account: Account) -> Replies:
    return Replies((NOTED, r.AccountRead(account)))


def test_r_49_with_ad_down_a_disable_closes_pingones_half_and_is_half_done() -> None:
    disabling = uf.ReadingAccount(DISABLE).step(read(HALF))
    assert disabling == uf.Disabling(replace(DISABLE, unchecked=DOWN), in_directory=False, in_pingone=True)
    (effect,) = disabling.want().effect.effects
    assert isinstance(effect, fx.SetPingOneEnabled)
    assert (effect.enabled, effect.unchecked) == (False, True)
    ending = disabling.step(Replies((r.PingOneEnabledSet(enabled=False),)))
    assert isinstance(ending, uf.EndingSessions)
    assert ending.lines == (NOT_IN_AD, ResultLine("PingOne: disabled"))
    sessions = ending.want().effect.effects[0]
    assert isinstance(sessions, fx.EndSessions)
    assert sessions.unchecked
    done = ending.step(Replies((r.SessionsEnded(1), NOTED))).step(Replies((r.AccountRead(HALF_OFF), TOLD)))
    assert isinstance(done, uf.ReturnSuccess)
    assert (done.half_done, done.again) == (True, True)


def test_r_49_trying_again_once_ad_answers_disables_the_half_that_was_left() -> None:
    again = replace(DISABLE, unchecked=DOWN)
    disabling = uf.ReadingAccount(again).step(read(Account(OFF, AD_ON)))
    assert disabling == uf.Disabling(replace(DISABLE, dn=DN), in_directory=True, in_pingone=False)
    (effect,) = disabling.want().effect.effects
    assert effect == fx.SetDirectoryEnabled(
        person_id=ADA.id, dn=DN, enabled=False, act=Act.PROTECT, reason="Somebody has it.", ticket="HD-1"
    )


def test_r_49_trying_again_while_ad_is_down_writes_nothing_twice_and_stays_half_done() -> None:
    disabling = uf.ReadingAccount(replace(DISABLE, unchecked=DOWN)).step(read(HALF_OFF))
    assert isinstance(disabling, uf.Disabling)
    assert disabling.want().effect.effects == ()
    ending = disabling.step(Replies(()))
    assert isinstance(ending, uf.EndingSessions)
    assert ending.lines == (NOT_IN_AD, ResultLine("PingOne: was disabled already, nothing written"))


def test_with_ad_down_pingones_locks_are_ended_and_ads_are_said() -> None:
    unlocking = uf.ReadingAccount(UNLOCK).step(read(HALF_LOCKED))
    assert isinstance(unlocking, ul.Unlocking)
    assert unlocking.locks == (Lock.PINGONE, Lock.PASSWORD)
    assert all(one.unchecked for one in unlocking.want().effect.effects)
    (said,) = unlocking.unread
    assert said.text == f"AD: could not be read, so nothing was unlocked there. {DOWN}"
    again = uf.ReadingAccount(unlocking.task).step(read(Account(ON, AD_LOCKED)))
    assert again == ul.Unlocking(replace(UNLOCK, dn=DN), (Lock.DIRECTORY,))


def test_with_ad_down_nothing_is_enabled() -> None:
    refused = uf.ReadingAccount(ENABLE).step(read(HALF_OFF))
    assert isinstance(refused, uf.ReturnError)
    assert refused.problem.message == f"AD could not be read, so nothing was enabled. {DOWN}"


def test_with_ad_down_no_reset_is_offered_and_none_is_begun_by_a_script() -> None:
    managing = am.ReadingAccount(VERIFIED, NEEDS).step(Replies((NOTED, r.AccountRead(HALF), IN_BOTH)))
    assert isinstance(managing, am.ManagingAccount)
    assert managing.why_no_reset == f"AD could not be read, and a new password may belong there. {DOWN}"
    script = reset.ReadingAuthority(reset.Task(ADA, "", "Forgot it.", "HD-1", RULES))
    assert isinstance(script.step(Replies((NOTED, r.AccountRead(HALF), IN_BOTH))), reset.ReturnError)


def test_the_account_page_finds_the_entry_once_ad_answers() -> None:
    found = Replies((NOTED, r.AccountRead(ENABLED), IN_BOTH))
    assert am.ReadingAccount(VERIFIED, NEEDS).step(found) == am.ReadingAccount(replace(VERIFIED, dn=DN), NEEDS)
    script = reset.Task(ADA, "", "Forgot it.", "HD-1", RULES)
    assert reset.ReadingAuthority(script).step(found) == reset.ReadingAuthority(replace(script, dn=DN))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act.DISABLE, "AD cannot be asked now: that half stays as it is, and has to be done later."),
        (Act.ENABLE, "AD cannot be asked now, so nothing will be enabled. Wait until it answers."),
    ],
)
def test_what_will_be_done_says_that_ad_is_down_before_it_is_confirmed(act: Act, words: str) -> None:
    assert am.ConfirmingAct(VERIFIED, NEEDS, HALF, act).want().prompt.effects[0] == words
    assert am.ConfirmingAct(VERIFIED, NEEDS, Account(ON), act).want().prompt.effects[0] == "There is no AD account."


def test_the_card_says_before_anything_is_begun_what_cannot_be_done() -> None:
    given = Given(RULES)
    for found, prompt in ((devices(SMS), CardPrompt), (devices(LOCKED_SMS), UnverifiableCardPrompt)):
        state = dc.CheckingDevices(given, ADA).step(Replies((found, r.ProtectionRead(AD_DOWN))))
        assert isinstance(state, dc.ChoosingWay | dc.NoWayToVerify)
        card = state.want().prompt
        assert isinstance(card, prompt)
        said = card.warning if isinstance(card, CardPrompt) else card.why
        assert said.endswith(f"{WORDS} {DOWN}")
        confirming = state.caller.protect("HD-1")
        assert isinstance(confirming, pd.Confirming)
        assert confirming.want().prompt.effects[0].startswith("AD cannot be asked now")


PROTECT = uf.Start("disableUser", "ada", "Somebody has it.", "HD-1", protective=True)
IN_AD = uf.Task("disableUser", "ada", IN_AD_ONLY, DN, Act.PROTECT, "Somebody has it.", "HD-1")
FOUND = r.FoundInDirectory(IN_AD_ONLY, Protection(dn=DN), PROBLEM)
WATCHED = r.FoundInDirectory(IN_AD_ONLY, PROTECTED, PROBLEM)
AD_ALONE = Account(directory=AD_ON, pingone_problem="PingOne did not answer in time.")


def test_with_pingone_down_only_a_protective_disable_in_ad_goes_on() -> None:
    reading = uf.IdentifyingAction(PROTECT).step(FOUND)
    assert reading == uf.ReadingAccount(IN_AD)
    disabling = reading.step(read(AD_ALONE))
    assert disabling == uf.Disabling(IN_AD, in_directory=True, in_pingone=False)
    (effect,) = disabling.want().effect.effects
    assert isinstance(effect, fx.SetDirectoryEnabled)
    back = disabling.step(Replies((r.DirectoryEnabledSet(enabled=False),)))
    assert isinstance(back, uf.ReadingBack)
    assert [(line.text.partition(",")[0], line.ok) for line in back.lines] == [
        ("AD: disabled", True),
        ("PingOne: not disabled", False),
    ]
    tell = back.want().effect.effects[1]
    assert tell == fx.TellCustomer(person_id=IN_AD_ONLY.id, change=Change.DISABLED, dn=DN)
    done = back.step(Replies((r.AccountRead(AD_ALONE), TOLD)))
    assert isinstance(done, uf.ReturnSuccess)
    assert (done.half_done, done.again) == (True, False), "PingOne's half needs another look-up"


def test_r_49_with_pingone_down_a_second_try_writes_nothing_more() -> None:
    off = replace(AD_ALONE, directory=replace(AD_ON, disabled=True))
    disabling = uf.ReadingAccount(IN_AD).step(read(off))
    assert disabling == uf.Disabling(IN_AD, in_directory=False, in_pingone=False)
    back = disabling.step(Replies(()))
    assert isinstance(back, uf.ReadingBack)
    assert back.lines[0] == ResultLine("AD: was disabled already, nothing written")
    assert not back.changed


@pytest.mark.parametrize("action", ["getUserAccountStatus", "disableUser", "enableUser", "unlockUser"])
def test_with_pingone_down_a_script_can_do_nothing_else(action: str) -> None:
    assert uf.IdentifyingAction(uf.Start(action, "ada", "Asked.", "HD-1")).step(FOUND) == uf.ReturnError(PROBLEM)
    asked = reset.IdentifyingCustomer(reset.Start("ada", "Forgot it.", "HD-1")).step(FOUND)
    assert isinstance(asked, reset.ReturnError)
    assert (asked.problem.code, asked.problem.message) == (PROBLEM.code, f"Nothing was changed. {PROBLEM.message}")


def test_r_39_with_pingone_down_what_ad_protects_stays_protected() -> None:
    refused = uf.IdentifyingAction(PROTECT).step(WATCHED)
    assert isinstance(refused, uf.ReturnError)
    assert refused.problem.code == "forbidden"
    looking = csr_main.look_up(Given(RULES)).step(a.UsernameGiven("ada", "HD-1"))
    given = Given(RULES)
    assert looking.step(WATCHED) == csr_main.Checking(given, dc.ProtectedAccount(given, IN_AD_ONLY.name))


def test_with_pingone_down_the_agent_sees_what_is_left_and_is_led_back_to_the_look_up() -> None:
    given = Given(RULES, "HD-1")
    looking = csr_main.look_up(Given(RULES)).step(a.UsernameGiven("ada", "HD-1"))
    there = lu.FoundInDirectory(IN_AD_ONLY, "HD-1", Protection(dn=DN), PROBLEM)
    assert isinstance(looking, csr_main.LookingUp)
    assert looking.sub.step(FOUND) == there
    assert there.want().outcome == lu.LookedUp()
    card = looking.step(FOUND)
    assert isinstance(card, csr_main.Checking)
    assert isinstance(card.sub, dc.NoWayToVerify)
    prompt = card.sub.want().prompt
    assert (prompt.person, prompt.devices, prompt.code) == (IN_AD_ONLY, (), "timed_out")
    assert prompt.why.startswith(
        "PingOne cannot be asked, so nobody can be verified now. PingOne did not answer in time."
    )
    confirming = card.step(a.ProtectiveDisableChosen())
    assert confirming == csr_main.Protecting(given, pd.Confirming(IN_AD_ONLY, DN, "HD-1"))
    read_notice = csr_main.Protecting(given, pd.Showing(IN_AD_ONLY, (NOT_IN_AD,)))
    assert read_notice.step(a.NoticeRead()) == csr_main.LeavingCustomer(given)
    saying = csr_main.Checking(given, dc.SayingNotVerified(given, IN_AD_ONLY))
    assert saying.step(a.BackChosen()) == csr_main.LeavingCustomer(given)


def test_an_id_of_the_directory_names_an_entry_and_holds_nothing_of_it() -> None:
    assert directory_id(DN) == directory_id(DN.upper())
    assert directory_id(DN) != directory_id(f"{DN},OU=x")
    assert "Ada" not in directory_id(DN)
    assert (IN_AD_ONLY.only_in_directory, ADA.only_in_directory) == (True, False)
