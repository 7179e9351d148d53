"""The kernel's own promises, and the catalog's."""

from __future__ import annotations

import msgspec
import pytest

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import look_up as lu
from csrdesk.flows import prompts as p
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.doors import Agent, Context, OpenedLink, View
from csrdesk.flows.kernel import AccountEffect, Effect, Kind, State, Together
from csrdesk.flows.registration_effects import RegistrationChange
from csrdesk.model.people import Person
from csrdesk.model.secret import Secret, decode_hook
from tests.flows.values import ADA, ANSWERS


def test_a_state_that_says_nothing_wants_nothing_and_takes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        State().want()
    with pytest.raises(IllegalEventError):
        State().step(a.CallEnded())


def test_the_key_of_an_effect_names_flow_step_and_place() -> None:
    context = Context("flow-1", 7, "call-1", Agent("sam"), index=1)
    assert context.key == "flow-1:7:1"


def test_what_holds_a_token_or_the_spoken_code_cannot_be_encoded() -> None:
    for value in (
        OpenedLink("link-1", Secret("token"), "K7Q", "Sam"),
        View("call-1", "csr_main", 3, spoken_code=Secret("417209")),
        a.CodeGiven(Secret("417209")),
        a.PasscodeGiven(Secret("123456")),
    ):
        with pytest.raises(TypeError, match="Secret"):
            msgspec.json.encode(value)


def test_every_effect_says_what_a_crash_means_for_it() -> None:
    known = [kind for kind in leaves(Effect) if kind not in (AccountEffect, RegistrationChange, Together)]
    assert known
    for kind in known:
        assert isinstance(kind.kind, Kind)
        assert kind.kind is Kind.WRITE or not issubclass(kind, AccountEffect)
        assert kind.action or kind.kind in (Kind.READ, Kind.DESK), kind


def leaves(kind: type[Effect]) -> list[type[Effect]]:
    return [leaf for child in kind.__subclasses__() for leaf in (child, *leaves(child))]


def test_a_form_becomes_only_what_its_prompt_takes() -> None:
    form = {"type": "CodeGiven", "code": "417 209"}
    assert msgspec.convert(form, p.CodePrompt.answers, dec_hook=decode_hook) == a.CodeGiven(Secret("417 209"))
    for forged in ({"type": "CodeRight"}, {"type": "ChallengeApproved"}, {"type": "Confirmed", "reason": "x"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(forged, p.CodePrompt.answers, dec_hook=decode_hook)


def test_what_people_type_has_an_end() -> None:
    with pytest.raises(msgspec.ValidationError, match="length <= 256"):
        msgspec.convert({"type": "UsernameGiven", "identifier": "x" * 257}, p.UsernamePrompt.answers)


def test_every_answer_can_be_made_from_a_form() -> None:
    for answer in ANSWERS:
        form = {
            "type": type(answer).__name__,
            **{
                name: value.reveal() if isinstance(value, Secret) else value
                for name, value in msgspec.structs.asdict(answer).items()
            },
        }
        assert msgspec.convert(form, type(answer), dec_hook=decode_hook) == answer


def test_the_ends_of_a_nested_flow_are_for_its_parent_alone() -> None:
    for state in (lu.Found(ADA, "HD-1"), lu.EndedCall()):
        assert state.want().outcome == lu.LookedUp()


def test_the_catalog_names_the_flows_that_can_be_started() -> None:
    assert set(FLOWS) == {
        "csr_main",
        "challenge_acceptance",
        "password_reset",
        "new_password",
        "user_functions",
        "device_authentication",
        "magic_link_page",
        "account_recovery",
        "registration",
        "approvals",
        "agents",
        "hand_over",
    }
    assert all(flow.name == name and flow.version >= 1 for name, flow in FLOWS.items())


def test_saved_people_have_no_room_for_an_address_or_an_account_state() -> None:
    assert not {"phone", "enabled", "status", "account"} & {*Person.__struct_fields__}
