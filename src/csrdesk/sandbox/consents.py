"""What users said to agreements: read, accept, revoke. PingOne API, "User Agreement Consents".

The answers' bodies are not published. Their members are inferred, and so are the words REVOKED and EXPIRED, and 404
where somebody was never asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.agreement_texts import AGREEMENTS, Agreement, Language
from csrdesk.sandbox.agreements import current_revision, found_agreement, not_valid_after
from csrdesk.sandbox.answers import Json, failed, hal, invalid, link, not_found, page
from csrdesk.sandbox.calls import Call, by_media, ping_media
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import Consent, User
from csrdesk.sandbox.users import found_user


class _Ref(msgspec.Struct, frozen=True):
    id: str


class _Accept(msgspec.Struct, frozen=True):
    language: _Ref
    revision: _Ref


def _ends(call: Call, agreement: Agreement, consent: Consent) -> datetime | None:
    """When the consent counts no more: by its age, or because of a newer text."""
    moments = [consent.at + timedelta(days=agreement.reconsent_days)] if agreement.reconsent_days else []
    moments += [
        ends
        for language in agreement.languages
        for revision in language.revisions
        if revision.id == consent.revision_id and (ends := not_valid_after(call, language, revision))
    ]
    return min(moments, default=None)


def _status(call: Call, consent: Consent, ends: datetime | None) -> str:
    if consent.revoked:
        return "REVOKED"
    return "EXPIRED" if ends is not None and ends <= call.clock.now() else "ACCEPTED"


def _resource(call: Call, user: User, agreement: Agreement, consent: Consent) -> Json:
    ends = _ends(call, agreement, consent)
    said = {"language": {"id": consent.language_id}, "revision": {"id": consent.revision_id}}
    last: dict[str, object] = {"at": stamp(consent.at), **said}
    if ends is not None:
        last["expiresAt"] = stamp(ends)
    user_url = f"{call.api}/users/{user.id}"
    return {
        "_links": {"self": link(f"{user_url}/agreementConsents/{agreement.id}"), "user": link(user_url)},
        "environment": {"id": ids.ENVIRONMENT},
        "user": {"id": user.id},
        "agreement": {"id": agreement.id},
        "status": _status(call, consent, ends),
        **said,
        "lastConsent": last,
    }


def _said(user: User, agreement: Agreement) -> Consent | None:
    return next((one for one in user.consents if one.agreement_id == agreement.id), None)


def _keep(user: User, consent: Consent) -> None:
    user.consents = [one for one in user.consents if one.agreement_id != consent.agreement_id] + [consent]


def list_consents(call: Call) -> Response:
    """GET agreementConsents."""
    user = found_user(call)
    said = [(agreement, _said(user, agreement)) for agreement in AGREEMENTS]
    items = [_resource(call, user, agreement, consent) for agreement, consent in said if consent]
    return hal(page("agreementConsents", items, call.href))


def read_consent(call: Call) -> Response:
    """GET agreementConsent."""
    user, agreement = found_user(call), found_agreement(call)
    consent = _said(user, agreement)
    if consent is None:
        raise not_found()
    return hal(_resource(call, user, agreement, consent))


def _language_of(agreement: Agreement, id_: str) -> Language:
    for language in agreement.languages:
        if language.id == id_.lower():
            return language
    raise invalid("language.id")


def _accept(call: Call) -> Response:
    """consent.accept: to the revision that counts now, and to no other."""
    user, agreement = found_user(call), found_agreement(call)
    body = call.decode(_Accept)
    if not agreement.enabled:
        raise failed("CONSTRAINT_VIOLATION", "The agreement is disabled.", target="agreement")
    language = _language_of(agreement, body.language.id)
    revision = current_revision(call, language)
    if revision is None or revision.id != body.revision.id.lower():
        raise invalid("revision.id", "The revision is not the current one.")
    consent = Consent(agreement.id, language.id, revision.id, call.clock.now())
    _keep(user, consent)
    call.note("AGREEMENT.CONSENT_ACCEPTED", "Agreement Consent Accepted", user)
    return hal(_resource(call, user, agreement, consent))


def _revoke(call: Call) -> Response:
    """consent.revoke."""
    user, agreement = found_user(call), found_agreement(call)
    consent = _said(user, agreement)
    if consent is None:
        raise not_found()
    revoked = msgspec.structs.replace(consent, revoked=True)
    _keep(user, revoked)
    call.note("AGREEMENT.CONSENT_REVOKED", "Agreement Consent Revoked", user)
    return hal(_resource(call, user, agreement, revoked))


def act_on_consent(call: Call) -> Response:
    """POST agreementConsent: the content type is the verb."""
    return by_media(call, {ping_media("consent.accept"): _accept, ping_media("consent.revoke"): _revoke})
