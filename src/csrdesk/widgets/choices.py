"""What each answer is called and which key gives it: the one table for bindings, choice lines, help and palette."""

from __future__ import annotations

from typing import Protocol, get_args, runtime_checkable

import msgspec

from csrdesk.config.keys import KeySettings
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows.kernel import Answer, Prompt


class Choice(msgspec.Struct, frozen=True):
    """One answer as an agent meets it."""

    answer: type[Answer]
    key: str
    """The name in `KeySettings` of the key outside text fields; or Enter or Esc itself."""
    label: str
    help: str
    form_key: str = ""
    """The name of the key that works inside a text field, too; empty where `key` does."""


class Offer(msgspec.Struct, frozen=True):
    """Something that can be chosen on a screen now: an answer, or what the console itself can do."""

    key: str
    label: str
    help: str
    action: str
    """A Textual action of the screen."""


@runtime_checkable
class Offering(Protocol):
    """A screen that says what can be chosen on it now."""

    def offers(self) -> list[Offer]: ...


CHOICES: tuple[Choice, ...] = (
    Choice(a.UsernameGiven, "enter", "Look up", "find the caller's account"),
    Choice(a.InviteChosen, "invite", "Invite", "mail that address the way to make an account"),
    Choice(a.UserChosen, "enter", "Choose", "this one (arrow keys, or type its number first)"),
    Choice(a.MagicLinkChosen, "link", "Magic link", "the caller opens a link and types a code that you say"),
    Choice(a.SpokenAddressChosen, "spoken_address", "Address", "say an address and a code; a strong device follows"),
    Choice(a.OpenAddressChosen, "send", "Open", "make a code to say now; an older one ends"),
    Choice(a.PushChosen, "push", "Push", "the caller finds the number that you say in the app on their phone"),
    Choice(a.CallBackChosen, "call_back", "Call-back", "PingOne rings the number on record: a weak proof"),
    Choice(a.ExceptionChosen, "exception", "Exception", "nothing to show: a lead decides about some acts"),
    Choice(a.ExceptionAsked, "confirm", "Ask a lead", "they read what stands above, your reason and the ticket"),
    Choice(a.DeviceChosen, "enter", "Reach it", "the marked one (or type its number first)"),
    Choice(a.OtherDeviceChosen, "other_phone", "Other phone", "take the request back, and choose again"),
    Choice(a.PasscodeHeard, "enter", "Check", "what the caller has heard"),
    Choice(a.RingAgainChosen, "ring_again", "Ring again", "for a new passcode; the one before counts no more"),
    Choice(a.RecoveryChosen, "recovery", "Recovery", "mail the way to a new password; proves nobody"),
    Choice(a.ProtectiveDisableChosen, "protect", "Protect", "somebody has the account: close it, without proof"),
    Choice(a.CannotVerifyChosen, "cannot_verify", "Cannot verify", "the words to say; nothing is done"),
    Choice(a.SendChosen, "send", "Send", "mail the link now; an older link ends"),
    Choice(a.NewCodeChosen, "new_code", "New code", "another code for the same link; the tries left stay as they are"),
    Choice(a.MoreTimeChosen, "more_time", "More time", "as much time again, once"),
    Choice(a.ResendChosen, "link", "New link", "mail a new link; this one ends"),
    Choice(a.Cancelled, "cancel", "Cancel", "go back; a link that was sent ends"),
    Choice(a.DisableChosen, "disable", "Disable", "close the account; you are asked first"),
    Choice(a.EnableChosen, "enable", "Enable", "open the account again; you are asked first"),
    Choice(a.UnlockChosen, "unlock", "Unlock", "end every lock of the account; you are asked first"),
    Choice(a.ResetChosen, "reset", "Reset", "the caller chooses a new password; you are asked first"),
    Choice(a.ExpireChosen, "expire", "Last day", "let the AD account end with a day; you are asked first"),
    Choice(a.MustChangeChosen, "must_change", "Must change", "a new password at the next sign-in; you are asked first"),
    Choice(a.OwnLinkChosen, "link", "Own link", "the page is closed: mail a link that asks for the password"),
    Choice(a.DevicesChosen, "devices", "MFA", "the caller's devices: block, unlock, rename, remove"),
    Choice(a.BlockDeviceChosen, "block_device", "Block", "it cannot be used until it is unblocked"),
    Choice(a.UnblockDeviceChosen, "unblock_device", "Unblock", "it can be used again"),
    Choice(a.UnlockDeviceChosen, "unlock", "Unlock", "end the pause after wrong tries"),
    Choice(a.RenameDeviceChosen, "rename_device", "Rename", "give it the name that is typed below"),
    Choice(a.DefaultDeviceChosen, "first_device", "Put first", "PingOne asks it before the others"),
    Choice(a.RemoveDeviceChosen, "remove_device", "Remove", "for good; it has to be registered again"),
    Choice(a.RefreshChosen, "reload", "Reload", "read it again"),
    Choice(a.LineDropped, "dropped", "Dropped", "it dropped: links and verification end; customer and ticket stay"),
    Choice(a.BackChosen, "back", "Back", "leave this page; a verification ends"),
    Choice(da.ApprovalGiven, "approve", "Approve", "the other agent's act is done, in your name as well"),
    Choice(da.ApprovalDenied, "refuse", "Refuse", "nothing is done; the other agent reads why"),
    Choice(ha.CallOffered, "offer_call", "Offer", "your colleague sees it; the call is yours until they accept"),
    Choice(ha.CallAccepted, "take_call", "Take over", "caller, links and verified time are yours from now on"),
    Choice(ha.CallDeclined, "decline_call", "Decline", "the call stays where it is; the other agent reads why"),
    Choice(da.SignInEndChosen, "end_sign_in", "End sign-in", "at once: their links and verified callers end"),
    Choice(a.Confirmed, "confirm", "Yes, do it", "do what stands above"),
    Choice(a.Declined, "escape", "No", "go back; nothing is done"),
    Choice(a.NoticeRead, "enter", "Go on", "back to the caller"),
    Choice(a.TryAgainChosen, "try_again", "Try again", "do it once more"),
    Choice(a.AnotherCustomerChosen, "another", "Another customer", "look up somebody else; a verification ends"),
    Choice(a.CallEnded, "end_call", "End call", "links and verification end with it", "end_call_typing"),
)

_BY_ANSWER = {choice.answer: choice for choice in CHOICES}
_KEYS = {"enter": "Enter", "escape": "Esc"}


def ticket_offer(keys: KeySettings) -> Offer:
    """Made where something is done: beside what was done, and after the call."""
    return Offer(keys.ticket, "Ticket text", "what was proved and done, to copy into the ticket", "app.ticket")


def hand_over_offer(keys: KeySettings) -> Offer:
    """Made wherever somebody is on the line, at a desk where agents sign in."""
    return Offer(keys.hand_over, "Hand over", "to another agent; the caller stays on the line", "app.hand_over")


def answers_of(prompt: type[Prompt]) -> tuple[type[Answer], ...]:
    """The answers that a prompt takes, in its own order."""
    union = prompt.answers
    return get_args(union) or (union,) if isinstance(union, type) else get_args(union)


def choices_of(prompt: type[Prompt]) -> tuple[Choice, ...]:
    """The choices of a prompt. An answer that the table does not know is offered under its own name, without a key."""
    return tuple(_BY_ANSWER.get(kind) or Choice(kind, "", kind.__name__, "") for kind in answers_of(prompt))


def shown(key: str) -> str:
    """A key as people read it: `Enter`, `Ctrl+E`, `F6`, `d`."""
    if key.startswith("ctrl+"):
        return f"Ctrl+{key.removeprefix('ctrl+').upper()}"
    return _KEYS.get(key) or (key.upper() if key[1:].isdigit() else key)
