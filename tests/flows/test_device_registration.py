"""A customer registers a device, branch by branch, and what no history of events can do."""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_pairing as dp
from csrdesk.flows import device_registration as dr
from csrdesk.flows import graph as g
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_effects as px
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import AccountEffect, Ask, Do, Done, Event, State
from csrdesk.flows.pairing_inputs import NOT_NOW, RESENDS, Inputs, Outputs, Work
from csrdesk.flows.public_prompts import PublicPrompt
from csrdesk.model.devices import WebAuthn
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.flows import pairing_values as pv
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import EVENTS

SEEN = (*EVENTS, *pv.FAILURES)
WORK, BOUND = Work(pv.INPUTS, "", 4), Work(pv.BOUND, "policy-1", 4)
NEXT = replace(WORK, asked=5)
CHOICE = dr.AskDeviceType(NEXT, pv.ALL)
PHONE = dp.Begun("SMS", "dev-1", "+44 *** *** 43", "GB")
MAIL, APP, KEY = dp.Begun("EMAIL", "dev-1", "a***a@m***.example"), dp.Begun("TOTP", "dev-1"), dp.Begun("FIDO2", "dev-1")
NOT_RIGHT = "That passcode is not right. Look again, and type it once more."
ADDRESSED, BARE = pr.DevicePaired("dev-1", PHONE.address), pr.DevicePaired("dev-1")
SPENT = replace(WORK, resent=RESENDS)
NUMBERED = dp.PairingNumber(WORK, "SMS", "GB")


def number(note: str, country: str = "GB") -> dp.AskNumber:
    return dp.AskNumber(NEXT, "SMS", country, note)


ROWS: tuple[Row, ...] = (
    (pv.FIRST[0], pv.OFFERS, CHOICE),
    (pv.FIRST[0], pr.PairingGathered(), dr.AskDeviceType(NEXT, note=dr.NOTHING)),
    (
        pv.FIRST[0],
        pr.PairingGathered((), ("Laptop",), full=True),
        dr.AskDeviceType(NEXT, (), ("Laptop",), dp.FULL),
    ),
    (dr.GatheringPairing(WORK, "Gone."), pv.OFFERS, dr.AskDeviceType(NEXT, pv.ALL, note="Gone.")),
    (pv.FIRST[0], pv.DOWN, dr.AskDeviceType(NEXT, note=dr.NOT_READ, again=True)),
    (pv.FIRST[0], pv.GONE, dr.ReturnError(dr.CLOSED, 4)),
    (CHOICE, pa.DeviceTypeChosen("SMS"), dr.Registering(NEXT, dp.AskNumber(replace(WORK, asked=6), "SMS"))),
    (CHOICE, pa.DeviceTypeChosen("TOTP"), dr.Registering(NEXT, dp.PairingDevice(NEXT, "TOTP"))),
    (CHOICE, pa.DeviceTypeChosen("FIDO2", WebAuthn.FULL), dr.Registering(NEXT, dp.PairingDevice(NEXT, "FIDO2"))),
    (CHOICE, pa.DeviceTypeChosen("FIDO2"), replace(CHOICE, work=replace(WORK, asked=6), note=dr.NO_PASSKEYS)),
    (CHOICE, pa.DeviceTypeChosen("MOBILE"), replace(CHOICE, work=replace(WORK, asked=6), note=dr.NOT_OFFERED)),
    (CHOICE, pa.RegisteredChosen(), replace(CHOICE, work=replace(WORK, asked=6), note=dr.NOT_OFFERED)),
    (replace(CHOICE, registered=("Laptop",)), pa.RegisteredChosen(), dr.EnablingMfa(NEXT, "")),
    (CHOICE, pa.PasswordInsteadChosen(), dr.ReturnSuccess("passwordInstead", "", 5)),
    (CHOICE, a.Cancelled(), dr.ReturnSuccess("cancelled", "", 5)),
    (CHOICE, a.TryAgainChosen(), dr.GatheringPairing(NEXT)),
    (dp.AskNumber(WORK, "SMS"), pv.NUMBER, NUMBERED),
    (dp.AskNumber(WORK, "SMS"), a.BackChosen(), dp.ChoosingAgain(WORK)),
    (NUMBERED, ADDRESSED, dp.AskActivation(NEXT, PHONE)),
    (NUMBERED, pr.NumberNotTaken("Too short."), number("Too short.")),
    (NUMBERED, r.PasscodeRefused("Not here."), number("Not here.")),
    (NUMBERED, pr.AlreadyPaired(), number(dp.ALREADY)),
    (NUMBERED, pr.NoRoom(), dp.ChoosingAgain(WORK, dp.FULL)),
    (NUMBERED, r.SecretLost(), number(dp.ONCE_MORE)),
    (NUMBERED, pv.LIMITED, number("5 passcodes were sent for this page.")),
    (NUMBERED, pv.DOWN, number(NOT_NOW)),
    (NUMBERED, pv.ENDED, dp.NotAllowed(WORK)),
    (dp.PairingDevice(WORK, "EMAIL"), pr.DevicePaired("dev-1", active=True), dp.Paired(WORK, "EMAIL")),
    (dp.PairingDevice(WORK, "EMAIL"), pr.DevicePaired("dev-1", MAIL.address), dp.AskActivation(NEXT, MAIL)),
    (dp.PairingDevice(WORK, "TOTP"), BARE, dp.AskNewApp(NEXT, APP)),
    (dp.PairingDevice(WORK, "FIDO2", KEY, "Again."), BARE, dp.AskNewPasskey(NEXT, KEY, "Again.")),
    (dp.PairingDevice(WORK, "SMS", PHONE, "Again."), ADDRESSED, dp.AskActivation(NEXT, PHONE, "Again.")),
    (dp.PairingDevice(WORK, "SMS", PHONE), pv.LIMITED, dp.AskActivation(NEXT, PHONE, pv.LIMITED.problem.message)),
    (dp.PairingDevice(WORK, "EMAIL"), pv.LIMITED, dp.ChoosingAgain(WORK, pv.LIMITED.problem.message)),
    (dp.PairingDevice(WORK, "FIDO2"), pr.AlreadyPaired(), dp.ChoosingAgain(WORK, dp.ALREADY)),
    (dp.PairingDevice(WORK, "FIDO2"), pr.NoRoom(), dp.ChoosingAgain(WORK, dp.FULL)),
    (dp.PairingDevice(WORK, "FIDO2"), pr.WrongSite(), dp.ChoosingAgain(WORK, dp.WRONG_SITE)),
    (dp.PairingDevice(WORK, "SMS", PHONE), r.PasscodeRefused("Gone."), dp.ChoosingAgain(WORK, "Gone.")),
    (dp.PairingDevice(WORK, "TOTP"), pv.DOWN, dp.ChoosingAgain(WORK, NOT_NOW)),
    (dp.PairingDevice(WORK, "TOTP"), pv.GONE, dp.NotAllowed(WORK)),
    (dp.AskActivation(WORK, PHONE), pv.CODE, dp.Activating(WORK, PHONE)),
    (
        dp.AskActivation(WORK, PHONE),
        a.ResendChosen(),
        dp.PairingDevice(replace(WORK, resent=1), "SMS", PHONE, dp.ON_ITS_WAY),
    ),
    (dp.AskActivation(SPENT, PHONE), a.ResendChosen(), dp.AskActivation(replace(SPENT, asked=5), PHONE, dp.NO_MORE)),
    (dp.AskActivation(WORK, PHONE), a.BackChosen(), dp.DroppingDevice(WORK, PHONE)),
    (dp.AskNewApp(WORK, APP), pv.CODE, dp.Activating(WORK, APP)),
    (dp.AskNewApp(WORK, APP), a.BackChosen(), dp.DroppingDevice(WORK, APP)),
    (dp.AskNewPasskey(WORK, KEY), pv.MADE, dp.Activating(WORK, KEY)),
    (dp.AskNewPasskey(WORK, KEY), a.ResendChosen(), dp.PairingDevice(WORK, "FIDO2", KEY)),
    (dp.AskNewPasskey(WORK, KEY), a.BackChosen(), dp.DroppingDevice(WORK, KEY)),
    (dp.AskNewPasskey(WORK, KEY), pa.NewPasskeyFailed("registered"), dp.DroppingDevice(WORK, KEY, dp.ALREADY)),
    (dp.Activating(WORK, PHONE), pr.DeviceActivated(), dp.AskNickname(NEXT, PHONE)),
    (dp.Activating(WORK, PHONE), r.PasscodeWrong(), dp.AskActivation(NEXT, PHONE, NOT_RIGHT)),
    (
        dp.Activating(WORK, APP),
        r.PasscodeWrong(2),
        dp.AskNewApp(NEXT, APP, "That passcode is not right. Tries left: 2."),
    ),
    (dp.Activating(WORK, PHONE), r.PasscodeRefused("Over."), dp.ChoosingAgain(WORK, "Over.")),
    (dp.Activating(WORK, KEY), pr.AlreadyPaired(), dp.ChoosingAgain(WORK, dp.ALREADY)),
    (dp.Activating(WORK, KEY), pr.WrongSite(), dp.ChoosingAgain(WORK, dp.WRONG_SITE)),
    (dp.Activating(WORK, PHONE), r.SecretLost(), dp.AskActivation(NEXT, PHONE, dp.ONCE_MORE)),
    (dp.Activating(WORK, KEY), r.SecretLost(), dp.AskNewPasskey(NEXT, KEY, "Make the passkey once more.")),
    (dp.Activating(WORK, PHONE), pv.DOWN, dp.AskActivation(NEXT, PHONE, NOT_NOW)),
    (dp.Activating(WORK, PHONE), pv.ENDED, dp.NotAllowed(WORK)),
    (dp.DroppingDevice(WORK, PHONE), pr.DeviceDropped(), dp.AskNumber(NEXT, "SMS", "GB")),
    (dp.DroppingDevice(WORK, PHONE), pv.DOWN, dp.AskNumber(NEXT, "SMS", "GB")),
    (dp.DroppingDevice(WORK, KEY, "Why."), pr.DeviceDropped(), dp.ChoosingAgain(WORK, "Why.")),
    (dp.DroppingDevice(WORK, KEY), pv.ENDED, dp.NotAllowed(WORK)),
    (dp.AskNickname(WORK, KEY), pa.NicknameGiven(" Laptop "), dp.NamingDevice(WORK, KEY, "Laptop")),
    (dp.AskNickname(WORK, KEY), pa.NicknameGiven(" "), dp.Paired(WORK, "FIDO2")),
    (dp.NamingDevice(WORK, KEY, "Laptop"), pv.DOWN, dp.Paired(WORK, "FIDO2")),
    (dr.Registering(WORK, dp.NamingDevice(NEXT, KEY, "x")), pr.DeviceNamed(), dr.EnablingMfa(NEXT, "FIDO2")),
    (dr.Registering(WORK, dp.AskNumber(NEXT, "SMS")), a.BackChosen(), dr.GatheringPairing(NEXT)),
    (dr.Registering(WORK, NUMBERED), pv.ENDED, dr.ReturnError(dr.CLOSED, 4)),
    (dr.EnablingMfa(WORK, "SMS"), pr.MfaEnabled(), dr.ReturnSuccess("complete", "sms", 4)),
    (dr.EnablingMfa(WORK, ""), pr.MfaEnabled(), dr.ReturnSuccess("complete", "", 4)),
    (dr.EnablingMfa(WORK, "SMS"), pv.DOWN, dr.AskEnableAgain(NEXT, "SMS")),
    (dr.EnablingMfa(WORK, "SMS"), pv.ENDED, dr.ReturnError(dr.CLOSED, 4)),
    (dr.AskEnableAgain(WORK, "SMS"), a.TryAgainChosen(), dr.EnablingMfa(WORK, "SMS")),
)


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_a_registration_of_a_device_branches_as_its_diagram_says(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("bad", ["12345", "x" * 20, "", "12 34"])
@pytest.mark.parametrize("page", [dp.AskActivation(WORK, PHONE), dp.AskNewApp(WORK, APP)], ids=name)
def test_what_is_no_passcode_is_not_shown_to_pingone(page: State, bad: str) -> None:
    after = page.step(a.PasscodeGiven(Secret(bad)))
    assert after == replace(page, work=NEXT, note=dp.NO_PASSCODE)


@pytest.mark.parametrize("reason", ["cancelled", "failed"])
def test_a_browser_that_made_nothing_may_try_with_the_same_challenge(reason: str) -> None:
    after = dp.AskNewPasskey(WORK, KEY).step(msgspec.convert({"reason": reason}, pa.NewPasskeyFailed))
    assert isinstance(after, dp.AskNewPasskey)
    assert after.begun == KEY
    assert after.note.startswith("No passkey was made")


def test_what_pingone_does_not_believe_is_made_anew_with_another_challenge() -> None:
    again = dp.Activating(WORK, KEY).step(pr.AttestationWrong())
    assert isinstance(again, dp.PairingDevice)
    assert again.want().effect.instead_of == KEY.device_id
    other = dp.AskNewApp(WORK, APP).step(a.ResendChosen())
    assert isinstance(other, dp.PairingDevice)
    assert other.want().effect.instead_of == APP.device_id


def test_without_another_way_nobody_leaves_and_nobody_chooses_a_password() -> None:
    bound = dr.AskDeviceType(BOUND, pv.ALL)
    prompt = bound.want().prompt
    assert (prompt.password_allowed, prompt.cancel_enabled) == (False, False)
    for answer in (pa.PasswordInsteadChosen(), a.Cancelled()):
        after = bound.step(answer)
        assert isinstance(after, dr.AskDeviceType)
        assert after.note == dr.NOT_OFFERED


def test_the_address_that_was_verified_needs_no_passcode_where_the_caller_of_the_flow_says_so() -> None:
    assert dp.PairingDevice(BOUND, "EMAIL").want().effect.proven
    assert not dp.PairingDevice(BOUND, "SMS", PHONE).want().effect.proven
    assert not dp.PairingDevice(WORK, "EMAIL").want().effect.proven


def test_inputs_and_outputs_keep_pings_names() -> None:
    assert set(msgspec.to_builtins(Inputs("ada-1"))) == {
        "pingOneUserId",
        "email",
        "ciam_autoEnrollEmail",
        "allowCancel",
        "passwordlessRequired",
        "allowedDeviceTypes",
        "ciam_companyLogo",
    }
    assert set(msgspec.to_builtins(Outputs())) == {
        "type",
        "ciam_authMethod",
        "ciam_subflowResult",
        "ciam_errorMessage",
    }


def test_the_ends_say_what_was_registered_and_nothing_else() -> None:
    assert dr.ReturnSuccess("complete", "fido2", 9).want() == Done(Outputs("fido2", "complete"))
    assert dr.ReturnError(dr.CLOSED, 9).want() == Done(Outputs(error_message=dr.CLOSED))
    for end in (dp.Paired(WORK, "SMS"), dp.ChoosingAgain(WORK), dp.NotAllowed(WORK)):
        assert end.want() == Done(dp.Ended())


@pytest.mark.parametrize("union", [dr.DeviceRegistrationState, dp.DevicePairingState], ids=["registration", "pairing"])
def test_every_state_refuses_what_it_does_not_ask_for(union: object) -> None:
    kinds = g.members(union, State)
    for state in {type(state): state for state in states() if type(state) in kinds}.values():
        refused(state.sub if isinstance(state, dr.Registering) else state, a.NotMeChosen())


def test_every_change_is_one_that_policy_permits_on_a_page_of_a_registration_alone() -> None:
    for state in states():
        want = state.want()
        if isinstance(want, Do) and isinstance(want.effect, AccountEffect):
            assert want.effect.act is Act.REGISTER
            assert want.effect.person_id == "ada-1"


def test_r_16_neither_number_nor_passcode_nor_key_stands_in_any_saved_state() -> None:
    for state in states():
        saved = msgspec.json.encode(state).decode()
        for secret in (pv.TYPED_NUMBER, pv.TYPED_PASSCODE, "JBSWY3DP", "made-in-the-browser"):
            assert secret not in saved


@cache
def states() -> list[State]:
    """Every state that a walk with all events finds, some of a kind."""
    found: dict[object, list[State]] = {}
    waiting: deque[State] = deque(pv.FIRST)
    while waiting:
        state = waiting.popleft()
        sub = getattr(state, "sub", None)
        device = getattr(getattr(sub, "begun", sub), "device_type", "")
        offers = bool(getattr(state, "device_types", ())), bool(getattr(state, "registered", ()))
        spent = not (sub.work if sub else state.work).resends_left if hasattr(state, "work") else False
        of_kind = found.setdefault((type(state), type(sub), device, offers, spent), [])
        if state in of_kind or len(of_kind) >= 3:
            continue
        of_kind.append(state)
        for event in SEEN:
            try:
                waiting.append(state.step(event))
            except IllegalEventError:
                continue
    whole = [state for of_kind in found.values() for state in of_kind]
    return [*whole, *(state.sub for state in whole if isinstance(state, dr.Registering))]


def test_every_state_is_reached_and_every_edge_taken() -> None:
    seen = {type(state) for state in states()}
    wanted = {kind for union in (dr.DeviceRegistrationState, dp.DevicePairingState) for kind in get_args(union)}
    assert wanted - seen == {dp.Paired, dp.ChoosingAgain, dp.NotAllowed}  # ends, which the flow around takes at once
    edges = {(type(state), type(after)) for state, _, after in ROWS}
    edges |= {(type(state), type(state.step(event))) for state in states() for event in SEEN if takes(state, event)}
    for union in (dr.DeviceRegistrationState, dp.DevicePairingState):
        for node in g.graph(union).values():
            for after in node.next:
                assert (node.state, after) in edges, f"{node.state.__name__} never led to {after.__name__}"


def takes(state: State, event: Event) -> bool:
    try:
        state.step(event)
    except IllegalEventError:
        return False
    return True


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
@given(st.lists(st.sampled_from((*pv.ANSWERS, *pv.REPLIES, pv.CODE, a.ResendChosen(), a.BackChosen())), max_size=150))
def test_no_history_sends_more_passcodes_again_than_the_limit_or_asks_twice_by_one_number(events: list[Event]) -> None:
    state: State = pv.FIRST[0]
    resent, asked = 0, [4]
    for event in events:
        if not takes(state, event):
            continue
        state = state.step(event)
        want = state.want()
        if isinstance(want, Do) and isinstance(want.effect, px.PairDevice):
            resent += bool(want.effect.instead_of) and want.effect.device_type in ("SMS", "VOICE", "EMAIL")
        if isinstance(want, Ask) and isinstance(want.prompt, PublicPrompt):
            assert want.prompt.asked > asked[-1]
            asked.append(want.prompt.asked)
    assert resent <= RESENDS
