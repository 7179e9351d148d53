"""What a registration is given, carries along and hands back, in Ping's names; and the settings that change it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.flows.kernel import Outcome
from csrdesk.flows.recovery_inputs import spelled
from csrdesk.flows.registration_prompts import EmailCodePrompt
from csrdesk.model.devices import ORDER
from csrdesk.model.passwords import Requirement
from csrdesk.model.recovery import End
from csrdesk.model.risk import Risk, WhenDown

_NAMES = {
    "allowed_device_types": "allowedDeviceTypes",
    "risk_policy_id": "ciam_riskPolicyID",
}


def _spelled(name: str) -> str:
    return _NAMES.get(name) or spelled(name)


class Inputs(msgspec.Struct, frozen=True, rename=_spelled):
    """What the flow is called with."""

    agreement_id: str
    """The agreement to accept (`p1AgreementId`); empty only where none is enabled."""
    passwordless_required: bool = False
    """Nobody is asked for a password, and a device is registered in its place."""
    allowed_device_types: tuple[str, ...] = tuple(sorted(ORDER))
    agreement_enabled: bool = False
    company_logo: str = ""
    """Has no effect: the page takes its logo from the settings."""
    risk_policy_id: str = ""
    """`p1RiskPolicyIdReg`; empty for the environment's default."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete`, or `signOn` where the customer went back to signing in; empty after an error."""
    pingone_user_id: str = ""
    """The account that was made; empty where none was."""
    auth_method: str = ""
    """`pwd`, or what was registered in its place."""
    error_message: str = ""
    """For people, and the same whether or not the address is known."""
    end: End = End.DONE
    """Which page shows it."""
    minutes: int = 0
    """After a limit: when it is possible again."""


class Variables(msgspec.Struct, frozen=True, rename=_spelled):
    """What the flow knows of itself and of Protect. The logo's and the name have no effect: pages read the settings."""

    passwordless_required: bool = False
    """Parameter `isPasswordlessRequired`."""
    logo_style: str = ""
    logo_url: str = ""
    company_name: str = ""
    risk_policy_id: str = ""
    protect_predictor: str = ""
    protect_device_status: str = ""
    protect_risk_id: str = ""
    protect_risk_level: str = ""

    def knowing(self, risk: Risk) -> Variables:
        """With the four values of an evaluation."""
        return replace(
            self,
            protect_predictor=risk.predictor,
            protect_device_status=risk.device_status,
            protect_risk_level=risk.level.value,
            protect_risk_id=risk.id,
        )


class RegistrationRules(msgspec.Struct, frozen=True):
    """Made from the settings by `wiring`, frozen when the flow starts."""

    code_limit: int = 5
    """Codes that may be typed for one address on one page: N means exactly N."""
    mfa_policy_id: str = ""
    """`p1MFAPolicyId`."""
    when_down: WhenDown = WhenDown.STEP_UP
    """What happens where Protect gives no answer; there is no stronger proof here, so `step_up` stops as `block`."""
    domains: frozenset[str] = frozenset()
    """Domains of addresses that may register, with those below them; empty for all."""
    no_domains: frozenset[str] = frozenset()
    """Domains of addresses that may not."""


class Start(msgspec.Struct, frozen=True):
    """Made by the desk, from the settings."""

    rules: RegistrationRules
    inputs: Inputs


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    rules: RegistrationRules
    inputs: Inputs
    variables: Variables


class Work(msgspec.Struct, frozen=True):
    """What is known of the account that is to be made. The address is forgotten once PingOne has it."""

    address: str = ""
    verified: bool = False
    """Whether a code that went to the address was typed here."""
    owner_id: str = ""
    """Who has the address already: then everything looks the same, and nothing is done but to tell them."""
    given_name: str = ""
    family_name: str = ""
    languages: str = ""
    person_id: str = ""
    """The account, once it is made."""
    password_set: bool = False
    agreed: bool = False
    unsure: bool = False
    """Whether it was tried to make it, and nobody could say whether it was: a try that finds the address taken looks
    whose it is."""
    requirements: tuple[Requirement, ...] = ()
    for_everybody: bool = False
    """Whether the requirements hold for each account, so that what breaks them need not be tried."""
    tries: int = 0
    resent: int = 0
    """Codes sent again; the documentation's own rule lets it go on while the counter is less than five."""
    asked: int = 1

    def code_prompt(self, limit: int, note: str = "") -> EmailCodePrompt:
        """The form for the code."""
        resent = self.resent
        tries, resends = limit - self.tries, RESENDS - resent
        return EmailCodePrompt(note, self.asked, tries_left=tries, resends_left=resends, resent=resent > 0)


RESENDS = 4
"""Counter +1, and on while it is less than five: four resends."""


def asked_again(work: Work) -> Work:
    """The same, for another question."""
    return replace(work, asked=work.asked + 1)
