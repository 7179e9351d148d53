"""A call in words, for the list of calls: pure functions of what is known of it."""

from __future__ import annotations

from datetime import datetime

from csrdesk.console.call import Call
from csrdesk.flows import desk_prompts as kp
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.doors import CallSummary, View
from csrdesk.model.link import LinkStage
from csrdesk.screens.call_line import CallLine

_STATES: dict[type[object], str] = {
    p.UsernamePrompt: "look-up",
    p.SeveralFoundPrompt: "several found",
    p.CardPrompt: "not verified",
    p.UnverifiableCardPrompt: "cannot be verified now",
    p.ProtectedPrompt: "protected account",
    p.CannotVerifyPrompt: "cannot be verified",
    p.RecoveryWatchPrompt: "recovers the account",
    p.RegistrationWatchPrompt: "makes an account",
    p.MagicLinkFormPrompt: "no link is open",
    sp.AddressFormPrompt: "no code is open",
    tp.PhonesPrompt: "no phone is reached",
    tp.AgentPushPrompt: "waiting for the phone",
    tp.HeardPrompt: "the phone rings",
    xp.ExceptionPrompt: "no lead is asked",
    xp.AwaitingLeadPrompt: "waiting for a lead",
    p.AccountPrompt: "verified",
    dp.DevicesPrompt: "verified, at their devices",
    p.ConfirmPrompt: "asks you to confirm",
    pp.WaitingForNewPasswordPrompt: "waiting for a new password",
    p.NoticePrompt: "has a result for you",
    kp.SecondAgentPrompt: "waiting for a second agent",
    kp.ApprovalsPrompt: "what other agents wait for",
    kp.AgentsPrompt: "who signed in",
    hp.HandOverPrompt: "to be handed over",
    hp.OfferedPrompt: "offered to a colleague",
    p.ErrorPrompt: "an error to look at",
}
_STAGES = {
    LinkStage.SENDING: "sending the link",
    LinkStage.SENT: "link sent, waiting for the code",
    LinkStage.CODE_RIGHT: "code right, proving a device",
    LinkStage.DEVICE_PASSED: "device passed",
    LinkStage.APPROVED: "approved",
}


def line_of(call: Call, *, current: bool) -> CallLine:
    """A call of this console."""
    view = call.newest
    person, ticket = getattr(view.prompt, "person", None), getattr(view.prompt, "ticket", "")
    return CallLine(
        place=call.mode,
        customer=person.name if person else getattr(view.prompt, "name", ""),
        state=_state(view),
        until=_until(view) or call.verified_until,
        ticket=ticket,
        current=current,
        needs_agent=call.needs_agent,
    )


def elsewhere(call: CallSummary) -> CallLine:
    """An open call of the agent, or a single act of theirs, that this console does not have yet."""
    # The clock stands beside it.
    state = "verified" if call.verified_until else call.stage
    if not call.left:
        state = f"{state}, in another console"
    elif call.unknown:
        state = "take up: an act is unknown"
    else:
        state = f"take up: {state}"
    return CallLine(call.id, call.customer, state, call.verified_until, call.ticket, needs_agent=call.unknown > 0)


def _state(view: View) -> str:
    if view.outcome is not None:
        return "over"
    if isinstance(view.prompt, p.PollingPrompt):
        spoken = isinstance(view.prompt, sp.SpokenAddressPrompt) and view.prompt.link.stage is LinkStage.SENT
        return "waiting for the code" if spoken else _STAGES.get(view.prompt.link.stage, "it is over")
    return _STATES.get(type(view.prompt), view.working or "one moment")


def _until(view: View) -> datetime | None:
    match view.prompt:
        case p.PollingPrompt(link=link):
            return link.page_until or link.expires_at
        case kp.SecondAgentPrompt(approval=approval) | xp.AwaitingLeadPrompt(approval=approval):
            return approval.until
        case tp.AgentPushPrompt():
            return view.prompt.ends_at
        case tp.HeardPrompt(link=link):
            return link.expires_at
        case pp.WaitingForNewPasswordPrompt(link=link):
            return link.page_until
        case p.AccountPrompt() | dp.DevicesPrompt() | p.ConfirmPrompt() | p.NoticePrompt():
            return view.prompt.verified_until
        case _:
            return None
