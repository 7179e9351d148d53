"""The switches that change a flow's path, frozen when the flow starts: flows never look settings up."""

from __future__ import annotations

import msgspec

from csrdesk.model.devices import ORDER


class Rules(msgspec.Struct, frozen=True):
    """Made from the settings by `wiring`; names follow the settings."""

    flow_require_mfa: bool = False
    """`flowRequireMFA`: without a registered device the caller cannot be verified by link."""
    mfa_policy_id: str = ""
    """`p1MFAPolicyId`; empty for PingOne's default policy."""
    allowed_device_types: tuple[str, ...] = tuple(sorted(ORDER))
    """`allowedDeviceTypes`."""
    ticket_required: bool = False
    resend_otp_limit: int = 3
    """`resendOtpLimit`: passcodes sent again in one authentication."""
    otp_fallback_allowed: bool = True
    protected_words: str = "This account is protected. Nobody at the help desk acts on it."
