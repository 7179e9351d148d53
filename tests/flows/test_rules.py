"""What holds for every flow, proved over its whole graph: from the annotations, and from a walk through all of it."""

from __future__ import annotations

import types
from collections import defaultdict
from typing import Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from csrdesk.errors import IllegalEventError
from csrdesk.flows import account_management as am
from csrdesk.flows import account_recovery as ar
from csrdesk.flows import agents, approvals, csr_main, device_page, hand_over, magic_link_page, second_agent
from csrdesk.flows import agreement as ag
from csrdesk.flows import answers as a
from csrdesk.flows import by_exception as be
from csrdesk.flows import call_back as cb
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import desk_answers as da2
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_check as dc
from csrdesk.flows import device_management as dm
from csrdesk.flows import device_pairing as pair
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import device_registration as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import email_code as ec
from csrdesk.flows import graph as g
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import look_up as lu
from csrdesk.flows import magic_link as ml
from csrdesk.flows import new_account as na
from csrdesk.flows import new_account_rest as nr
from csrdesk.flows import new_password as np
from csrdesk.flows import pairing_answers as pra
from csrdesk.flows import pairing_replies as prr
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import public_answers as pua
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import push_by_agent as pa
from csrdesk.flows import recovery_code as rc
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_inputs as ri
from csrdesk.flows import recovery_invitation as inv
from csrdesk.flows import registration as rg
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import registration_inputs as gi
from csrdesk.flows import registration_invitation as inr
from csrdesk.flows import risk_check as rk
from csrdesk.flows import setting_password as sp
from csrdesk.flows import spoken_address as sa
from csrdesk.flows import threat_detection as td
from csrdesk.flows import try_prompts as tp
from csrdesk.flows import user_functions as uf
from csrdesk.flows import verify_user as vu
from csrdesk.flows import verify_without_link as vw
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.kernel import (
    AccountEffect,
    Answer,
    Ask,
    Audience,
    Do,
    Effect,
    Event,
    Poll,
    Prompt,
    Reply,
    State,
    Terminal,
    Together,
)
from csrdesk.model.account import DirectoryAccount
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.flows.explore import inside, walk
from tests.flows.values import EVENTS, FAILED, REPLIES

UNIONS: dict[str, object] = {
    "csr_main": csr_main.CsrMainState,
    "look_up": lu.LookUpState,
    "device_check": dc.DeviceCheckState,
    "protective_disable": pd.ProtectiveDisableState,
    "account_management": am.AccountManagementState,
    "verify_user": vu.VerifyUserState,
    "spoken_address": sa.SpokenAddressState,
    "verify_without_link": vw.VerifyWithoutLinkState,
    "push_by_agent": pa.PushByAgentState,
    "by_exception": be.ByExceptionState,
    "call_back": cb.CallBackState,
    "challenge_acceptance": ca.ChallengeAcceptanceState,
    "account_recovery": ar.AccountRecoveryState,
    "recovery_code": rc.RecoveryCodeState,
    "registration": rg.RegistrationState,
    "email_code": ec.EmailCodeState,
    "new_account": na.NewAccountState,
    "new_account_rest": nr.NewAccountRestState,
    "agreement": ag.AgreementState,
    "device_registration": dr.DeviceRegistrationState,
    "device_pairing": pair.DevicePairingState,
    "user_functions": uf.UserFunctionsState,
    "password_reset": reset.PasswordResetState,
    "new_password": np.NewPasswordState,
    "setting_password": sp.SettingPasswordState,
    "recovery_invitation": inv.RecoveryInvitationState,
    "registration_invitation": inr.RegistrationInvitationState,
    "risk_check": rk.RiskCheckState,
    "threat_detection": td.ThreatDetectionState,
    "device_authentication": da.DeviceAuthenticationState,
    "device_passcode": pc.PasscodeState,
    "device_passkey": pk.PasskeyState,
    "device_push": ph.PushState,
    "device_management": dm.DeviceManagementState,
    "second_agent": second_agent.SecondAgentState,
    "approvals": approvals.ApprovalsState,
    "agents": agents.AgentsState,
    "hand_over": hand_over.HandOverState,
    "device_page": device_page.DevicePageState,
    "magic_link": ml.MagicLinkState,
    "magic_link_page": magic_link_page.MagicLinkPageState,
}
"""Every flow, nested ones too."""
NODES = {state: node for union in UNIONS.values() for state, node in g.graph(union).items()}

every_flow = pytest.mark.parametrize("flow", FLOWS)


def short(state: type[State]) -> str:
    return f"{state.__module__.rpartition('.')[2]}.{state.__name__}"


def taken() -> dict[type[State], set[type[State]]]:
    """The edges that steps really took, over all flows and at every depth."""
    edges: dict[type[State], set[type[State]]] = defaultdict(set)
    for flow in FLOWS:
        for state, event, _ in walk(flow).steps:
            for part in inside(state):
                try:
                    edges[type(part)].add(type(part.step(event)))
                except IllegalEventError:
                    continue
    return edges


def takes(state: State, event: Event) -> bool:
    try:
        state.step(event)
    except IllegalEventError:
        return False
    return True


@every_flow
def test_every_state_is_reached_from_the_first(flow: str) -> None:
    graph = g.graph(FLOWS[flow].states)
    assert g.reachable(next(iter(graph)), graph) == graph.keys()
    assert graph.keys() <= {type(state) for state in walk(flow).all}


@pytest.mark.parametrize("name", UNIONS)
def test_every_state_of_a_flow_is_reached_from_its_beginning(name: str) -> None:
    graph = g.graph(UNIONS[name])
    assert g.reachable(next(iter(graph)), graph) == graph.keys()


def test_every_edge_that_a_step_takes_is_annotated_and_every_annotated_one_is_taken() -> None:
    edges = taken()
    annotated = {(short(state), short(after)) for state, node in NODES.items() for after in node.next}
    assert {(short(state), short(after)) for state, found in edges.items() for after in found} == annotated


@every_flow
def test_every_want_is_what_its_annotation_says(flow: str) -> None:
    for state in walk(flow).all:
        *_, innermost = inside(state)
        node, want = NODES[type(innermost)], state.want()
        assert type(want).__name__ in node.wants
        if isinstance(want, Ask | Poll):
            assert type(want.prompt) in node.prompts
        if isinstance(want, Do | Poll):
            effects = want.effect.effects if isinstance(want.effect, Together) else (want.effect,)
            assert {type(effect) for effect in effects} <= set(node.effects)


@every_flow
def test_every_working_state_takes_a_failure(flow: str) -> None:
    deaf = {short(type(s)) for s in walk(flow).all if isinstance(s.want(), Do | Poll) and not takes(s, FAILED)}
    assert deaf == set()


@every_flow
def test_a_prompts_answers_are_exactly_those_that_its_state_takes(flow: str) -> None:
    for state in walk(flow).all:
        want = state.want()
        offered = set(g.answers(type(want.prompt))) if isinstance(want, Ask | Poll) else set()
        taken = {type(event) for event in EVENTS if isinstance(event, Answer) and takes(state, event)}
        assert taken == offered, short(type(state))


@every_flow
def test_a_state_that_only_asks_takes_nothing_of_the_world(flow: str) -> None:
    asking = [state for state in walk(flow).all if isinstance(state.want(), Ask)]
    assert asking or flow in ("user_functions", "approvals")
    assert [short(type(s)) for s in asking for reply in REPLIES if takes(s, reply)] == []


@every_flow
def test_a_flow_that_is_over_takes_nothing(flow: str) -> None:
    over = [state for state in walk(flow).all if isinstance(state, Terminal)]
    assert over
    assert [short(type(s)) for s in over for event in EVENTS if takes(s, event)] == []


def test_every_answer_has_a_prompt_and_every_event_a_state() -> None:
    used = {type(event) for flow in FLOWS for _, event, _ in walk(flow).steps}
    assert {kind for prompt in prompts() for kind in g.answers(prompt)} == leaves(Answer)
    assert leaves(Answer) <= used
    assert leaves(Effect) - {AccountEffect, gx.RegistrationChange, *BY_ITSELF} == {
        kind for node in NODES.values() for kind in node.effects
    }


BY_ITSELF = {fx.MailAlert}
"""What no flow asks for, because the engine does it by itself."""


def leaves(kind: type[Event | Effect]) -> set[type]:
    """The classes below `kind` that csrdesk's flows define, without those of the kernel."""
    below: set[type] = set()
    for child in kind.__subclasses__():
        below |= leaves(child)
        if child.__module__.startswith("csrdesk.flows.") and (child.__module__ != "csrdesk.flows.kernel"):
            below.add(child)
    return below | ({Together} if kind is Effect else set())


def prompts() -> set[type[Prompt]]:
    return {kind for node in NODES.values() for kind in node.prompts}


@every_flow
def test_every_state_is_saved_and_read_back_as_it_was(flow: str) -> None:
    for state in walk(flow).all:
        saved = msgspec.json.encode(state)
        assert msgspec.json.decode(saved, type=FLOWS[flow].states) == state


@every_flow
def test_no_state_keeps_a_secret_nor_its_text(flow: str) -> None:
    secrets = [event for event in EVENTS if any(isinstance(value, Secret) for value in fields(event))]
    assert secrets
    typed = [v.reveal() for event in secrets for v in fields(event) if isinstance(v, Secret) and v.reveal()]
    for state, event, after in walk(flow).steps:
        saved = msgspec.json.encode(after).decode()
        if event in secrets:
            assert not any(f'"{text}"' in saved for text in typed), short(type(state))
    kept = {short(kind) for kind in NODES if holds(kind, Secret)}
    assert kept == set()


def fields(value: msgspec.Struct) -> list[object]:
    return [getattr(value, name) for name in value.__struct_fields__]


def holds(annotation: object, wanted: type, seen: frozenset[object] = frozenset()) -> bool:
    """Whether a value of that type can hold a `wanted`, however deep."""
    if annotation is wanted:
        return True
    if annotation in seen:
        return False
    inner = list(get_args(annotation)) if get_origin(annotation) else []
    if isinstance(annotation, types.UnionType):
        inner = list(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        inner = [kind for name, kind in get_type_hints(annotation).items() if name in annotation.__struct_fields__]
    return any(holds(part, wanted, seen | {annotation}) for part in inner)


SECTIONS = {
    "csr_main": {
        "Flow Configuration",
        "CSR Flow for Verification",
        "Check if some MFA device is registered for user and can be used",
        "User Account management",
        "Return Error",
    },
    "verify_user": {
        "Display Magic Link Form",
        "Create Challenge and Send Email",
        "Challenge Acceptance By The User",
        "Display Magic Link Polling And Check For Challenge Status",
        "Go To Success",
        "Challenge Expiration",
        "Return Success",
        "Return Error",
    },
    "password_reset": {
        "Display Magic Link Form",
        "Create Challenge and Send Email",
        "Challenge Acceptance By The User",
        "Display Magic Link Polling And Check For Challenge Status",
        "Go To Success",
        "Challenge Expiration",
        "Return Success",
        "Return Error",
    },
    "user_functions": {"Identify the CSR action", "User Functions", "Return Success", "Return Error"},
    "device_authentication": {
        "Gather Browser And Devices Data",
        "Filter and Mask Devices",
        "Check If MFA Enabled And Any Device Active",
        "Decide Authentication Path Based On MFA Policy",
        "Call Magic Link Authentication",
        "Device Selection",
        "Default Device Enrichment",
        "Handle TOTP, SMS, Voice, Mobile and Email OTP Authentication",
        "Handle FIDO2 Authentication",
        "Mobile Push Flow",
        "Mobile Passcode Flow",
        "Mobile App Timed Out",
        "Return Success",
        "Return Error",
    },
    "threat_detection": {"Threat Detection", "Return Success", "Return Error"},
    "account_recovery": {
        "Forgot Password Form",
        "PingOne Protect Threat Detection Analysis",
        "Send Recovery Code If Applicable",
        "Recovery Code Form",
        "Verify Password and Recovery Code",
        "Resend Recovery Code",
        "Update Password and Show Success Message",
        "Return Success",
        "Return Error",
    },
    "registration": {
        "Progressive Profiling",
        "PingOne Protect Threat Detection Analysis",
        "Create Account",
        "Accept Agreement and Verify Email",
        "Device Registration",
        "Set Password",
        "Verify Email",
        "Return Success",
        "Return Error",
    },
    "agreement": {"Agreement Form", "Return Success", "Return Error"},
    "approvals": {"Approvals"},
    "agents": {"Agents"},
    "hand_over": {"Hand over"},
    "magic_link": {
        "Display Magic Link Form",
        "Create Challenge and Send Email",
        "Challenge Acceptance By The User",
        "Display Magic Link Polling And Check For Challenge Status",
        "Go To Success",
        "Challenge Expiration",
        "Return Success",
        "Return Error",
    },
}
"""The titles that Ping's documentation gives a flow's sections, letter for letter."""
PARTS = {
    "csr_main": (
        "csr_main",
        "look_up",
        "device_check",
        "protective_disable",
        "account_management",
        "device_management",
        "second_agent",
        "recovery_invitation",
        "registration_invitation",
    ),
    "threat_detection": ("threat_detection",),
    "verify_user": ("verify_user", "challenge_acceptance", "risk_check"),
    "password_reset": ("password_reset", "new_password", "setting_password"),
    "user_functions": ("user_functions",),
    "device_authentication": (
        "device_authentication",
        "device_passcode",
        "device_passkey",
        "device_push",
        "device_page",
    ),
    "account_recovery": ("account_recovery", "recovery_code"),
    "registration": ("registration", "email_code", "new_account", "new_account_rest"),
    "agreement": ("agreement",),
    "magic_link": ("magic_link", "magic_link_page"),
    "approvals": ("approvals",),
    "agents": ("agents",),
    "hand_over": ("hand_over",),
}
"""The modules that make up a flow of the documentation."""


@pytest.mark.parametrize("flow", SECTIONS)
def test_every_section_of_the_documentation_has_its_states_and_no_other_is_there(flow: str) -> None:
    states = [node for name in PARTS[flow] for node in g.graph(UNIONS[name]).values()]
    assert {section for node in states for section in node.sections} == SECTIONS[flow]


NAMES: dict[type[msgspec.Struct], str] = {
    csr_main.CallOver: "errorMessage errorDetails",
    vu.Inputs: "p1UserId canChangeDevice p1MFAPolicyId allowedDeviceTypes companyLogo",
    vu.Outputs: "subflowResult errorMessage errorDetails",
    reset.Inputs: "p1UserId companyLogo",
    reset.Outputs: "subflowResult errorMessage errorDetails",
    uf.Inputs: "action identifier",
    uf.Outputs: "p1UserName p1Email p1emailVerified accountStatus pwdLastChange buttonLabel buttonValue responseData "
    "action identifier",
    uf.Refusal: "errorMessage errorDetails",
    da.Inputs: "p1UserId resendOtpLimit email p1MFAPolicyId allowedDeviceTypes otpFallbackAllowed magicLinkEnabled "
    "companyLogo cancelEnabled",
    da.Outputs: "subflowResult authMethod errorMessage errorDetails",
    td.Inputs: "userName flowType userID applicationID sessionID riskPolicyID customAttributes",
    td.Outputs: "protectRiskID protectRiskLevel ciam_protectPredictor ciam_protectDeviceStatus",
    ml.Inputs: "p1UserId canChangeDevice companyLogo",
    ml.Outputs: "subflowResult errorMessage errorDetails",
    ri.Inputs: "ciam_companyLogo",
    ri.Outputs: "ciam_pingOneUserId ciam_subflowResult ciam_authMethod ciam_errorMessage",
    ri.Variables: "ciam_logoStyle ciam_logoUrl ciam_companyName ciam_recoveryLimit ciam_protectPredictor "
    "ciam_protectDeviceStatus ciam_protectRiskLevel ciam_protectRiskID",
    gi.Inputs: "ciam_passwordlessRequired allowedDeviceTypes ciam_agreementEnabled ciam_agreementId ciam_companyLogo "
    "ciam_riskPolicyID",
    gi.Outputs: "ciam_subflowResult ciam_pingOneUserId ciam_authMethod ciam_errorMessage",
    gi.Variables: "ciam_passwordlessRequired ciam_logoStyle ciam_logoUrl ciam_companyName ciam_riskPolicyID "
    "ciam_protectPredictor ciam_protectDeviceStatus ciam_protectRiskID ciam_protectRiskLevel",
    ag.Inputs: "checkRequired pingOneUserId ciam_agreementId ciam_agreementEnabled ciam_companyLogo",
    dr.Inputs: "pingOneUserId email ciam_autoEnrollEmail allowCancel passwordlessRequired allowedDeviceTypes "
    "ciam_companyLogo",
    dr.Outputs: "ciam_authMethod ciam_subflowResult ciam_errorMessage",
}
OWN = {
    reset.Outputs: {"code", "candidates", "lines", "halfDone"},
    uf.Outputs: {"lines", "halfDone"},
    td.Inputs: {"externalID"},
    td.Outputs: {"errorMessage", "errorDetails"},
    uf.Refusal: {"code", "candidates"},
    ri.Outputs: {"end", "minutes", "signedOut"},
    gi.Outputs: {"end", "minutes"},
    ag.Inputs: {"languages"},
}
"""What csrdesk adds to Ping's outputs."""


@pytest.mark.parametrize(
    "struct", NAMES, ids=lambda struct: f"{struct.__module__.rpartition('.')[2]}.{struct.__name__}"
)
def test_inputs_and_outputs_have_pings_names(struct: type[msgspec.Struct]) -> None:
    assert {*NAMES[struct].split()} == {*struct.__struct_encode_fields__} - OWN.get(struct, set())


def test_required_inputs_are_those_that_ping_requires() -> None:
    required = {
        kind: {f.encode_name for f in msgspec.structs.fields(kind) if f.required}
        for kind in (vu.Inputs, da.Inputs, ml.Inputs, gi.Inputs)
    }
    assert required == {
        vu.Inputs: {"p1UserId", "canChangeDevice"},
        da.Inputs: {"p1UserId", "resendOtpLimit"},
        ml.Inputs: {"p1UserId", "canChangeDevice"},
        gi.Inputs: {"ciam_agreementId"},
    }


def test_account_variables_keep_pings_names() -> None:
    assert {"userAccountControl", "pwdLastSet"} <= {*DirectoryAccount.__struct_encode_fields__}


def changes_account(node: g.Node) -> bool:
    return any(issubclass(effect, AccountEffect) for effect in node.effects)


def test_r_30_no_path_around_the_verification_leads_to_an_account_effect_but_protective_disable() -> None:
    graph = g.graph(csr_main.CsrMainState)
    before = g.reachable(csr_main.ConfiguringFlow, graph, without=csr_main.Verifying)
    acting = {
        around[0] for around, node in g.expanded(csr_main.CsrMainState) if changes_account(node) and around[0] in before
    }
    assert csr_main.Managing not in before
    assert acting == {csr_main.Protecting}
    assert not any(changes_account(graph[state]) for state in before)


def test_r_30_a_verification_ends_with_its_customer() -> None:
    graph = g.graph(csr_main.CsrMainState)
    leaving = set(graph[csr_main.Managing].next) - {csr_main.Managing}
    assert leaving == {csr_main.LeavingCustomer, csr_main.EndingCall}
    assert graph[csr_main.LeavingCustomer].effects == (fx.EndVerification,)
    assert graph[csr_main.EndingCall].effects == (fx.EndCall,)


def test_r_30_before_verification_every_account_effect_only_closes_the_door() -> None:
    seen = set()
    for state in walk("csr_main").all:
        if isinstance(state, csr_main.Managing):
            continue
        for effect in effects(state):
            if isinstance(effect, AccountEffect):
                seen.add(type(effect))
                assert effect.act is Act.PROTECT
                assert effect.reason
                assert effect.ticket
                assert not getattr(effect, "enabled", False)
    assert seen == {fx.SetDirectoryEnabled, fx.SetPingOneEnabled, fx.EndSessions}


def test_r_30_every_act_asks_policy_before_it_reads_the_account() -> None:
    assert [effect for effect, *_ in together(uf.ReadingAccount)] == [fx.RequireProof]
    assert [effect for effect, *_ in together(uf.Permitting)] == [fx.RequireProof]
    entries = {node.state for around, node in g.expanded(uf.UserFunctionsState) if not around and changes_account(node)}
    leading = {state for state, node in NODES.items() if entries & set(node.next) and state not in entries}
    assert leading <= {uf.ReadingAccount, uf.LookingForSessions}
    assert {state for state, node in NODES.items() if uf.LookingForSessions in node.next} == {uf.ReadingAccount}


def together(state: type[State]) -> list[tuple[type[Effect], ...]]:
    return [tuple(kind for kind in NODES[state].effects if kind is not Together)]


def effects(state: State) -> tuple[Effect, ...]:
    """What a state wants of the world, taken apart."""
    want = state.want()
    if not isinstance(want, Do | Poll):
        return ()
    return want.effect.effects if isinstance(want.effect, Together) else (want.effect,)


def test_reading_an_account_never_writes() -> None:
    reading = [state for state in walk("csr_main").all if isinstance(list(inside(state))[-1], am.ReadingAccount)]
    assert reading
    assert not any(isinstance(effect, AccountEffect) for state in reading for effect in effects(state))


ASKED = {
    da2.ApprovalGiven: {"approval_id", "reason"},
    da2.ApprovalDenied: {"approval_id", "reason"},
    da2.SignInEndChosen: {"agent_id", "reason"},
    ha.CallOffered: {"agent_id", "note"},
    ha.CallAccepted: {"hand_over_id"},
    ha.CallDeclined: {"hand_over_id", "reason"},
    a.UsernameGiven: {"identifier", "ticket"},
    a.UserChosen: {"user_id"},
    a.ExceptionAsked: {"reason", "ticket"},
    a.Confirmed: {"reason", "ticket", "ends"},
    a.CodeGiven: {"code"},
    a.NotMeAnswered: {"choice"},
    a.BrowserChecked: {"webauthn"},
    a.DeviceChosen: {"device_id"},
    a.PasscodeGiven: {"passcode"},
    a.PasscodeHeard: {"passcode"},
    a.AssertionGiven: {"assertion"},
    a.BlockDeviceChosen: {"device_id"},
    a.UnblockDeviceChosen: {"device_id"},
    a.UnlockDeviceChosen: {"device_id"},
    a.RenameDeviceChosen: {"device_id", "nickname"},
    a.DefaultDeviceChosen: {"device_id"},
    a.RemoveDeviceChosen: {"device_id"},
    a.PasskeyFailed: {"reason"},
    a.NewPasswordTyped: {"password", "again", "sign_out_elsewhere"},
    pua.EmailGiven: {"email"},
    pua.RecoveryTyped: {"code", "password", "again"},
    ra.RegisterEmailGiven: {"email", "languages"},
    ra.NamesGiven: {"given_name", "family_name"},
    ra.FirstPasswordTyped: {"password", "again"},
    pra.DeviceTypeChosen: {"device_type", "webauthn"},
    pra.NumberGiven: {"country", "number"},
    pra.AttestationGiven: {"attestation"},
    pra.NewPasskeyFailed: {"reason"},
    pra.NicknameGiven: {"nickname"},
}
"""All that anybody can be asked for: whom, why, codes that were sent or said, what a key signs, choices, and a new
password.
Nothing that they know.
"""


def test_r_33_no_prompt_asks_a_knowledge_question() -> None:
    asked = {kind: set(kind.__struct_fields__) for prompt in prompts() for kind in g.answers(prompt)}
    assert {kind: names for kind, names in asked.items() if names} == ASKED


def test_r_33_the_customer_types_only_codes_and_a_new_password() -> None:
    typed = {
        (kind, name)
        for prompt in prompts()
        if prompt.audience is Audience.CUSTOMER
        for kind in g.answers(prompt)
        for name, annotation in get_type_hints(kind).items()
        if name in kind.__struct_fields__ and get_origin(annotation) not in (Literal, Union)
    }
    by_script = {"webauthn", "assertion", "attestation", "languages"}
    chosen = {"device_id", "device_type", "country"}
    # Of somebody who has no account yet; nothing of it is ever asked to prove who they are.
    of_new_accounts = {"given_name", "family_name", "number", "nickname"}
    codes_and_passwords = {"email", "code", "passcode", "password", "again"}
    assert {name for _, name in typed} == codes_and_passwords | by_script | chosen | of_new_accounts


def test_r_35_nothing_that_an_agent_is_asked_or_shown_has_a_place_for_a_password() -> None:
    theirs = {kind for kind in prompts() if kind.audience is Audience.AGENT}
    assert pp.WaitingForNewPasswordPrompt in theirs
    for kind in theirs:
        assert not holds(kind, Secret), kind
        # A call-back's passcode counts once, for that call alone, and opens nothing that a password would.
        secret = {answer for answer in g.answers(kind) if holds(answer, Secret)}
        assert secret == ({a.PasscodeHeard} if kind is tp.HeardPrompt else set()), kind
    assert not any(holds(outcome, Secret) for node in NODES.values() for outcome in node.outcomes)
    assert not any(holds(flow.inputs, Secret) for flow in FLOWS.values())
    taking = {kind for kind in prompts() if any(answer is a.NewPasswordTyped for answer in g.answers(kind))}
    assert taking == {pp.NewPasswordPrompt}
    assert pp.NewPasswordPrompt.audience is Audience.CUSTOMER


def test_r_35_no_effect_and_no_reply_carries_a_password() -> None:
    assert not any(holds(effect, Secret) for effect in leaves(Effect) - {Together})
    # An app's key goes from PingOne to the page that shows it, in memory alone.
    assert {reply for reply in below(Reply) if holds(reply, Secret)} == {prr.DevicePaired}


def below(kind: type[Reply]) -> set[type[Reply]]:
    return {found for child in kind.__subclasses__() for found in (child, *below(child))}


def test_r_30_a_password_is_set_on_the_customers_page_alone() -> None:
    setting = {short(state) for state, node in NODES.items() if {*node.effects} & PASSWORDS}
    assert setting == {"setting_password.SettingInDirectory", "setting_password.SettingInPingOne"}
    around = {short(state) for state, node in NODES.items() if sp.SettingInDirectory in node.sub}
    assert around == {"new_password.SettingPassword"}


def test_r_30_a_page_that_nobody_was_verified_for_recovers_its_own_account_and_else_only_closes_the_door() -> None:
    seen = set()
    for state in walk("account_recovery").all:
        for effect in effects(state):
            if isinstance(effect, AccountEffect):
                seen.add((type(effect), effect.act))
                assert not getattr(effect, "enabled", False)
    assert seen == {
        (rfx.RecoverPassword, Act.RECOVER),
        (fx.EndSessions, Act.RECOVER),
        (fx.EndSessions, Act.RISK),
        (fx.SetPingOneEnabled, Act.RISK),
    }
    recovering = {short(state) for state, node in NODES.items() if rfx.RecoverPassword in node.effects}
    assert recovering == {"recovery_code.UpdatingPassword"}


PASSWORDS: set[type[Effect]] = {pfx.SetDirectoryPassword, pfx.SetPingOnePassword}


def test_every_prompt_belongs_to_one_audience() -> None:
    agents = {kind for name in PARTS["csr_main"] for node in g.graph(UNIONS[name]).values() for kind in node.prompts}
    assert {kind for kind in prompts() if kind.audience is Audience.CUSTOMER} == {
        kind for kind in prompts() if issubclass(kind, p.CustomerPrompt | pub.PublicPrompt)
    }
    assert all(kind.audience is Audience.AGENT for kind in agents)
