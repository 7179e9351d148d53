"""A flow as one person may see it: the prompts of their own side alone, and words for what goes on meanwhile."""

from __future__ import annotations

from csrdesk.engine.codes import call_code, spoken_code
from csrdesk.engine.flow_rows import Running
from csrdesk.flows import desk_effects as ex
from csrdesk.flows import device_effects as dx
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import hand_over_effects as hx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import try_effects as te
from csrdesk.flows.device_prompts import MagicLinkSentPrompt
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Ask, Audience, Do, Done, Effect, Poll, Prompt, Together, Want
from csrdesk.flows.prompts import PollingPrompt
from csrdesk.flows.spoken_effects import OpenAddress
from csrdesk.flows.spoken_prompts import SpokenAddressPrompt
from csrdesk.model.link import LinkStage
from csrdesk.model.secret import Secret

_WORDS: dict[type[Effect], str] = {
    fx.FindUser: "Looking the caller up",
    fx.ReadDevices: "Reading the caller's devices",
    fx.ReadProtection: "Checking whether the account is protected",
    fx.ReadAccount: "Reading the account",
    fx.RequireProof: "Reading the account",
    fx.SendMagicLink: "Sending the link",
    OpenAddress: "Making a code to say",
    fx.SetPingOneEnabled: "Changing the account in PingOne",
    fx.SetDirectoryEnabled: "Changing the account in AD",
    fx.UnlockDirectory: "Unlocking the account in AD",
    fx.UnlockPingOne: "Unlocking the account in PingOne",
    fx.UnlockPassword: "Unlocking the password in PingOne",
    de.SetDirectoryExpiry: "Setting the account's last day in AD",
    de.DemandPasswordChange: "Letting AD ask for another password",
    fx.AwaitNotice: "Done. The mail server did not take the mail to the customer; trying again",
    fx.EndSessions: "Ending the sessions",
    pfx.OpenPasswordPage: "Opening the customer's page",
    pfx.ReadReset: "Reading what came of it",
    fx.StartWindow: "Starting the verified window",
    fx.StartDeviceAuthentication: "Sending the request to the phone",
    dx.CancelPush: "Taking the request back",
    te.RingNumber: "Asking PingOne to ring the number on record",
    te.CheckHeard: "Checking the passcode",
    fx.EndCall: "Ending the call",
    ex.RequestApproval: "Asking the other agents",
    ex.RequestException: "Asking the leads",
    ex.WithdrawApproval: "Asking no more",
    ex.ReadApprovals: "Reading what other agents wait for",
    ex.DecideApproval: "Answering the other agent",
    hx.ReadColleagues: "Reading who is signed in",
    hx.OfferCall: "Offering the call",
    hx.WithdrawHandOver: "Taking the offer back",
    hx.AnswerHandOver: "Answering the other agent",
    ex.ReadAgents: "Reading who is signed in",
    ex.EndSignIn: "Ending the sign-in",
}
_OTHERWISE = "Working"
FOR_CUSTOMERS = "One moment"
WAITING_FOR_CUSTOMER = "Waiting for the customer"


def prompt_for(want: Want, audience: Audience) -> Prompt | None:
    """What the flow asks this side now, None where it asks nobody or the other side."""
    match want:
        case Ask(prompt) | Poll(prompt, _) if prompt.audience is audience:
            return prompt
        case _:
            return None


def is_settled(running: Running) -> bool:
    """Whether the flow asks somebody or is over."""
    return not isinstance(running.want, Do)


def agent_view(running: Running, key: bytes, trouble: str = "") -> View:
    """For the agent who owns the call, and nobody else: it may hold the code to say aloud."""
    prompt = prompt_for(running.want, Audience.AGENT)
    code = None
    if isinstance(prompt, PollingPrompt) and prompt.link.stage is LinkStage.SENT:
        derive = call_code if isinstance(prompt, SpokenAddressPrompt) else spoken_code
        code = Secret(derive(key, prompt.link.id, prompt.link.attempt))
    return View(
        id=running.id,
        flow=running.name,
        rev=running.rev,
        prompt=prompt,
        outcome=running.want.outcome if isinstance(running.want, Done) else None,
        working=_working(running.want, prompt),
        trouble=trouble,
        spoken_code=code,
    )


def customer_view(running: Running, key: bytes | None = None) -> View:
    """For the customer's page; with the desk's `key` it may hold the code that the browser it is bound to shows."""
    prompt = prompt_for(running.want, Audience.CUSTOMER)
    code = None
    if key and isinstance(prompt, MagicLinkSentPrompt) and prompt.link.stage is LinkStage.SENT:
        code = Secret(spoken_code(key, prompt.link.id, prompt.link.attempt))
    outcome = running.want.outcome if isinstance(running.want, Done) else None
    working = "" if prompt or outcome else FOR_CUSTOMERS
    return View(running.id, running.name, running.rev, prompt, outcome, working, spoken_code=code)


def _working(want: Want, prompt: Prompt | None) -> str:
    match want:
        case Do(Together(effects=(first, *_))) | Do(first):
            return _WORDS.get(type(first), _OTHERWISE)
        case Ask() | Poll() if prompt is None:
            return WAITING_FOR_CUSTOMER
        case _:
            return ""
