"""Verify by the spoken address, the agent's side, branch by branch; and what the card offers by it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import csr_main as cm
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_check as dc
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import spoken_address as sa
from csrdesk.flows import spoken_effects as se
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import way_ends as ends
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Done, Event, Poll, Replies, State
from csrdesk.flows.rules import Rules
from csrdesk.flows.ways import why_no_address
from csrdesk.model.devices import Device, Devices, Strength
from csrdesk.model.link import LinkStage
from csrdesk.model.people import Protection
from csrdesk.model.proofs import Evidence, Proof
from csrdesk.model.ways import Way
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ADA,
    APP,
    DENIED_AGAIN,
    FAILED,
    LINK,
    NO_MAIL,
    NOT_MAILED,
    PAGE,
    PASSKEY,
    PROBLEM,
    RULES,
    SMS,
    STAGES,
    TOTP,
    UNTIL,
    WITH_APP,
    devices,
)

GIVEN = sa.Given(ADA, "A*** L***, ending 41")
OPENING, AGAIN = sa.OpeningAddress(GIVEN), sa.AskToOpen(GIVEN, "That code was ended.")
WAITING = sa.AwaitingCaller(GIVEN, LINK)
RENEWING, EXTENDING = sa.RenewingSpokenCode(GIVEN, LINK), sa.ExtendingCode(GIVEN, LINK)
CLOSING, EXPIRING = sa.Closing(GIVEN, LINK.id), sa.Closing(GIVEN, LINK.id, LinkStage.EXPIRED)
STARTING = sa.StartingWindow(GIVEN, LINK.id)
RIGHT = STAGES[LinkStage.CODE_RIGHT]
TIME_UP = "Time ran out before the caller was verified. Nothing was approved. You can open the address again."

ROWS: list[Row] = [
    (OPENING, se.AddressOpened(LINK), WAITING),
    (OPENING, se.AddressNotOpened("Nobody serves."), replace(AGAIN, note="Nobody serves.")),
    (OPENING, se.AddressNotOpened("Sure?", warning=True), replace(AGAIN, note="Sure?", warned=True)),
    (OPENING, FAILED, sa.AskToOpen(GIVEN, f"Nothing was opened. {PROBLEM.message}", code="timed_out")),
    (AGAIN, a.OpenAddressChosen(), OPENING),
    (replace(AGAIN, warned=True), a.OpenAddressChosen(), replace(OPENING, warned=True)),
    (AGAIN, a.Cancelled(), ends.WentBack()),
    (WAITING, r.LinkChanged(RIGHT), replace(WAITING, link=RIGHT)),
    (WAITING, r.LinkChanged(STAGES[LinkStage.APPROVED]), STARTING),
    (WAITING, r.LinkChanged(STAGES[LinkStage.EXPIRED]), EXPIRING),
    (WAITING, r.LinkChanged(STAGES[LinkStage.NOT_ME]), ends.NotMe(ends.PAGE_SAID_NO)),
    (WAITING, r.LinkChanged(DENIED_AGAIN), ends.NotMe(ends.PHONE_SAID_NO)),
    (
        WAITING,
        r.LinkChanged(STAGES[LinkStage.NO_FACTOR]),
        replace(AGAIN, note="The caller cannot use any of their devices. Nothing was approved."),
    ),
    (WAITING, r.LinkChanged(STAGES[LinkStage.ENDED]), AGAIN),
    (WAITING, r.LinkChanged(STAGES[LinkStage.TOO_MANY_CODES]), AGAIN),
    (WAITING, a.NewCodeChosen(), RENEWING),
    (WAITING, a.MoreTimeChosen(), EXTENDING),
    (WAITING, a.LineDropped(), ends.LineDropped()),
    (WAITING, a.Cancelled(), CLOSING),
    (WAITING, FAILED, ends.Broken(PROBLEM)),
    (RENEWING, r.LinkChanged(LINK), WAITING),
    (RENEWING, FAILED, replace(WAITING, note=PROBLEM.message)),
    (EXTENDING, r.LinkChanged(LINK), WAITING),
    (EXTENDING, r.NoMoreTime(), replace(WAITING, note="This code cannot have more time. Go back and open anew.")),
    (EXTENDING, FAILED, replace(WAITING, note=PROBLEM.message)),
    (CLOSING, r.LinkChanged(STAGES[LinkStage.ENDED]), ends.WentBack()),
    (EXPIRING, r.LinkChanged(STAGES[LinkStage.EXPIRED]), replace(AGAIN, note=TIME_UP)),
    (CLOSING, FAILED, ends.Broken(PROBLEM)),
    (STARTING, r.WindowStarted(UNTIL, WITH_APP), ends.Verified(UNTIL, WITH_APP)),
    (STARTING, r.WindowRefused("Three are open."), replace(AGAIN, note="Three are open.")),
    (STARTING, FAILED, ends.Broken(PROBLEM)),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_spoken_address(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [OPENING, AGAIN, WAITING, RENEWING, EXTENDING, CLOSING, STARTING], ids=name)
def test_the_spoken_address_takes_nothing_else(state: State) -> None:
    refused(state, a.CannotUseAnyChosen())


def test_the_agent_watches_the_row_while_the_address_is_said() -> None:
    want = WAITING.want()
    assert isinstance(want, Poll)
    assert want.prompt == sp.SpokenAddressPrompt(ADA, LINK)
    assert want.effect == fx.AwaitChallenge(person_id=ADA.id, challenge_id=LINK.id, seen=LINK.rev)


CALL = Given(RULES, "HD-1")


def main(sub: sa.SpokenAddressState) -> cm.Verifying:
    return cm.Verifying(CALL, Caller(ADA, devices(PASSKEY).devices), sub)


def test_the_way_is_chosen_on_the_card_and_leads_to_the_same_account_page() -> None:
    card = cm.Checking(CALL, dc.ChoosingWay(CALL, Caller(ADA, devices(PASSKEY).devices)))
    assert card.step(a.SpokenAddressChosen()) == main(sa.begin(ADA, "A*** L***, ending 41"))
    managing = main(STARTING).step(r.WindowStarted(UNTIL, WITH_APP))
    assert isinstance(managing, cm.Managing)
    assert main(AGAIN).step(a.Cancelled()) == cm.check(CALL, ADA)
    frozen = main(WAITING).step(r.LinkChanged(STAGES[LinkStage.NOT_ME]))
    assert isinstance(frozen, cm.Checking)
    dropped = main(WAITING).step(a.LineDropped())
    assert isinstance(dropped, cm.LeavingCustomer)
    assert dropped.why == "the line dropped"
    broken = main(WAITING).step(FAILED)
    assert broken == cm.ReturnError(PROBLEM, cm.LeavingCustomer(CALL, ADA))


def test_a_way_that_is_not_open_cannot_be_chosen_by_a_hand_made_client() -> None:
    card = dc.ChoosingWay(CALL, Caller(ADA, devices(SMS).devices))
    words = "Spoken address cannot be chosen now: no passkey and no authenticator app is registered"
    assert card.step(a.SpokenAddressChosen()) == replace(card, note=words)
    off = Given(Rules(), "HD-1")
    refused_ = dc.ChoosingWay(off, Caller(ADA, devices(PASSKEY).devices)).step(a.SpokenAddressChosen())
    assert isinstance(refused_, dc.ChoosingWay)
    assert "settings do not have it" in refused_.note


def test_who_has_lost_their_mailbox_and_has_a_passkey_gets_a_card_and_not_a_refusal() -> None:
    read = Replies((devices(PASSKEY), r.ProtectionRead(Protection())))
    card = dc.CheckingDevices(CALL, NO_MAIL).step(read)
    assert isinstance(card, dc.ChoosingWay)
    link, spoken, *_ = card.want().prompt.ways
    assert (link.way, link.is_open, spoken.way, spoken.is_open) == (Way.LINK, False, Way.SPOKEN_ADDRESS, True)
    none = dc.CheckingDevices(CALL, NO_MAIL).step(Replies((devices(SMS), r.ProtectionRead(Protection()))))
    assert isinstance(none, dc.NoWayToVerify)
    said = {offer.way: offer.why_not for offer in none.want().prompt.ways}
    assert said[Way.SPOKEN_ADDRESS] == "no passkey and no authenticator app is registered"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Devices((PASSKEY,)), ""),
        (Devices((APP,)), ""),
        (Devices((SMS, TOTP)), ""),
        (Devices((SMS,)), "no passkey and no authenticator app is registered"),
        (Devices(), "no passkey and no authenticator app is registered"),
        (Devices((replace(TOTP, locked=True),)), "authenticator app code: locked after wrong tries"),
        (Devices((replace(PASSKEY, blocked=True), TOTP)), ""),
        (Devices((PASSKEY,), mfa_enabled=False), "PingOne asks nothing of this person now"),
        (Devices((PASSKEY,), refused="disabled"), "PingOne asks nothing of this person now"),
        (
            Devices((replace(PASSKEY, other_site="care.example"),)),
            "passkey or security key: it was registered for care.example",
        ),
    ],
)
def test_the_spoken_address_is_open_only_where_a_strong_device_can_be_used(found: Devices, why: str) -> None:
    assert why_no_address(found, RULES) == why


def test_r_32_the_page_of_the_address_asks_for_strong_devices_alone() -> None:
    page = ca.Given(NOT_MAILED, ADA.id, RULES, PAGE)
    asking = ca.ReadingRequirement(page).step(devices(SMS, TOTP))
    assert isinstance(asking, ca.Authenticating)
    assert isinstance(asking.sub, da.GatheringBrowserData)
    assert set(asking.sub.given.inputs.allowed_device_types) == {"FIDO2", "MOBILE", "TOTP"}
    for nothing in (devices(SMS), devices(), devices(TOTP, refused="locked")):
        assert isinstance(ca.ReadingRequirement(page).step(nothing), ca.GivingUpFactor)


def test_r_34_what_the_address_proves_is_the_device_alone_and_a_weak_one_proves_nothing() -> None:
    page = ca.Given(NOT_MAILED, ADA.id, RULES, PAGE)
    strong = Proof("totp", Strength.STRONG, TOTP.id, TOTP.label)
    approving = ca.RecheckingDevices(page, strong).step(Replies((devices(TOTP), r.Noted())))
    assert approving == ca.Approving(page, Evidence((strong,), registered=True))
    pushed = Proof("mobile", Strength.WEAK, APP.id, APP.label)
    again = ca.RecheckingDevices(page, pushed).step(Replies((devices(APP), r.Noted())))
    assert isinstance(again, ca.AskAgain)


def test_a_device_that_nobody_knows_does_not_open_the_way() -> None:
    assert why_no_address(Devices((Device("x-1", "PALM"),)), RULES)


def test_the_main_flow_goes_on_after_each_end() -> None:
    for end in (ends.WentBack(), ends.NotMe(ends.PAGE_SAID_NO), ends.LineDropped()):
        assert end.want() == Done(ends.WayOver())
