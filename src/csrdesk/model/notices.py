"""What a customer is told by mail: each change of their account, by one word that flows, audit and letters share."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What was done to an account."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    UNLOCKED = "unlocked"
    PASSWORD = "password"  # noqa: S105 - the word for a change, no secret
    """A new password."""
    DEVICES = "devices"
    """A device that they sign in with."""
