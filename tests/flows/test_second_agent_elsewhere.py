"""R-40 for acts outside the account's page: a device, and an account that is closed at once, wait for another agent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import device_check as dc
from csrdesk.flows import device_management as dm
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import second_agent as sa
from csrdesk.flows.act_words import SECOND_AGENT
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Do, Event, State
from csrdesk.flows.rules import Rules
from csrdesk.model.approvals import Decision
from csrdesk.model.devices import DeviceChange
from csrdesk.model.proofs import Act
from tests.flows.desk_values import ASKED, DECIDED
from tests.flows.tables import name, step_by_step
from tests.flows.values import ADA, DN, ENABLED, SMS, UNTIL, WITH_APP, WITH_PHONE

TWO = Rules(second_agent_for=(Act.PROTECT, Act.DEVICES))
SAID = {one.decision: one for one in DECIDED}
GIVEN = dm.Given(ADA, WITH_APP, UNTIL, "HD-1", dn=DN, rules=TWO)
CONFIRMING = dm.ConfirmingChange(GIVEN, dm.Wanted(SMS, DeviceChange.REMOVE), (SMS,), "HD-1")
CHANGE = dm.ChangingDevice(GIVEN, dm.Wanted(SMS, DeviceChange.REMOVE), "Stolen.", "HD-1")
CLOSING = pd.Confirming(ADA, DN, "HD-1", alone=False)
YES = a.Confirmed("Stolen.", "HD-1")
WAITING, LEAVING = sa.AwaitingSecondAgent(ADA, ASKED), sa.Withdrawing("ap-1", ADA.id, ends_call=True)
REFUSED = "grace refused it: Call them back first. Nothing was done."


def test_r_40_a_device_is_changed_when_somebody_else_has_read_which_and_what() -> None:
    page = am.ManagingAccount(am.Verified(ADA, DN, WITH_APP, UNTIL, "HD-1"), am.Needs(rules=TWO), ENABLED)
    devices = page.step(a.DevicesChosen())
    assert isinstance(devices, am.ManagingDevices)
    assert isinstance(devices.sub, dm.ReadingDevices)
    assert devices.sub.given == replace(GIVEN, ticket_required=False)
    assert CONFIRMING.want().prompt.effects[:1] == SECOND_AGENT
    waiting = CONFIRMING.step(YES)
    assert isinstance(waiting, dm.AwaitingApproval)
    want = waiting.want()
    assert isinstance(want, Do)
    assert isinstance(want.effect, ex.RequestApproval)
    assert (want.effect.act, want.effect.dn, want.effect.until) == (Act.DEVICES, DN, UNTIL)
    assert want.effect.shown == f"{WITH_APP.label}. Remove {SMS.label} for good."
    alone = replace(CONFIRMING, given=replace(GIVEN, rules=Rules()))
    assert alone.step(YES) == replace(CHANGE, given=alone.given)
    assert SECOND_AGENT[0] not in alone.want().prompt.effects


def test_r_40_an_account_is_closed_at_once_when_somebody_else_has_said_yes() -> None:
    given = Given(TWO, "HD-1")
    card = csr_main.Checking(given, dc.ChoosingWay(given, Caller(ADA, WITH_PHONE.devices, DN)))
    chosen = card.step(a.ProtectiveDisableChosen())
    assert isinstance(chosen, csr_main.Protecting)
    assert chosen.sub == CLOSING
    asks = CLOSING.want()
    assert isinstance(asks, Ask)
    assert asks.prompt.effects[:1] == SECOND_AGENT
    waiting = CLOSING.step(YES)
    assert isinstance(waiting, pd.AwaitingApproval)
    want = waiting.want()
    assert isinstance(want, Do)
    assert isinstance(want.effect, ex.RequestApproval)
    assert (want.effect.act, want.effect.until, want.effect.reason) == (Act.PROTECT, None, "Stolen.")
    assert want.effect.shown.startswith("Nothing: nobody has proved anything.")
    closing = pd.AwaitingApproval(CLOSING, waiting.task, WAITING).step(ex.ApprovalIs(SAID[Decision.APPROVED]))
    assert isinstance(closing, pd.Disabling)
    assert closing == replace(CLOSING, alone=True).step(YES)


TASK = CLOSING.step(YES).task  # type: ignore[union-attr]
ROWS: tuple[tuple[State, Event, State], ...] = (
    (
        dm.AwaitingApproval(CHANGE, (SMS,), sa.begin(sa.Order(ADA, DN, Act.DEVICES, "Stolen.", "HD-1", "s", UNTIL))),
        ex.ApprovalIs(ASKED),
        dm.AwaitingApproval(CHANGE, (SMS,), sa.AwaitingSecondAgent(ADA, ASKED, UNTIL)),
    ),
    (dm.AwaitingApproval(CHANGE, (SMS,), WAITING), ex.ApprovalIs(SAID[Decision.APPROVED]), CHANGE),
    (
        dm.AwaitingApproval(CHANGE, (SMS,), WAITING),
        ex.ApprovalIs(SAID[Decision.REFUSED]),
        dm.ManagingDevices(GIVEN, (SMS,), REFUSED),
    ),
    (dm.AwaitingApproval(CHANGE, (SMS,), LEAVING), ex.ApprovalIs(ASKED), dm.Ended()),
    (
        pd.AwaitingApproval(CLOSING, TASK, sa.begin(sa.Order(ADA, DN, Act.PROTECT, "Stolen.", "HD-1", "s"))),
        ex.ApprovalIs(ASKED),
        pd.AwaitingApproval(CLOSING, TASK, sa.AwaitingSecondAgent(ADA, ASKED)),
    ),
    (
        pd.AwaitingApproval(CLOSING, TASK, WAITING),
        ex.ApprovalIs(SAID[Decision.REFUSED]),
        replace(CLOSING, note=REFUSED),
    ),
    (pd.AwaitingApproval(CLOSING, TASK, LEAVING), ex.ApprovalIs(ASKED), pd.EndedCall()),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_leads_where_it_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)
