"""MFA policies (PingOne API, "MFA Settings"), as far as they decide whether a user's devices can be asked."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class Method(msgspec.Struct, frozen=True):
    """One kind of device in a policy."""

    enabled: bool = False


class MfaPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """`ignore_user_lock`: devices of a locked user may be asked."""

    id: str
    default: bool = False
    ignore_user_lock: bool = False
    sms: Method = Method()
    voice: Method = Method()
    email: Method = Method()
    totp: Method = Method()

    @property
    def passcodes(self) -> dict[str, bool]:
        """The kinds of device that a passcode is asked of, and whether the policy has them enabled."""
        methods = {"SMS": self.sms, "VOICE": self.voice, "EMAIL": self.email, "TOTP": self.totp}
        return {kind: method.enabled for kind, method in methods.items()}


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
