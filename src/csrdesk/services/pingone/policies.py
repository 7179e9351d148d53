"""MFA policies (PingOne API, "MFA Settings"), as far as they decide whether a user's devices can be asked."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class MfaPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """`ignore_user_lock`: devices of a locked user may be asked."""

    id: str
    default: bool = False
    ignore_user_lock: bool = False


class _Embedded(msgspec.Struct, frozen=True):
    policies: tuple[MfaPolicy, ...] = msgspec.field(name="deviceAuthenticationPolicies", default=())


class _Page(msgspec.Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def read(api: Api, policy_id: str) -> MfaPolicy | None:
    """The policy of that id; the environment's default for an empty one, None where it has none."""
    url = f"{api.api_url}/deviceAuthenticationPolicies"
    if policy_id:
        return (await api.get(f"{url}/{path(policy_id)}", MfaPolicy)).body
    pages = await api.pages(url, _Page, lambda page: page.links)
    return next((p for page in pages for p in page.body.embedded.policies if p.default), None)
