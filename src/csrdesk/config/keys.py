"""The console's keys by name, for settings, bindings, choices and help alike; apart from the other sections, since it
says as well which keys there are.
"""

from __future__ import annotations

import re
from itertools import combinations

import msgspec

_LETTER = re.compile(r"[a-pr-z]")
_ANYWHERE = re.compile(r"ctrl\+[beglnopqrsty]|f([1-9]|1[0-2])")
"""Neither typed nor used by a text field; no terminal takes them for Enter, Tab, Backspace or Esc."""


class KeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The console's keys. A letter (but `q`), `ctrl+` with one of b e g l n o p q r s t y, or `f1` to `f12`.

    What is not a letter here works while somebody types, and can be no letter. Enter, Esc, Tab, the arrows, the digits,
    `?`, `q` and Ctrl+C are what they are.
    """

    help: str = "f1"
    """The keys of the screen."""
    calls: str = "f2"
    """The list of open calls."""
    call_before: str = "f3"
    """The call before this one."""
    call_after: str = "f4"
    """The call after this one."""
    history: str = "f5"
    """Your calls so far."""
    ticket: str = "f6"
    """The text for the ticket."""
    audit: str = "f7"
    """The audit."""
    hand_over: str = "ctrl+t"
    """Hand the call over to another agent, and back to the call meanwhile."""
    approvals: str = "f9"
    """What other agents wait for: a second agent's yes or no."""
    copy: str = "f8"
    """Copy a value of the screen."""
    new_call: str = "ctrl+n"
    """Another caller, while this one waits."""
    commands: str = "ctrl+p"
    """All commands by name."""
    leave: str = "ctrl+q"
    """Leave the console."""
    link: str = "l"
    """Magic link; while one is open, a new one; while a password is waited for, a link of its own."""
    spoken_address: str = "s"
    """Say a short address and a code instead of mailing a link."""
    push: str = "u"
    """Send a request to the app on the caller's phone."""
    call_back: str = "c"
    """Ring the number on record."""
    exception: str = "x"
    """Ask a lead for an exception, for a caller who can show nothing."""
    ring_again: str = "r"
    """Ring it once more."""
    other_phone: str = "t"
    """Take the request back, and choose another phone."""
    protect: str = "p"
    """Protect: close the account without proof."""
    cannot_verify: str = "v"
    """The words for a caller who cannot be verified."""
    send: str = "s"
    """Send the link."""
    new_code: str = "c"
    """Another code for the same link."""
    more_time: str = "m"
    """More time for the link."""
    cancel: str = "x"
    """Go back; a link that was sent ends."""
    disable: str = "d"
    """Disable the account."""
    enable: str = "n"
    """Enable the account."""
    unlock: str = "u"
    """End every lock of the account; on the devices' page, the device's."""
    invite: str = "ctrl+r"
    """Mail an address that nobody has the way to the registration page."""
    recovery: str = "w"
    """Mail the caller the way to the recovery page."""
    reset: str = "w"
    """Let the caller choose a new password."""
    expire: str = "y"
    """Set the account's last day in AD."""
    must_change: str = "h"
    """Let AD ask for another password at the next sign-in."""
    devices: str = "g"
    """The caller's devices."""
    block_device: str = "k"
    """Block the device."""
    unblock_device: str = "j"
    """Unblock the device."""
    rename_device: str = "i"
    """Give the device another name."""
    first_device: str = "f"
    """Put the device first."""
    remove_device: str = "z"
    """Remove the device."""
    reload: str = "r"
    """Read both directories again."""
    dropped: str = "o"
    """The line dropped."""
    back: str = "b"
    """Leave the account's page."""
    confirm: str = "ctrl+s"
    """Yes, do it."""
    approve: str = "ctrl+s"
    """Approve what another agent asks for."""
    refuse: str = "x"
    """Refuse what another agent asks for."""
    offer_call: str = "ctrl+s"
    """Offer the call to the marked colleague."""
    take_call: str = "ctrl+y"
    """Take over the call that another agent offers."""
    decline_call: str = "n"
    """Decline a call that another agent offers."""
    end_sign_in: str = "x"
    """End an agent's sign-in; for leads."""
    try_again: str = "t"
    """Do it once more."""
    another: str = "a"
    """Look up somebody else."""
    end_call: str = "e"
    """End the call."""
    end_call_typing: str = "ctrl+e"
    """End the call, also while somebody types."""

    @property
    def changed(self) -> dict[str, str]:
        """The names whose key is another one than at first."""
        return {name: key for name, key in _pairs(self) if key != _FIRST[name]}


_FIRST: dict[str, str] = {field.name: str(field.default) for field in msgspec.structs.fields(KeySettings)}


def key_of(name: str, keys: KeySettings) -> str:
    """The key of that name; Enter and Esc have no other."""
    return str(getattr(keys, name, name))


def first_key(name: str) -> str:
    """As above, where no settings say otherwise."""
    return _FIRST.get(name, name)


def wrong_key(keys: KeySettings) -> tuple[str, str] | None:
    """The first name whose key cannot be, and why; None where all can."""
    for name, key in _pairs(keys):
        anywhere = bool(_ANYWHERE.fullmatch(key))
        if not anywhere and not _LETTER.fullmatch(key):
            return (
                name,
                f"{key!r} cannot be. A letter but q, ctrl+ one of b e g l n o p q r s t y, or f1 to f12.",
            )
        if not anywhere and not _LETTER.fullmatch(_FIRST[name]):
            return name, f"{key!r} would be typed. It must work in a text field, too: ctrl+g, or f1 to f12."
    for (name, key), (other, same) in combinations(_pairs(keys), 2):
        if key == same and _FIRST[name] != _FIRST[other]:
            changed = name if key != _FIRST[name] else other
            return changed, f"{key!r} is the key of {other if changed == name else name} already."
    return None


def _pairs(keys: KeySettings) -> list[tuple[str, str]]:
    return [(name, str(getattr(keys, name))) for name in _FIRST]
