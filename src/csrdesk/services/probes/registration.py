"""What registration needs of PingOne: terms that can be shown, and devices that can be added.

Apart from the rest of PingOne because a desk without the pages for it needs none of this. No account is made to try.
"""

from __future__ import annotations

from csrdesk.config import RegistrationSettings
from csrdesk.errors import NotFoundError, ServiceError, UnauthorizedError
from csrdesk.model.agreements import Agreement
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.model.masking import mask_username
from csrdesk.model.text import clean
from csrdesk.services.pingone import agreements, policies, populations, users
from csrdesk.services.pingone.agreements import NotOffered
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.policies import MfaPolicy

AREA = "Registration"
ADDABLE = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")
"""Device types that customers can add on the pages."""
_NAME = 60
_LATER = "Look again in a moment."


async def probe(
    api: Api, settings: RegistrationSettings, *, agreement_id: str, policy_id: str, wanted: tuple[str, ...]
) -> tuple[Finding, ...]:
    """`agreement_id`: empty where nobody accepts terms; `wanted`: the device types that settings allow."""
    found = [await _terms(api, agreement_id)] if agreement_id else []
    if settings.population_id:
        found.append(await _population(api, settings.population_id))
    if settings.code_user_id:
        found.append(await _code_user(api, settings.code_user_id))
    return (*found, await _devices(api, policy_id, wanted, passwordless=settings.passwordless_required))


async def _population(api: Api, population_id: str) -> Finding:
    try:
        names = await populations.names(api)
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    if population_id.lower() in names:
        return ok(AREA, f"New accounts belong to {clean(names[population_id.lower()], _NAME)}.")
    todo = "Correct the id."
    return wrong(AREA, "PingOne has no population with the id in registration.population_id.", todo)


async def _code_user(api: Api, user_id: str) -> Finding:
    """PingOne mails nothing in the name of somebody who is disabled or locked."""
    try:
        user = (await users.read(api, user_id)).body
    except NotFoundError:
        return wrong(AREA, "PingOne has no user with the id in registration.code_user_id.", "Correct the id.")
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    if user.enabled and not user.locked:
        return ok(AREA, f"Codes are mailed in the name of {clean(mask_username(user.username), _NAME)}.")
    todo = "Enable and unlock it in PingOne; otherwise nobody can register."
    return wrong(AREA, "The user in registration.code_user_id is disabled or locked.", todo)


async def _terms(api: Api, agreement_id: str) -> Finding:
    """In the language of whoever names none."""
    try:
        shown = await agreements.present(api, agreement_id, ())
    except UnauthorizedError:
        todo = "Let the worker application read agreements: the role Configuration Read Only has that right."
        return wrong(AREA, "Agreements may not be read, so nobody can register.", todo)
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    match shown:
        case NotOffered(reason):
            return wrong(AREA, f"{reason} So nobody can register.", "Look at flow.p1AgreementId, and at the agreement.")
        case Agreement():
            return ok(AREA, f"Terms to accept: {clean(shown.title, _NAME)} ({clean(shown.locale, _NAME)}).")


async def _devices(api: Api, policy_id: str, wanted: tuple[str, ...], *, passwordless: bool) -> Finding:
    try:
        policy = await policies.read(api, policy_id)
    except (NotFoundError, UnauthorizedError):
        return warning(AREA, "The MFA policy cannot be read, so nobody knows which devices can be added.", "See above.")
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    return judged(policy, wanted, passwordless=passwordless)


def judged(policy: MfaPolicy | None, wanted: tuple[str, ...], *, passwordless: bool) -> Finding:
    """What the policy lets customers add; without any, who has no password cannot finish."""
    kinds, closed = (policy.kinds, policy.closed) if policy else ({}, ())
    asked = [kind for kind in ADDABLE if kind in wanted]
    can = [kind for kind in asked if kinds.get(kind) and kind not in closed]
    todo = "Let the MFA policy pair them, or take them out of flow.allowedDeviceTypes."
    if not can:
        words = "nobody can register" if passwordless else "nobody registers without a password"
        return wrong(AREA, f"No device can be added, so {words}.", todo)
    if missing := [kind for kind in asked if kind not in can]:
        return warning(AREA, f"Nobody can add: {', '.join(missing)}.", todo)
    return ok(AREA, f"Customers can add: {', '.join(can)}.")
