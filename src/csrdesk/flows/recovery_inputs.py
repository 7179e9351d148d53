"""What an account recovery is given, carries along and hands back, in Ping's names; and the settings that change it.

A file of its own, because the parts of the flow (asking for the address, asking for the code) know it both.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.flows.kernel import Outcome
from csrdesk.flows.public_prompts import RecoveryCodePrompt
from csrdesk.model.passwords import Home, Requirement
from csrdesk.model.recovery import End
from csrdesk.model.risk import Risk, WhenDown

NOT_NOW = "That did not work on our side just now. Nothing was changed. Try again in a moment."
_IRREGULAR = {
    "pingone_user_id": "ciam_pingOneUserId",
    "protect_risk_id": "ciam_protectRiskID",
    # Ours, not Ping's:
    "end": "end",
    "minutes": "minutes",
    "signed_out": "signedOut",
}


def spelled(name: str) -> str:
    """The encoded name of a Python attribute: `error_message` -> `ciam_errorMessage`."""
    first, *rest = name.split("_")
    return _IRREGULAR.get(name) or "ciam_" + first + "".join(word.capitalize() for word in rest)


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with."""

    company_logo: str = ""
    """The pages show the logo of `flowCompanyLogo` or `ciam_logoUrl`, which csrdesk serves; no caller names another."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    pingone_user_id: str = ""
    """Whose password was set; empty unless one was."""
    subflow_result: str = ""
    """`complete`, or `signOn` where the customer went back to signing in; empty after an error."""
    auth_method: str = ""
    """`pwd` once a new password is set."""
    error_message: str = ""
    """For people, and the same whether or not the address is known."""
    end: End = End.DONE
    """Which page shows it."""
    minutes: int = 0
    """After a limit: when it is possible again."""
    signed_out: bool = False
    """Sign-ins elsewhere were ended, too."""


class Variables(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow knows of itself and of Protect. The first three have no effect here: pages read the settings."""

    logo_style: str = ""
    logo_url: str = ""
    company_name: str = ""
    recovery_limit: int = 5
    """Tries of code and password: N means exactly N."""
    protect_predictor: str = ""
    protect_device_status: str = ""
    protect_risk_level: str = ""
    protect_risk_id: str = ""

    def knowing(self, risk: Risk) -> Variables:
        """With the four values of an evaluation."""
        return msgspec.structs.replace(
            self,
            protect_predictor=risk.predictor,
            protect_device_status=risk.device_status,
            protect_risk_level=risk.level.value,
            protect_risk_id=risk.id,
        )


class RecoveryRules(msgspec.Struct, frozen=True):
    """Made from the settings by `wiring`, frozen when the flow starts."""

    recovery_limit: int = 5
    resends: int = 3
    """Codes sent again in one recovery."""
    risk_policy_id: str = ""
    """`p1RiskPolicyIdAR`; empty for the environment's default."""
    when_down: WhenDown = WhenDown.STEP_UP
    """What happens where Protect gives no answer; this page has no stronger proof, so `step_up` stops as `block`."""
    disable_for: frozenset[str] = frozenset()
    """Recommended actions that disable the account: anybody who can look like that can then switch off anybody."""


class Start(msgspec.Struct, frozen=True):
    """Made by the desk, from the settings."""

    rules: RecoveryRules
    inputs: Inputs = Inputs()


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    rules: RecoveryRules
    inputs: Inputs
    variables: Variables


class Work(msgspec.Struct, frozen=True):
    """What is known once the address was looked up; without a person everything looks the same, and nothing is done."""

    limit: int
    resends: int
    person_id: str = ""
    new_device: bool = False
    """Protect does not know the device: the owner of the address is told."""
    requirements: tuple[Requirement, ...] = ()
    for_everybody: bool = False
    """Whether the requirements hold for each account, so that what breaks them need not be tried."""
    home: Home = Home.PINGONE
    changed_at: datetime | None = None
    """When PingOne says that the password was set last, before anything was tried."""
    tries: int = 0
    resent: int = 0
    asked: int = 1

    def prompt(self, note: str = "", refusals: tuple[str, ...] = ()) -> RecoveryCodePrompt:
        """The form for code and password."""
        return RecoveryCodePrompt(
            note,
            self.asked,
            requirements=self.requirements,
            refusals=refusals,
            tries_left=self.limit - self.tries,
            resends_left=self.resends - self.resent,
            resent=self.resent > 0,
        )
