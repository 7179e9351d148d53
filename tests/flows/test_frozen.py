"""A person whose verification is frozen is said to be so by every look-up, and nothing to verify them is offered."""

from __future__ import annotations

from datetime import UTC, datetime

from csrdesk.flows import answers as a
from csrdesk.flows import csr_main as cm
from csrdesk.flows import device_check as dc
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import verify_user as vu
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Replies
from csrdesk.flows.ways import offers
from csrdesk.model.devices import Devices
from csrdesk.model.link import LinkStage
from csrdesk.model.people import Protection
from tests.flows.values import ADA, APP, PASSKEY, RULES, SMS, STAGES

UNTIL = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
GIVEN = Given(RULES)
SAID = "Verification of this person is frozen until 14:05 UTC: they, or their phone, said: this wasn't me."


def test_r_21_every_look_up_says_that_somebody_is_frozen_and_offers_no_way_to_verify_them() -> None:
    read = r.DevicesRead(Devices((PASSKEY, APP, SMS), phone="+49 *** ** 12", frozen_until=UNTIL))
    checked = dc.CheckingDevices(GIVEN, ADA).step(Replies((read, r.ProtectionRead(Protection()))))
    assert isinstance(checked, dc.NoWayToVerify)
    prompt = checked.want().prompt
    assert (prompt.why, prompt.ways, prompt.recovery, prompt.frozen) == (SAID, (), False, True)
    still = checked.step(a.RecoveryChosen())
    assert isinstance(still, dc.NoWayToVerify)
    assert isinstance(checked.step(a.ProtectiveDisableChosen()), dc.ProtectChosen)


def test_r_21_a_person_who_is_frozen_has_no_open_way_and_others_have() -> None:
    some = (PASSKEY, APP, SMS)
    assert not any(offer.is_open for offer in offers(ADA, Devices(some, frozen_until=UNTIL), RULES))
    assert any(offer.is_open for offer in offers(ADA, Devices(some), RULES))


def test_a_caller_who_can_use_no_device_leads_the_agent_back_to_the_other_ways() -> None:
    caller = Caller(ADA, Devices((SMS,)))
    waiting = vu.AwaitingChallenge(vu.begin(ADA, RULES).given, STAGES[LinkStage.CODE_RIGHT])
    verifying = cm.Verifying(GIVEN, caller, waiting)
    after = verifying.step(r.LinkChanged(STAGES[LinkStage.NO_FACTOR]))
    note = "The caller cannot use any of their devices. Nothing was approved."
    assert after == cm.check(GIVEN, ADA, note)
    again = after.step(Replies((r.DevicesRead(Devices((SMS,))), r.ProtectionRead(Protection()))))
    want = again.want()
    assert isinstance(want, Ask)
    assert isinstance(want.prompt, p.CardPrompt)
    assert want.prompt.note == note
