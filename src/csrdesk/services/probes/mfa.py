"""What the MFA policy lets the desk do, and whether the customers' pages may ask for passkeys.

Apart from the rest of PingOne because each line here is about a device in a customer's hand.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from csrdesk.config import WaySettings
from csrdesk.errors import NotFoundError, ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.model.text import clean
from csrdesk.services.performer.people import fits
from csrdesk.services.pingone import fido2_policies, policies
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.fido2_policies import Fido2Policy
from csrdesk.services.pingone.policies import MfaPolicy

POLICY = "MFA policy"
PASSKEYS = "Passkeys"
_NAME = 60
_READ = "Let the worker application read MFA settings; until then"


_AS_SET = WaySettings()


async def probe(
    api: Api, policy_id: str, wanted: tuple[str, ...], public_url: str, ways: WaySettings = _AS_SET
) -> tuple[Finding, ...]:
    """`wanted`: the device types that settings allow; `public_url`: where customers reach the pages."""
    try:
        policy = await policies.read(api, policy_id)
    except NotFoundError:
        return (wrong(POLICY, "PingOne has no MFA policy with the id in flow.p1MFAPolicyId.", "Correct the id."),)
    except UnauthorizedError:
        rest = ", and no push is led by an agent" if ways.push == "auto" else ""
        return (warning(POLICY, "MFA policies may not be read.", f"{_READ} locked callers count as refused{rest}."),)
    except ServiceError as error:
        return (wrong(POLICY, error.message, "Look again in a moment."),)
    if policy is None:
        return (wrong(POLICY, "PingOne has no default MFA policy.", "Name one in flow.p1MFAPolicyId."),)
    found = judged(policy, wanted, ways)
    if "FIDO2" in wanted and policy.fido2.enabled:
        found.append(await _passkeys(api, policy, public_url))
    return tuple(found)


def judged(policy: MfaPolicy, wanted: tuple[str, ...], ways: WaySettings = _AS_SET) -> list[Finding]:
    """What the policy lets the desk do."""
    off = [kind for kind in wanted if kind in policy.kinds and not policy.kinds[kind]]
    on = [kind for kind, enabled in policy.kinds.items() if enabled]
    found: list[Finding] = []
    if not on:
        found.append(wrong(POLICY, "No kind of device is enabled.", "Enable those that callers have in the policy."))
    elif off:
        todo = "Enable them in the policy, or take them out of flow.allowedDeviceTypes."
        found.append(warning(POLICY, f"Allowed here, off in the policy: {', '.join(off)}.", todo))
    if not policy.ignore_user_lock:
        todo = "Use a policy of the desk's own that ignores the user's lock."
        found.append(warning(POLICY, "Locked callers cannot be asked for their device.", todo))
    if "MOBILE" in wanted and policy.pushes_without_number:
        todo = "Enable number matching for the application in the policy: a tap alone is easily got from somebody."
        led = " Agents lead none." if ways.push != "off" else ""
        found.append(warning(POLICY, f"Pushes are approved by a tap, without a number to find.{led}", todo))
    if ways.call_back and not policy.voice.enabled:
        todo = "Enable voice in the policy, or take ways.call_back out of the settings."
        found.append(warning(POLICY, "ways.call_back is on, and voice is off in the policy: nobody can be rung.", todo))
    return found or [ok(POLICY, _summary(policy, on))]


def _summary(policy: MfaPolicy, on: list[str]) -> str:
    closed = [kind for kind in on if kind in policy.closed]
    rest = f" Nobody can add: {', '.join(closed)}." if closed else ""
    return f"Takes locked callers; kinds of device: {', '.join(on)}.{rest}"


async def _passkeys(api: Api, policy: MfaPolicy, public_url: str) -> Finding:
    """The browser refuses a passkey whose relying party is not the page's host, or above it."""
    try:
        every = await fido2_policies.read_all(api)
    except UnauthorizedError:
        return warning(PASSKEYS, "FIDO2 policies may not be read.", f"{_READ} nobody knows whether passkeys fit.")
    except ServiceError as error:
        return wrong(PASSKEYS, error.message, "Look again in a moment.")
    used = next((one for one in every if one.id == policy.fido2.fido2_policy_id), None)
    used = used or next((one for one in every if one.default), None)
    if used is None:
        return warning(PASSKEYS, "PingOne has no FIDO2 policy for them.", "Name one in the MFA policy.")
    return fitting(used, public_url)


def fitting(policy: Fido2Policy, public_url: str) -> Finding:
    """Whether the pages' host belongs to the site that the policy registers passkeys for."""
    name, site = clean(policy.name, _NAME), clean(policy.relying_party_id, _NAME)
    host = urlsplit(public_url).hostname or ""
    if not host:
        todo = "Set desk.public_url, or look again while the pages are served: it was not compared with their host."
        return warning(PASSKEYS, f"Registered for {site} ({name}).", todo)
    if fits(policy.relying_party_id, public_url):
        return ok(PASSKEYS, f"Registered for {site} ({name}), which {host} belongs to.")
    todo = f"Serve the customers' pages at {site} or below it, or name the other ways in flow.allowedDeviceTypes."
    return warning(PASSKEYS, f"Registered for {site} ({name}), so no browser uses them at {host}.", todo)
