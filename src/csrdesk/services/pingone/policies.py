"""MFA policies (PingOne API, "MFA Settings"), as far as they decide whether a user's devices can be asked."""

from __future__ import annotations

import msgspec

from csrdesk.services.pingone.api import Api, Links, path


class _Failure(msgspec.Struct, frozen=True):
    count: int = 0


class _Otp(msgspec.Struct, frozen=True):
    failure: _Failure = _Failure()


class Method(msgspec.Struct, frozen=True, rename="camel"):
    """One kind of device in a policy."""

    enabled: bool = False
    pairing_disabled: bool = False
    """Whether nobody can add another device of this kind."""
    otp: _Otp = _Otp()


class Fido2(Method, frozen=True, rename="camel"):
    """Passkeys and security keys."""

    fido2_policy_id: str = ""


class _Switch(msgspec.Struct, frozen=True):
    enabled: bool = False


class _Push(msgspec.Struct, frozen=True, rename="camel"):
    enabled: bool = False
    number_matching: _Switch = _Switch()


class _Duration(msgspec.Struct, frozen=True, rename="camel"):
    duration: int = 0
    time_unit: str = ""

    @property
    def seconds(self) -> int:
        """0 where PingOne does not say, or in a unit that is not known."""
        return self.duration * {"SECONDS": 1, "MINUTES": 60}.get(self.time_unit, 0)


class Application(msgspec.Struct, frozen=True, rename="camel"):
    """An app that takes pushes."""

    push: _Push = _Push()
    push_timeout: _Duration = _Duration()


class Mobile(Method, frozen=True, rename="camel"):
    """The apps on phones."""

    applications: tuple[Application, ...] = ()


class MfaPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """`ignore_user_lock`: devices of a locked user may be asked."""

    id: str
    default: bool = False
    ignore_user_lock: bool = False
    sms: Method = Method()
    voice: Method = Method()
    email: Method = Method()
    totp: Method = Method()
    fido2: Fido2 = Fido2()
    mobile: Mobile = Mobile()

    @property
    def _methods(self) -> dict[str, Method]:
        passcodes = {"SMS": self.sms, "VOICE": self.voice, "EMAIL": self.email, "TOTP": self.totp}
        return {**passcodes, "FIDO2": self.fido2, "MOBILE": self.mobile}

    @property
    def kinds(self) -> dict[str, bool]:
        """The kinds of device, and whether the policy has them enabled."""
        return {kind: method.enabled for kind, method in self._methods.items()}

    @property
    def closed(self) -> tuple[str, ...]:
        """The kinds of device of which nobody can add another."""
        return tuple(kind for kind, method in self._methods.items() if method.pairing_disabled)

    def tries(self, kind: str) -> int:
        """How many wrong passcodes in a row lock a device of that kind; 0 where PingOne does not say."""
        return self._methods[kind].otp.failure.count if kind in self._methods else 0

    @property
    def pushes_with_number(self) -> bool:
        """Whether apps approve only by finding the number that is shown elsewhere."""
        return self.mobile.enabled and not self.pushes_without_number and any(self._pushes)

    @property
    def pushes_without_number(self) -> bool:
        """Whether some app approves by a tap alone."""
        return self.mobile.enabled and any(not push.number_matching.enabled for push in self._pushes)

    @property
    def push_seconds(self) -> int:
        """How long a push waits for its answer; 0 where PingOne does not say, or apps differ in it."""
        apps = (application for application in self.mobile.applications if application.push.enabled)
        found = {application.push_timeout.seconds for application in apps}
        return found.pop() if len(found) == 1 else 0

    @property
    def _pushes(self) -> tuple[_Push, ...]:
        return tuple(application.push for application in self.mobile.applications if application.push.enabled)


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
