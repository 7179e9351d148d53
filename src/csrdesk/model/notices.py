"""What a customer is told by mail: each change of their account, by one word that flows, audit and letters share."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What was done to an account."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    UNLOCKED = "unlocked"
    END_DATE = "end_date"
    """The last day of the account in AD."""
    MUST_CHANGE = "must_change"
    """A new password has to be chosen at the next sign-in."""
    PASSWORD = "password"  # noqa: S105 - the word for a change, no secret
    """A new password."""
    DEVICES = "devices"
    """A device that they sign in with."""
    RECOVERED = "recovered"
    """A new password, which they set by themselves."""
    NEW_DEVICE = "new_device"
    """Nothing yet: somebody asked for a new password on a device that Protect does not know."""
    SUSPICIOUS = "suspicious"
    """Nothing: somebody asked for a new password, and Protect recommends against them."""
    DISABLED_FOR_RISK = "disabled_for_risk"
    """The same, and settings have that disable the account."""
    REGISTERED = "registered"
    """A new account, which they made by themselves."""
    REGISTRATION_TRIED = "registration_tried"
    """Nothing: somebody asked for another account with their address."""
    CALL_US = "call_us"
    """Nothing: a new password was asked for, and only the desk can help with this account's."""
