"""What a user said to an agreement (PingOne API, "User Agreement Consents"): read, accept, revoke.

The bodies of PingOne's answers are not published; their members and the words for the state are **inferred**.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import NotFoundError
from csrdesk.model.agreements import Agreement, Consent, ConsentState
from csrdesk.services.pingone.api import Api, path
from csrdesk.services.pingone.users import Reference

_STATES = {state.value: state for state in ConsentState}


class _Last(msgspec.Struct, frozen=True, rename="camel"):
    at: datetime | None = None
    expires_at: datetime | None = None
    language: Reference | None = None
    revision: Reference | None = None


class _Consent(msgspec.Struct, frozen=True, rename="camel"):
    status: str
    last_consent: _Last = _Last()


class _Any(msgspec.Struct, frozen=True):
    """An answer of which nothing is needed: the consent is read afterwards."""


class _Accept(msgspec.Struct, frozen=True):
    language: Reference
    revision: Reference


async def read(api: Api, user_id: str, agreement_id: str) -> Consent:
    """What counts now; `NONE` where PingOne knows of nothing."""
    try:
        got = (await api.get(_url(api, user_id, agreement_id), _Consent)).body
    except NotFoundError:
        return Consent()
    last = got.last_consent
    return Consent(
        _STATES.get(got.status, ConsentState.UNKNOWN),
        at=last.at,
        expires_at=last.expires_at,
        language_id=last.language.id if last.language else "",
        revision_id=last.revision.id if last.revision else "",
    )


async def accept(api: Api, user_id: str, agreement: Agreement) -> str:
    """Say yes to exactly the text that was shown, once; gives the correlation id.

    Raises `RefusedError` where that text is not the valid one any more.
    """
    said = _Accept(Reference(agreement.language_id), Reference(agreement.revision_id))
    got = await api.post(_url(api, user_id, agreement.id), said, _Any, media="consent.accept")
    return got.correlation_id


async def revoke(api: Api, user_id: str, agreement_id: str) -> str:
    """Take it back; gives the correlation id."""
    return (await api.act(_url(api, user_id, agreement_id), "consent.revoke", _Any)).correlation_id


def _url(api: Api, user_id: str, agreement_id: str) -> str:
    return f"{api.api_url}/{path('users', user_id, 'agreementConsents', agreement_id)}"
