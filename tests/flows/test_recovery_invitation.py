"""Account recovery that an agent starts for a caller, branch by branch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import csr_main as cm
from csrdesk.flows import device_check as dc
from csrdesk.flows import prompts as p
from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import recovery_invitation as inv
from csrdesk.flows import recovery_replies as vr
from csrdesk.flows import replies as r
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Event, Replies, State
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Devices
from csrdesk.model.people import Person, Protection
from csrdesk.model.recovery import Progress, Stage
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import ADA, FAILED, IN_AD_ONLY, NO_MAIL, PROBLEM, SMS

SENT_AT = datetime(2026, 3, 4, 9, 10, tzinfo=UTC)
TO = "a***a@e***.example"
INVITING = inv.begin(ADA)
WATCHING = inv.Watching(ADA, TO, SENT_AT, "The address was never verified.")
TYPED = Progress(Stage.CODE_SENT, SENT_AT, SENT_AT, 1)
ROWS: list[Row] = [
    (INVITING, vr.RecoveryInvited(TO, SENT_AT, "The address was never verified."), WATCHING),
    (INVITING, vr.RecoveryNotInvited("No mail server is set up."), inv.WentBack("No mail server is set up.")),
    (INVITING, FAILED, inv.WentBack(PROBLEM.message, PROBLEM.code)),
    (WATCHING, vr.RecoveryIs(TYPED), replace(WATCHING, progress=TYPED)),
    (WATCHING, a.RecoveryChosen(), INVITING),
    (WATCHING, a.BackChosen(), inv.WentBack()),
    (WATCHING, a.CallEnded(), inv.EndedCall()),
    (WATCHING, FAILED, inv.WentBack(f"How far they are cannot be read now. {PROBLEM.message}", PROBLEM.code)),
]
ON, OFF = Given(Rules(recovery=True)), Given(Rules())
CALLER = Caller(ADA, Devices((SMS,)))
NO_PAGE = "This caller cannot be mailed the way to a recovery page."
CARD_ROWS: list[Row] = [
    (dc.ChoosingWay(ON, CALLER), a.RecoveryChosen(), dc.RecoveryStarted(CALLER)),
    (dc.ChoosingWay(OFF, CALLER), a.RecoveryChosen(), dc.ChoosingWay(OFF, CALLER, NO_PAGE)),
    (dc.NoWayToVerify(ON, CALLER, "No way."), a.RecoveryChosen(), dc.RecoveryStarted(CALLER)),
    (
        dc.NoWayToVerify(OFF, CALLER, "No way."),
        a.RecoveryChosen(),
        dc.NoWayToVerify(OFF, CALLER, "No way.", NO_PAGE),
    ),
    (cm.Checking(ON, dc.ChoosingWay(ON, CALLER)), a.RecoveryChosen(), cm.Recovering(ON, ADA, INVITING)),
    (cm.Recovering(ON, ADA, WATCHING), a.BackChosen(), cm.check(ON, ADA)),
    (cm.Recovering(ON, ADA, INVITING), FAILED, cm.check(ON, ADA, PROBLEM.message, PROBLEM.code)),
    (cm.Recovering(ON, ADA, WATCHING), a.CallEnded(), cm.EndingCall()),
]


@pytest.mark.parametrize(("state", "event", "after"), [*ROWS, *CARD_ROWS], ids=name)
def test_each_branch_of_a_recovery_that_an_agent_starts(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("devices", [Devices((SMS,)), Devices((replace(SMS, blocked=True),))])
def test_what_a_note_is_about_stands_on_either_card_for_scripts(devices: Devices) -> None:
    checking = dc.CheckingDevices(ON, ADA, PROBLEM.message, PROBLEM.code)
    card = checking.step(Replies((r.DevicesRead(devices), r.ProtectionRead(Protection()))))
    assert isinstance(card, dc.ChoosingWay | dc.NoWayToVerify)
    prompt = card.want().prompt
    assert (prompt.note, prompt.note_code) == (PROBLEM.message, PROBLEM.code)


@pytest.mark.parametrize("state", [INVITING, WATCHING], ids=name)
def test_it_takes_nothing_else(state: State) -> None:
    refused(state, a.SendChosen())


@pytest.mark.parametrize(
    ("given", "person", "offered"), [(ON, ADA, True), (OFF, ADA, False), (ON, NO_MAIL, False), (ON, IN_AD_ONLY, False)]
)
def test_it_is_offered_where_settings_have_the_page_and_pingone_an_address(
    given: Given, person: Person, offered: bool
) -> None:
    card = dc.NoWayToVerify(given, Caller(person, Devices()), "No way.").want().prompt
    assert card.recovery is offered


def test_the_agent_sees_how_far_they_are_and_nothing_that_they_typed() -> None:
    want = replace(WATCHING, progress=TYPED).want()
    assert want.prompt == p.RecoveryWatchPrompt(ADA, TO, SENT_AT, TYPED, "The address was never verified.")
    assert want.effect == vx.AwaitRecovery(person_id=ADA.id, since=SENT_AT, seen=TYPED)
    assert set(Progress.__struct_fields__) == {"stage", "opened_at", "code_at", "tries", "ended_at", "risk"}


def test_r_30_it_verifies_nobody() -> None:
    assert inv.WentBack().want().outcome == inv.EndedCall().want().outcome == inv.Invited()
    assert dc.RecoveryStarted(CALLER).want().outcome == dc.DevicesChecked()
    after = cm.Recovering(ON, ADA, replace(WATCHING, progress=Progress(Stage.DONE))).step(a.BackChosen())
    assert isinstance(after, cm.Checking)
    assert isinstance(after.sub, dc.CheckingDevices)
