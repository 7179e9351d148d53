"""What each act does, a line each, for the agent who is about to say yes."""

from __future__ import annotations

from typing import Final

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Event
from csrdesk.flows.rules import Rules
from csrdesk.model.account import Account, Lock
from csrdesk.model.grants import OF_AGENTS
from csrdesk.model.proofs import Act, Evidence

CHOSEN: Final[dict[type[Event], Act]] = {
    a.ProtectiveDisableChosen: Act.PROTECT,
    a.DisableChosen: Act.DISABLE,
    a.EnableChosen: Act.ENABLE,
    a.UnlockChosen: Act.UNLOCK,
    a.ResetChosen: Act.RESET,
    a.ExpireChosen: Act.EXPIRE,
    a.MustChangeChosen: Act.MUST_CHANGE,
    a.DevicesChosen: Act.DEVICES,
}
"""Which act an answer begins."""
SECOND_AGENT: Final = ("Ask another agent first: nothing is done before somebody else has approved it.",)
NOT_GIVEN: Final = "The exception does not give this. Verify the caller by another way first. Nothing was done."
NOT_YOURS: Final = "Your role at this desk does not include this. Ask a lead. Nothing was done."


def withheld(rules: Rules, evidence: Evidence) -> tuple[Act, ...]:
    """What is not to be done for a caller who was verified so: what is not the agent's, and, where an exception is all
    that there is, what it does not give.
    """
    if not evidence.exception:
        return rules.withheld
    return tuple(act for act in OF_AGENTS if act in rules.withheld or act not in evidence.gives)


def why_withheld(evidence: Evidence) -> str:
    """Why what is not offered to a verified caller's agent is not done."""
    return NOT_GIVEN if evidence.exception else NOT_YOURS


def words_of(act: Act, account: Account, *, has_directory: bool) -> tuple[str, ...]:
    """What the act would do with this account."""
    match act:
        case Act.UNLOCK:
            return unlock_words(account)
        case Act.EXPIRE:
            return EXPIRY
        case Act.MUST_CHANGE:
            return CHANGE
        case _:
            words = enable_words if act is Act.ENABLE else disable_words
            return words(has_directory=has_directory, unchecked=account.directory_problem)


def disable_words(*, has_directory: bool, unchecked: str = "") -> tuple[str, ...]:
    """What a disable does, a line each; `unchecked` says why AD cannot be asked."""
    directory = "Disable the account in AD." if has_directory else "There is no AD account."
    if unchecked and not has_directory:
        directory = "AD cannot be asked now: that half stays as it is, and has to be done later."
    return (directory, "Disable the user in PingOne.", "End every PingOne session, and every open link.")


def enable_words(*, has_directory: bool, unchecked: str = "") -> tuple[str, ...]:
    """What an enable does, a line each."""
    if unchecked:
        return ("AD cannot be asked now, so nothing will be enabled. Wait until it answers.",)
    if has_directory:
        return ("Enable the account in AD.", "Then enable the user in PingOne, if AD succeeded.")
    return ("There is no AD account.", "Enable the user in PingOne.")


def unlock_words(account: Account) -> tuple[str, ...]:
    """What an unlock does, a line each: only what is locked is touched."""
    locks = tuple(_UNLOCK[lock] for lock in account.locks) or ("Nothing that could be read is locked.",)
    return (*locks, "Devices stay as they are, and so does the password.")


_UNLOCK = {
    Lock.DIRECTORY: "Unlock the account in AD.",
    Lock.PINGONE: "Unlock the account in PingOne.",
    Lock.PASSWORD: "Unlock the password in PingOne.",
}
EXPIRY = (
    "Let the AD account end with this day: earlier, never later.",
    "PingOne keeps no last day: sign-ins there go on.",
)
CHANGE = (
    "Let AD ask for another password at the next sign-in.",
    "The old one is good for that. If somebody else may know it: Reset.",
)
