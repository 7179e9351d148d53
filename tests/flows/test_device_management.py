"""Managing devices, branch by branch; and that a device never vouches for itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import device_management as dm
from csrdesk.flows import device_replies as dr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Event, Failed, Problem, Replies, State
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.devices import DeviceChange
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import (
    ADA,
    FAILED,
    NOT_VERIFIED,
    NOTED,
    PROBLEM,
    QUEUED,
    REFUSED,
    SMS,
    TOTP,
    UNTIL,
    WITH_APP,
    WITH_DEVICE,
    devices,
)

GIVEN = dm.Given(ADA, WITH_APP, UNTIL, "HD-1")
STRICT = replace(GIVEN, ticket="", ticket_required=True)
BOTH = (SMS, TOTP)
READING, LIST = dm.ReadingDevices(GIVEN), dm.ManagingDevices(GIVEN, BOTH)
BLOCK = dm.Wanted(SMS, DeviceChange.BLOCK)
CONFIRMING = dm.ConfirmingChange(GIVEN, BLOCK, BOTH, "HD-1")
CHANGING = dm.ChangingDevice(GIVEN, BLOCK, "Lost.", "HD-1")
DONE = ResultLine(f"{SMS.label}: blocked")
TELLING = dm.TellingCustomer(GIVEN, DONE)
TOLD = ResultLine("Customer: told by mail", aside=True)


def saying(note: str) -> dm.ManagingDevices:
    return replace(LIST, note=note)


def chosen(change: DeviceChange, nickname: str = "") -> dm.ConfirmingChange:
    return dm.ConfirmingChange(GIVEN, dm.Wanted(SMS, change, nickname), BOTH, "HD-1")


ROWS: list[Row] = [
    (READING, Replies((NOTED, devices(SMS, TOTP))), LIST),
    (READING, Replies((Failed(NOT_VERIFIED), devices(SMS))), dm.WindowEnded()),
    (READING, Replies((NOTED, FAILED)), dm.Unread(PROBLEM)),
    (READING, Replies((FAILED, devices(SMS))), dm.Unread(PROBLEM)),
    (READING, FAILED, dm.Unread(PROBLEM)),
    (LIST, a.BlockDeviceChosen(SMS.id), chosen(DeviceChange.BLOCK)),
    (LIST, a.UnblockDeviceChosen(SMS.id), chosen(DeviceChange.UNBLOCK)),
    (LIST, a.UnlockDeviceChosen(SMS.id), chosen(DeviceChange.UNLOCK)),
    (LIST, a.RenameDeviceChosen(SMS.id, " Red phone "), chosen(DeviceChange.RENAME, "Red phone")),
    (LIST, a.RenameDeviceChosen(SMS.id, " "), saying("Type the new name first.")),
    (LIST, a.DefaultDeviceChosen(SMS.id), chosen(DeviceChange.DEFAULT)),
    (LIST, a.RemoveDeviceChosen(SMS.id), chosen(DeviceChange.REMOVE)),
    (LIST, a.RemoveDeviceChosen("nothing"), saying("Choose one of the devices.")),
    (
        LIST,
        a.RemoveDeviceChosen(TOTP.id),
        saying("This is the device that the caller has shown. Verify again with another strong device."),
    ),
    (LIST, a.RefreshChosen(), READING),
    (LIST, a.BackChosen(), dm.LeftDevices()),
    (LIST, a.CallEnded(), dm.Ended()),
    (LIST, r.TimeCame(), dm.WindowEnded()),
    (LIST, FAILED, saying(PROBLEM.message)),
    (CONFIRMING, a.Confirmed("Lost.", "HD-1"), CHANGING),
    (
        CONFIRMING,
        a.Confirmed(" ", "HD-2"),
        replace(CONFIRMING, ticket="HD-2", note="A reason is needed: one line for the audit."),
    ),
    (
        replace(CONFIRMING, given=STRICT),
        a.Confirmed("Lost.", " "),
        replace(CONFIRMING, given=STRICT, ticket="", note="A ticket number is needed."),
    ),
    (CONFIRMING, a.Declined(), LIST),
    (CONFIRMING, r.TimeCame(), dm.WindowEnded()),
    (CONFIRMING, FAILED, saying(PROBLEM.message)),
    (CHANGING, dr.DeviceChanged(), TELLING),
    (
        CHANGING,
        dr.DeviceChanged(changed=False),
        dm.DeviceDone((ResultLine(f"{SMS.label}: was blocked already, nothing written"),)),
    ),
    (
        CHANGING,
        Failed(REFUSED),
        dm.DeviceDone((ResultLine(f"{SMS.label}: not blocked. {REFUSED.message}", ok=False),)),
    ),
    (
        CHANGING,
        FAILED,
        dm.DeviceDone(
            (ResultLine(f"{SMS.label}: unknown whether blocked. {PROBLEM.message}", ok=False, unknown=True),)
        ),
    ),
    (TELLING, r.CustomerTold(), dm.DeviceDone((DONE, TOLD))),
    (TELLING, QUEUED, dm.DeviceDone((DONE,), Later(QUEUED.notice_id, QUEUED.message, UNTIL))),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_managing_devices(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [READING, LIST, CONFIRMING, CHANGING, TELLING], ids=name)
def test_managing_devices_takes_nothing_else(state: State) -> None:
    refused(state, a.SendChosen())


def test_r_32_without_a_strong_device_none_is_changed() -> None:
    weak = replace(LIST, given=replace(GIVEN, evidence=WITH_DEVICE))
    after = weak.step(a.RemoveDeviceChosen(TOTP.id))
    assert isinstance(after, dm.ManagingDevices)
    assert after.note == "To change a device the caller shows a passkey, a push with a number or an authenticator app."


@pytest.mark.parametrize("change", DeviceChange)
def test_what_will_be_done_names_the_device(change: DeviceChange) -> None:
    first, *_ = dm.words(dm.Wanted(SMS, change, "Red phone"))
    assert SMS.label in first


def test_the_effect_says_what_to_do_to_which_device_and_why() -> None:
    effect = replace(CHANGING, wanted=dm.Wanted(SMS, DeviceChange.RENAME, "Red phone")).want().effect
    assert (effect.person_id, effect.device_id, effect.nickname) == (ADA.id, SMS.id, "Red phone")
    assert (effect.act, effect.reason, effect.ticket) == (Act.DEVICES, "Lost.", "HD-1")


def test_an_answer_of_another_shape_leaves_it_unknown() -> None:
    line = dm.result_line(BLOCK, r.Noted())
    assert line.unknown
    assert dm.result_line(BLOCK, Failed(Problem("It may be done.", code="unknown"))).unknown
    assert dm.LeftDevices().want().outcome == dm.Over()
