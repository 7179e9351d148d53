"""Ping's spelling of inputs, outputs and variables: people who migrate will search for exactly these names."""

from __future__ import annotations

_IRREGULAR = {"p1_mfa_policy_id": "p1MFAPolicyId", "p1_email_verified": "p1emailVerified"}


def spelled(name: str) -> str:
    """The encoded name of a Python attribute, for `msgspec.Struct(rename=spelled)`: `p1_user_id` -> `p1UserId`."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
