"""What acts are called on the screens and lines that tell of several."""

from __future__ import annotations

from typing import Final

from csrdesk.model.proofs import Act

_NAMES: Final = {
    Act.PROTECT: "protective disable",
    Act.RESET: "new password",
    Act.EXPIRE: "last day",
    Act.MUST_CHANGE: "must change the password",
    Act.DEVICES: "devices",
}


def act_names(acts: tuple[Act, ...]) -> str:
    """Several of them, in words."""
    return ", ".join(map(act_name, acts))


def act_name(act: Act) -> str:
    """The act in words."""
    return _NAMES.get(act, act.value)
