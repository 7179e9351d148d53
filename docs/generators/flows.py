"""One page a flow: its sections, inputs and outputs, its diagram and transitions, and what it asks of whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from csrdesk.flows import account_management as am
from csrdesk.flows import account_recovery as ar
from csrdesk.flows import agents as ag2
from csrdesk.flows import agreement as ag
from csrdesk.flows import approvals as ap
from csrdesk.flows import by_exception as be
from csrdesk.flows import call_back as cb
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import csr_main as cm
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_check as dc
from csrdesk.flows import device_management as dm
from csrdesk.flows import device_page, magic_link_page
from csrdesk.flows import device_pairing as pair
from csrdesk.flows import device_passcode as pc
from csrdesk.flows import device_passkey as pk
from csrdesk.flows import device_push as ph
from csrdesk.flows import device_registration as dr
from csrdesk.flows import email_code as ec
from csrdesk.flows import hand_over as ho
from csrdesk.flows import look_up as lu
from csrdesk.flows import magic_link as ml
from csrdesk.flows import new_account as na
from csrdesk.flows import new_account_rest as nr
from csrdesk.flows import new_password as np
from csrdesk.flows import password_reset as reset
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import push_by_agent as pa
from csrdesk.flows import recovery_code as rc
from csrdesk.flows import recovery_inputs as ri
from csrdesk.flows import recovery_invitation as inv
from csrdesk.flows import registration as rg
from csrdesk.flows import registration_inputs as gi
from csrdesk.flows import registration_invitation as inr
from csrdesk.flows import risk_check as rk
from csrdesk.flows import second_agent as sa2
from csrdesk.flows import setting_password as sp
from csrdesk.flows import spoken_address as sa
from csrdesk.flows import threat_detection as td
from csrdesk.flows import user_functions as uf
from csrdesk.flows import verify_user as vu
from csrdesk.flows import verify_without_link as vw
from csrdesk.flows import way_ends as ends
from csrdesk.flows.graph import Graph, Node, answers, graph
from csrdesk.flows.kernel import Ask, Do, Done, Poll, State, Together
from docs.generators._fields import notes, types


class Part(msgspec.Struct, frozen=True):
    """One module of states: a flow, or a piece of one that runs inside it."""

    name: str
    states: object
    says: str


class Flow(msgspec.Struct, frozen=True):
    """One flow of the documentation, and the modules that it is made of."""

    page: str
    title: str
    says: str
    parts: tuple[Part, ...]
    inputs: type[msgspec.Struct] | None
    outputs: tuple[type[msgspec.Struct], ...]


LOOK_UP = Part("look_up", lu.LookUpState, "An identifier chooses an account; it proves nobody.")
CHECK = Part(
    "device_check",
    dc.DeviceCheckState,
    "Which devices are registered, whether anybody may act on the account at all, and which way to verify is taken.",
)
PROTECT = Part(
    "protective_disable",
    pd.ProtectiveDisableState,
    "The one change of an account that needs no proof, because it only takes access away.",
)
MANAGEMENT = Part(
    "account_management",
    am.AccountManagementState,
    "What can be done once the caller is verified, until the window ends.",
)
MANAGING_DEVICES = Part(
    "device_management",
    dm.DeviceManagementState,
    "Changing one of the caller's devices, which takes another strong one.",
)
SECOND_AGENT = Part(
    "second_agent",
    sa2.SecondAgentState,
    "An act of `desk.second_agent_for` waits here until another agent approves it.",
)
APPROVALS = Part("approvals", ap.ApprovalsState, "What other agents wait for, and the answer to it.")
HAND_OVER = Part("hand_over", ho.HandOverState, "To whom, with which words, and what they answered.")
WHO = Part("agents", ag2.AgentsState, "Who signed in at the desk, and the end of a sign-in by a lead.")
MAIN = Part("csr_main", cm.CsrMainState, "The agent's call from the first question to its end.")
AGENTS = Part("verify_user", vu.VerifyUserState, "The agent's side: send, say the code, watch.")
CUSTOMERS = Part(
    "challenge_acceptance",
    ca.ChallengeAcceptanceState,
    "The customer's side, an instance of its own: the two are joined by the link's row alone.",
)
SPOKEN_ADDRESS = Part(
    "spoken_address",
    sa.SpokenAddressState,
    "The agent's side: say address and code, watch. The customer's is [challenge_acceptance](verify-user.md"
    "#challenge_acceptance), where a strong device is asked for, and nothing less.",
)
FUNCTIONS = Part(
    "user_functions",
    uf.UserFunctionsState,
    "Begins at `ReadingAccount` where it runs inside a call, and at `IdentifyingAction` for a script.",
)
RESET = Part(
    "password_reset",
    reset.PasswordResetState,
    "The agent's side: open the page, watch, say the result. Begins at `ReadingAuthority` where it runs inside a call.",
)
NEW_PASSWORD = Part(
    "new_password",
    np.NewPasswordState,
    "The customer's side, an instance of its own: the page where the new password is typed, twice.",
)
SETTING = Part(
    "setting_password",
    sp.SettingPasswordState,
    "What is done with a password that was typed just now; it is in memory only, and each state is its stand-in.",
)
DEVICES = Part(
    "device_authentication", da.DeviceAuthenticationState, "Runs in the customer's page after the right code."
)
PASSCODE = Part("device_passcode", pc.PasscodeState, "A passcode that PingOne sent, or that an app shows.")
PASSKEY = Part("device_passkey", pk.PasskeyState, "The page's browser signs PingOne's challenge with a passkey.")
RECOVERY = Part(
    "account_recovery",
    ar.AccountRecoveryState,
    "The address, what Protect makes of the visit, and the ends. Threat Detection runs in `AnalysingThreat`, beside the"
    " look-up.",
)
RECOVERY_CODE = Part(
    "recovery_code",
    rc.RecoveryCodeState,
    "The code goes out, and comes back with a new password. Without a person the same states are passed in the same"
    " time.",
)
REGISTRATION = Part(
    "registration",
    rg.RegistrationState,
    "The address, what Protect makes of the visit, and the ends. Threat Detection runs in `AnalysingThreat`, beside the"
    " look-up.",
)
EMAIL_CODE = Part(
    "email_code",
    ec.EmailCodeState,
    "The passcode goes out and comes back. Where somebody has the address, the same states are passed in the same time,"
    " and its owner is told.",
)
NEW_ACCOUNT = Part("new_account", na.NewAccountState, "Names, a password or none, and the account itself.")
REST = Part(
    "new_account_rest",
    nr.NewAccountRestState,
    "What belongs to the account that is there. Whatever fails, a retry goes on from it, and nothing is made twice.",
)
REGISTERING = Part(
    "device_registration", dr.DeviceRegistrationState, "What can be registered, and MFA switched on in the end."
)
PAIRING = Part("device_pairing", pair.DevicePairingState, "One device: begun, proved by what it shows, named.")
AGREEMENT = Part("agreement", ag.AgreementState, "The terms in the customer's language, and who accepted which text.")
PUSH = Part("device_push", ph.PushState, "A question in the app, by number where the policy has it so.")
BY_ITSELF = Part(
    "device_page",
    device_page.DevicePageState,
    "The flow as a page of its own, for somebody whom another flow has identified: it begins at `GatheringDevices`, and"
    " no agent is on the other side.",
)
NO_LINK = Part(
    "verify_without_link",
    vw.VerifyWithoutLinkState,
    "Begins at `ChoosingPhone` for a push and at `OpeningTry` for a call-back; each reaching of a phone is a try.",
)
AGENTS_PUSH = Part("push_by_agent", pa.PushByAgentState, "The push that the agent leads, with a number to say.")
CALL_BACK = Part("call_back", cb.CallBackState, "PingOne rings the number on record and says a passcode.")
EXCEPTION = Part(
    "by_exception",
    be.ByExceptionState,
    "A lead is asked; what waits for their answer is [approvals](approvals.md), in their own console.",
)
THREATS = Part("threat_detection", td.ThreatDetectionState, "One question to PingOne Protect, and what it answers.")
RISK = Part(
    "risk_check",
    rk.RiskCheckState,
    "Between the right code and the device, where settings want it. Threat Detection runs in `Analysing`.",
)
INVITING = Part(
    "recovery_invitation",
    inv.RecoveryInvitationState,
    "Account recovery that the agent starts: the caller is mailed the way in, and the agent looks on.",
)
INVITING_NEW = Part(
    "registration_invitation",
    inr.RegistrationInvitationState,
    "An invitation to register, where nobody is found: the address is mailed the way in, and the agent looks on.",
)
ASKING = Part("magic_link", ml.MagicLinkState, "In the page that asks: send, show the code, watch the link.")
OPENED = Part(
    "magic_link_page",
    magic_link_page.MagicLinkPageState,
    "The page that the link opens, an instance of its own: the two are joined by the link's row alone.",
)
FLOWS = (
    Flow(
        "csr-main",
        "Healthcare - CSR Help Desk - Main Flow",
        "The agent's flow: look a caller up, verify them, act on the account. It loops until the agent ends the call.",
        (MAIN, LOOK_UP, CHECK, INVITING, INVITING_NEW, PROTECT, MANAGEMENT, MANAGING_DEVICES, SECOND_AGENT),
        None,
        (cm.CallOver,),
    ),
    Flow(
        "verify-user",
        "Verify User Magic Link Authentication",
        "A link by mail, a code by voice, and a registered device: only then is a caller verified.",
        (AGENTS, CUSTOMERS, RISK),
        vu.Inputs,
        (vu.Outputs,),
    ),
    Flow(
        "spoken-address",
        "Spoken address",
        "For callers whom no mail reaches: a short address and a code by voice, and a strong device in any browser. Not"
        " one of Ping's flows.",
        (SPOKEN_ADDRESS,),
        None,
        (ends.WayOver,),
    ),
    Flow(
        "without-link",
        "Push led by the agent, and call-back",
        "For callers who have the phone and no mail. Neither is one of Ping's flows.",
        (NO_LINK, AGENTS_PUSH, CALL_BACK),
        None,
        (ends.WayOver,),
    ),
    Flow(
        "exception",
        "Exception",
        "For callers who can show nothing, where settings allow it: a lead lets some acts be done all the same. Not one"
        " of Ping's flows.",
        (EXCEPTION,),
        None,
        (ends.WayOver,),
    ),
    Flow(
        "user-functions",
        "Active Directory - User Functions API",
        "Read, disable, enable and unlock one account in both directories, and read back what was written.",
        (FUNCTIONS,),
        uf.Inputs,
        (uf.Outputs, uf.Refusal),
    ),
    Flow(
        "password-reset",
        "Password reset Magic Link",
        "A verified caller chooses a new password, in the page that verified them or by a link of its own.",
        (RESET, NEW_PASSWORD, SETTING),
        reset.Inputs,
        (reset.Outputs,),
    ),
    Flow(
        "device-authentication",
        "Device Authentication",
        "Somebody shows a device that they hold: a passkey, the app on their phone, or a passcode.",
        (DEVICES, PASSCODE, PASSKEY, PUSH, BY_ITSELF),
        da.Inputs,
        (da.Outputs,),
    ),
    Flow(
        "magic-link",
        "Magic Link Authentication",
        "In place of a device: a link to the person's own address. Its page asks for a code, which stands on the page"
        " that sent it. Device Authentication calls this flow; it is never a caller's second factor.",
        (ASKING, OPENED),
        ml.Inputs,
        (ml.Outputs,),
    ),
    Flow(
        "account-recovery",
        "CIAM-Passwordless-Protect-Account-Recovery-Subflow",
        "A customer who forgot their password chooses a new one by themselves, without a call and without an agent.",
        (RECOVERY, RECOVERY_CODE),
        ri.Inputs,
        (ri.Outputs,),
    ),
    Flow(
        "registration",
        "CIAM-Passwordless-Protect-Account-Registration-Subflow",
        "A customer makes an account by themselves, without a call and without an agent.",
        (REGISTRATION, EMAIL_CODE, NEW_ACCOUNT, REST),
        gi.Inputs,
        (gi.Outputs,),
    ),
    Flow(
        "device-registration",
        "Device Registration",
        "Who was just registered adds a device: a passkey, an authenticator app, or a number. Registration calls this"
        " flow.",
        (REGISTERING, PAIRING),
        dr.Inputs,
        (dr.Outputs,),
    ),
    Flow(
        "agreement",
        "Agreement (Terms of Service)",
        "The customer accepts an agreement of PingOne's. Registration calls this flow.",
        (AGREEMENT,),
        ag.Inputs,
        (ag.Outputs,),
    ),
    Flow(
        "threat-detection",
        "Threat Detection",
        "PingOne Protect judges a visit by its address and browser. Runs inside the flows whose page a customer visits."
        " Ping's inputs `skriskcomponent`, `ipAddress` (required), `userAgent` and `usercookie` are no fields here:"
        " what the page's browser is lives in memory alone, and the API has no place for a cookie.",
        (THREATS,),
        td.Inputs,
        (td.Outputs,),
    ),
    Flow(
        "approvals",
        "Approvals",
        "The second agent's side of an act that settings let nobody do alone. Not one of Ping's flows.",
        (APPROVALS,),
        None,
        (ap.Looked, ap.TookOver),
    ),
    Flow(
        "agents",
        "Agents",
        "What a lead sees and ends where agents sign in. Not one of Ping's flows.",
        (WHO,),
        None,
        (ag2.Looked,),
    ),
    Flow(
        "hand-over",
        "Hand over",
        "A call goes to another agent, its caller on the line. The other agent's side is [approvals](approvals.md)."
        " Not one of Ping's flows.",
        (HAND_OVER,),
        ho.Start,
        (ho.HandedOver, ho.Kept),
    ),
)
PAGE_OF: Mapping[type[State], tuple[str, str]] = {
    state: (flow.page, part.name)
    for flow in reversed(FLOWS)
    for part in reversed(flow.parts)
    for state in graph(part.states)
}
"""Where each state is described first: page and part. Some ends belong to several."""


def pages() -> dict[str, str]:
    return {"flows/index.md": index(), **{f"flows/{flow.page}.md": page(flow) for flow in FLOWS}}


def index() -> str:
    rows = [f"| [{flow.title}]({flow.page}.md) | {flow.says} |" for flow in FLOWS]
    head = (
        "# Flows\n\nWhat may happen in a call, drawn from the code. Titles, sections, inputs and outputs have the names"
        " of Ping's documentation. One state is one node of a diagram; it says what it needs next: an answer, something"
        " of the world, or nothing more.\n\n| flow | |\n|---|---|\n"
    )
    return head + "\n".join(rows)


def page(flow: Flow) -> str:
    lines = [f"# {flow.title}", "", flow.says, "", "## Sections", "", *sections(flow), "", "## Inputs", ""]
    lines += fields(flow.inputs, required=True) if flow.inputs else ["None."]
    lines += ["", "## Outputs", ""]
    for outcome in flow.outputs:
        lines += [" ".join((outcome.__doc__ or "").split()), "", *fields(outcome, required=False), ""]
    for part in flow.parts:
        lines += [f"## {part.name}", "", part.says, "", *diagram(graph(part.states)), ""]
        lines += [*transitions(graph(part.states), flow.page), ""]
    return "\n".join([*lines, "## Prompts", "", *prompts(flow)])


def sections(flow: Flow) -> Iterator[str]:
    """Which states each section of the documentation has become."""
    found: dict[str, list[str]] = {}
    for part in flow.parts:
        for state, node in graph(part.states).items():
            for section in node.sections:
                found.setdefault(section, []).append(f"`{state.__name__}`")
    yield from ("| section | states |", "|---|---|")
    yield from (f"| {section} | {', '.join(dict.fromkeys(names))} |" for section, names in found.items())


def fields(kind: type[msgspec.Struct], *, required: bool) -> Iterator[str]:
    meaning, values = notes(kind), types(kind)
    yield from ("| name | value | |", "|---|---|---|")
    for field in msgspec.structs.fields(kind):
        must = "Required. " if required and field.required else ""
        yield f"| `{field.encode_name}` | {values[field.name]} | {must}{meaning.get(field.name, '')} |"


def diagram(states: Graph) -> Iterator[str]:
    """The states and where each can lead; what leads back to itself is left to the table."""
    first = next(iter(states))
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {first.__name__}")
    for state, node in states.items():
        yield from (f"    {state.__name__} --> {after.__name__}" for after in node.next if after is not state)
        if Done.__name__ in node.wants:
            yield f"    {state.__name__} --> [*]"
    yield "```"


def transitions(states: Graph, here: str) -> Iterator[str]:
    yield from ("| state | wants | next |", "|---|---|---|")
    for state, node in states.items():
        after = ", ".join(f"`{kind.__name__}`" for kind in node.next) or "the end"
        yield f"| `{state.__name__}` | {wants(node, here)} | {after} |"


def wants(node: Node, here: str) -> str:
    """What a state needs, in words."""
    if node.sub:
        parts = dict.fromkeys(PAGE_OF[state] for state in node.sub)
        runs = (f"[{part}]({'' if where == here else where + '.md'}#{part})" for where, part in parts)
        return f"what {' or '.join(runs)} wants, which runs inside"
    prompts = ", ".join(f"`{kind.__name__}`" for kind in node.prompts)
    effects = " and ".join(f"`{kind.__name__}`" for kind in node.effects if kind is not Together)
    effects += " at the same time" if Together in node.effects else ""
    words = {
        Ask.__name__: f"an answer to {prompts}",
        Do.__name__: effects,
        Poll.__name__: f"{effects}, or an answer to {prompts}",
        Done.__name__: "nothing more",
    }
    return words[node.wants[0]]


def prompts(flow: Flow) -> Iterator[str]:
    """What is asked of whom, and what may be answered."""
    kinds = {kind: None for part in flow.parts for node in graph(part.states).values() for kind in node.prompts}
    if not kinds:
        yield "None: it asks nobody."
        return
    yield from ("| prompt | asked of the | answers |", "|---|---|---|")
    for kind in kinds:
        taken = ", ".join(f"`{answer.__name__}`" for answer in answers(kind))
        yield f"| `{kind.__name__}` | {kind.audience.value} | {taken} |"
