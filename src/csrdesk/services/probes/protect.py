"""PingOne Protect: whether it may be asked, whether the risk policies of the settings exist, and the Signals script.

Nothing is evaluated: an evaluation of nobody would teach Protect something that never happened.
"""

from __future__ import annotations

import base64
import hashlib
import uuid

from csrdesk.config import ProtectSettings
from csrdesk.errors import NotFoundError, ServiceError, UnauthorizedError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.model.text import clean
from csrdesk.services import http
from csrdesk.services.pingone import risk, risk_policies
from csrdesk.services.pingone.api import Api

AREA = "PingOne Protect"
SIGNALS = "Signals script"
_NAME = 60
_LICENCE = "Give the worker application the role Identity Data Admin, and the environment PingOne Protect."
_LATER = "Look again in a moment."
_FETCH_SECONDS = 5.0


async def probe(api: Api, policies: dict[str, str], protect: ProtectSettings) -> tuple[Finding, ...]:
    """`policies`: the names of the settings that hold an id of a risk policy set, each with it."""
    found = [await _may_ask(api)]
    for key, policy_id in policies.items():
        if policy_id:
            found.append(await _exists(api, key, policy_id))
    if protect.signals_url:
        found.append(await _script(protect))
    return tuple(found)


async def _may_ask(api: Api) -> Finding:
    """By reading an evaluation that cannot be there: who may read them may make them, in each of PingOne's roles."""
    try:
        await risk.read(api, str(uuid.uuid4()))
    except NotFoundError:
        return ok(AREA, "Evaluations may be read.")
    except UnauthorizedError:
        return wrong(AREA, "Evaluations may not be read, so nobody's risk is known.", _LICENCE)
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    return warning(AREA, "PingOne shows an evaluation that was never made.", "Look at pingone.api_url.")


async def _exists(api: Api, key: str, policy_id: str) -> Finding:
    try:
        found = await risk_policies.read(api, policy_id)
    except NotFoundError:
        return wrong(AREA, f"PingOne has no risk policy set with the id in {key}.", "Correct the id.")
    except UnauthorizedError:
        return warning(AREA, f"Risk policy sets may not be read, so {key} was not compared.", _LICENCE)
    except ServiceError as error:
        return wrong(AREA, error.message, _LATER)
    return ok(AREA, f"{key}: {clean(found.name, _NAME)}.")


async def _script(protect: ProtectSettings) -> Finding:
    """Browsers refuse a script whose hash is another one, and then nobody would notice."""
    kind = protect.signals_integrity.partition("-")[0]
    client = http.open_client(protect.signals_url, timeout_seconds=_FETCH_SECONDS)
    try:
        request = client.build_request("GET", protect.signals_url)
        answer = await http.send(client, request, system="The server of the script", timeout_seconds=_FETCH_SECONDS)
    except ServiceError as error:
        return warning(SIGNALS, error.message, "It was asked from this machine: look whether browsers can load it.")
    finally:
        await client.aclose()
    if not answer.is_success:
        todo = "Correct protect.signals_url; until then address and browser have to do."
        return wrong(SIGNALS, f"Its address answers {answer.status_code}.", todo)
    made = f"{kind}-{base64.b64encode(hashlib.new(kind, answer.content).digest()).decode()}"
    if made != protect.signals_integrity:
        todo = "Look at what changed. If the script is Ping's, take its new hash; until then browsers refuse it."
        return wrong(SIGNALS, "The script there is another one than protect.signals_integrity says.", todo)
    return ok(SIGNALS, "It is the one that the settings name.")
