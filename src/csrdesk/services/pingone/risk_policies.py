"""Risk policy sets (PingOne Protect API, "Risk policy sets"), as far as a check-up looks at them."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, path


class RiskPolicySet(msgspec.Struct, frozen=True):
    """How an environment judges visits."""

    id: str
    name: str = ""
    default: bool = False


async def read(api: Api, policy_set_id: str) -> RiskPolicySet:
    """The set of that id."""
    return (await api.get(f"{api.api_url}/{path('riskPolicySets', policy_set_id)}", RiskPolicySet)).body
