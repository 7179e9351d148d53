"""The switches that change a flow's path, frozen when the flow starts: flows never look settings up."""

from __future__ import annotations

import msgspec

from csrdesk.model.devices import ORDER
from csrdesk.model.proofs import Act
from csrdesk.model.risk import WhenDown


class Rules(msgspec.Struct, frozen=True):
    """Made from the settings by `wiring`; names follow the settings."""

    flow_require_mfa: bool = False
    """`flowRequireMFA`: without a registered device the caller cannot be verified by link."""
    mfa_policy_id: str = ""
    """`p1MFAPolicyId`; empty for PingOne's default policy."""
    allowed_device_types: tuple[str, ...] = tuple(sorted(ORDER))
    """`allowedDeviceTypes`."""
    spoken_address: bool = False
    """`ways.spoken_address`."""
    push: str = "auto"
    """`ways.push`: `auto`, `on` or `off`."""
    call_back: bool = False
    """`ways.call_back`."""
    exception_gives: tuple[Act, ...] = ()
    """`ways.exception_gives` where `ways.exception` is on: what an exception opens; empty for none."""
    why_no_exception: str = ""
    """Why this agent cannot ask for one, in words; empty where they can."""
    recovery: bool = False
    """`ciam_accountRecoveryEnabled`: customers can choose a new password by themselves."""
    registration: bool = False
    """`registration.enabled`: a caller whom PingOne does not know can be invited to make an account."""
    protect_analysis: bool = False
    """`flowProtectAnalysisRequired`: PingOne Protect judges the customer whose code was right."""
    risk_policy_id: str = ""
    """`p1RiskPolicyIdAuthn`; empty for the environment's default."""
    when_down: WhenDown = WhenDown.STEP_UP
    """`protect.when_down`."""
    reset_needs_device: bool = False
    """`limits.reset_needs_device`: link and code alone are not enough for a new password."""
    ticket_required: bool = False
    resend_otp_limit: int = 3
    """`resendOtpLimit`: passcodes sent again in one authentication."""
    otp_fallback_allowed: bool = True
    withheld: tuple[Act, ...] = ()
    """Acts that are not this agent's to do (`[roles]`)."""
    second_agent_for: tuple[Act, ...] = ()
    """`desk.second_agent_for`: what waits for another agent's approval."""
    protected_words: str = "This account is protected. Nobody at the help desk acts on it."
