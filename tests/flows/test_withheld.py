"""R-41 on the agent's screens: what is not theirs to do is not begun, whatever is pressed, and they read why."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import device_check as dc
from csrdesk.flows.act_words import CHOSEN, NOT_YOURS
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.kernel import Ask, Event, Poll
from csrdesk.model.devices import Devices
from csrdesk.model.grants import OF_AGENTS
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act
from tests.flows.values import ADA, ENABLED, RULES, SMS, UNTIL, WITH_APP

NOTHING = replace(RULES, withheld=OF_AGENTS)
ON_THE_PAGE = [kind for kind in CHOSEN if kind is not a.ProtectiveDisableChosen]


def managing(rules: object = NOTHING) -> am.ManagingAccount:
    assert isinstance(rules, type(RULES))
    verified = am.Verified(ADA, "", WITH_APP, UNTIL)
    return am.ManagingAccount(verified, am.Needs(rules=rules), ENABLED)


@pytest.mark.parametrize("kind", ON_THE_PAGE, ids=lambda kind: kind.__name__)
def test_r_41_an_act_that_is_withheld_is_not_begun_and_the_agent_reads_why(kind: type[Event]) -> None:
    state = managing()
    assert state.step(kind()) == replace(state, note=NOT_YOURS)


@pytest.mark.parametrize("kind", ON_THE_PAGE, ids=lambda kind: kind.__name__)
def test_r_41_each_act_is_withheld_alone(kind: type[Event]) -> None:
    state = managing(replace(RULES, withheld=tuple(act for act in OF_AGENTS if act is not CHOSEN[kind])))
    assert isinstance(state.step(kind()), am.ConfirmingAct | am.ManagingDevices)


def test_r_41_the_prompts_say_what_is_withheld() -> None:
    want = managing().want()
    assert isinstance(want, Poll)
    assert want.prompt.withheld == OF_AGENTS


@pytest.mark.parametrize("person", [ADA, Person("bob-1", "bob", "Bob", "Babbage")])
def test_r_41_a_protective_disable_that_is_withheld_is_not_begun(person: Person) -> None:
    given, caller = Given(NOTHING), Caller(person, Devices((SMS,)), "")
    for state in (dc.ChoosingWay(given, caller), dc.NoWayToVerify(given, caller, "No address.")):
        want = state.want()
        assert isinstance(want, Ask)
        assert want.prompt.withheld == OF_AGENTS
        after = state.step(a.ProtectiveDisableChosen())
        assert isinstance(after, type(state))
        assert after.note == NOT_YOURS
        theirs = replace(state, given=Given(RULES)).step(a.ProtectiveDisableChosen())
        assert isinstance(theirs, dc.ProtectChosen)


def test_every_act_of_an_agent_has_an_answer_that_begins_it() -> None:
    assert set(CHOSEN.values()) == set(OF_AGENTS)
    assert Act.RECOVER not in OF_AGENTS
