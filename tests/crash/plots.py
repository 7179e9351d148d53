"""What is played: who calls, how they are verified, what they want, and how their account stands in the end."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from csrdesk.model.proofs import Act
from csrdesk.sandbox import ids, people


class Way(StrEnum):
    """How the caller is verified."""

    LINK = "link"
    SPOKEN = "spoken address"
    PUSH = "push"
    CALL_BACK = "call-back"
    PAGE = "recovery page"
    """Nobody calls: a customer opens the recovery page by themselves."""
    REGISTER = "page of registration"
    """The same, to make an account."""


BY_THEMSELVES = {Way.PAGE: "account_recovery", Way.REGISTER: "registration"}
"""The flows of the pages that nobody on the phone takes part in."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """One call, or one customer's own page."""

    name: str
    who: str
    """A name of the cast; the address of somebody new, where an account is made."""
    goals: tuple[Act, ...]
    """What the caller wants, in this order."""
    way: Way = Way.LINK
    locked: bool = False
    """Whether PingOne has locked the account and the password to begin with; the directory always has."""
    passkey: bool = False
    """Whether the caller's browser can sign."""
    settings: str = ""
    """More of the settings, each line once in the table that its first word names."""
    share: int = 1
    """How many of the kills by chance fall to it, against the others."""

    @property
    def signs_out(self) -> bool:
        """Whether something that is wanted ends every session."""
        return bool({Act.DISABLE, Act.RESET, Act.RECOVER} & set(self.goals))

    @property
    def ends_disabled(self) -> bool:
        """Whether the account is left disabled."""
        switches = [goal for goal in self.goals if goal in (Act.DISABLE, Act.ENABLE)]
        return switches[-1:] == [Act.DISABLE]


ACTS = Plot(
    name="acts", who=people.PINGONE_LOCKED, goals=(Act.UNLOCK, Act.DISABLE, Act.ENABLE), locked=True, share=3
)  # fmt: skip
RESET = Plot(name="reset", who=people.EXTERNAL_ALLOWED, goals=(Act.RESET,), share=2)
SPOKEN = Plot(
    name="spoken", who=people.NO_EMAIL_PASSKEY, goals=(Act.DISABLE, Act.ENABLE, Act.UNLOCK), way=Way.SPOKEN,
    passkey=True,
)  # fmt: skip
PUSHED = Plot(name="push", who=people.NO_EMAIL_APP, goals=(Act.DISABLE, Act.UNLOCK, Act.ENABLE), way=Way.PUSH)
MANAGED = Plot(
    name="managed", who=people.PASSKEY_AND_PHONE, goals=(Act.EXPIRE, Act.MUST_CHANGE, Act.DEVICES, Act.UNLOCK),
    passkey=True, share=2,
)  # fmt: skip
CALLED_BACK = Plot(
    name="call-back", who=people.NO_EMAIL_PHONE, goals=(Act.UNLOCK, Act.DISABLE), way=Way.CALL_BACK,
    settings="ways call_back = true",
)  # fmt: skip
RECOVERED = Plot(
    name="recovery", who=people.ONLY_PINGONE, goals=(Act.RECOVER,), way=Way.PAGE,
    settings="flow ciam_accountRecoveryEnabled = true\nlimits recovery_answer_seconds = 0.1",
)  # fmt: skip
REGISTERED = Plot(
    name="registration", who="grace.hopper@mail.example", goals=(), way=Way.REGISTER,
    settings="registration enabled = true\nflow ciam_agreementEnabled = true\n"
    f'flow p1AgreementId = "{ids.AGREEMENT}"\nlimits recovery_answer_seconds = 0.1',
)  # fmt: skip
PLOTS = (ACTS, RESET, SPOKEN, PUSHED, MANAGED, CALLED_BACK, RECOVERED, REGISTERED)

_ALWAYS = (
    "limits links_per_person_in_ten_minutes = 10",
    "limits pushes_per_person_an_hour = 20",
    "limits recoveries_per_address_in_ten_minutes = 100",
    "limits recoveries_per_address_a_day = 100",
    "limits recovery_tries_per_address_a_day = 100",
)


def with_settings(text: str, plot: Plot) -> str:
    """A desk's settings, with those that the plot needs."""
    for line in (*_ALWAYS, *plot.settings.splitlines()):
        table, _, key = line.partition(" ")
        head = f"[{table}]\n"
        text = text.replace(head, f"{head}{key}\n") if head in text else f"{text}\n{head}{key}\n"
    return text
