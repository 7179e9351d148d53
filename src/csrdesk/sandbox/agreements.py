"""Agreements, their languages and revisions, and the environment's languages, read only.

PingOne API, "Agreement Management" and "Languages". Which revision counts follows from the clock.
"""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.agreement_texts import AGREEMENTS, DEFAULT_LOCALE, Agreement, Language, Revision
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp

_LOCALES = {"en": "English", "de": "German", "fr": "French", "fr-FR": "French (France)"}


def found_agreement(call: Call) -> Agreement:
    """The agreement in the path; 404 where there is none."""
    wanted = call.path["agreement"].lower()
    for agreement in AGREEMENTS:
        if agreement.id == wanted:
            return agreement
    raise not_found()


def current_revision(call: Call, language: Language) -> Revision | None:
    """The last one that counts already."""
    now, started_at = call.clock.now(), call.world.started_at
    return next((one for one in reversed(language.revisions) if one.begins(started_at) <= now), None)


def not_valid_after(call: Call, language: Language, revision: Revision) -> datetime | None:
    """When a later revision that asks everybody again begins to count; None where none is known."""
    later = language.revisions[language.revisions.index(revision) + 1 :]
    return next((one.begins(call.world.started_at) for one in later if one.reconsent), None)


def _agreement_url(call: Call, agreement: Agreement) -> str:
    return f"{call.api}/agreements/{agreement.id}"


def _agreement(call: Call, agreement: Agreement) -> Json:
    url = _agreement_url(call, agreement)
    body: dict[str, object] = {
        "_links": {"self": link(url), "environment": link(call.api), "languages": link(f"{url}/languages")},
        "id": agreement.id,
        "environment": {"id": ids.ENVIRONMENT},
        "name": agreement.name,
        "enabled": agreement.enabled,
    }
    if agreement.reconsent_days:
        body["reconsentPeriodDays"] = agreement.reconsent_days
    return body


def _language(call: Call, agreement: Agreement, language: Language) -> Json:
    url = f"{_agreement_url(call, agreement)}/languages/{language.id}"
    body: dict[str, object] = {
        "_links": {"self": link(url), "agreement": link(_agreement_url(call, agreement))},
        "id": language.id,
        "agreement": {"id": agreement.id},
        "locale": language.locale,
        "displayName": language.title,
        "enabled": language.enabled,
    }
    if revision := current_revision(call, language):
        body["currentRevision"] = {"id": revision.id}
    if language.accept:
        body["userExperience"] = {
            "acceptCheckboxText": language.accept,
            "continueButtonText": language.proceed,
            "declineButtonText": language.decline,
        }
    return body


def _revision(call: Call, agreement: Agreement, language: Language, revision: Revision) -> Json:
    url = f"{_agreement_url(call, agreement)}/languages/{language.id}"
    body: dict[str, object] = {
        "_links": {"self": link(f"{url}/revisions/{revision.id}"), "language": link(url)},
        "id": revision.id,
        "agreement": {"id": agreement.id},
        "language": {"id": language.id},
        "contentType": "text/html" if revision.html else "text/plain",
        "effectiveAt": stamp(revision.begins(call.world.started_at)),
        "requireReconsent": revision.reconsent,
        "text": revision.text,
    }
    if ends := not_valid_after(call, language, revision):
        body["notValidAfter"] = stamp(ends)
    return body


def _found_language(call: Call, agreement: Agreement) -> Language:
    wanted = call.path["language"].lower()
    for language in agreement.languages:
        if language.id == wanted:
            return language
    raise not_found()


def list_agreements(call: Call) -> Response:
    """GET agreements."""
    return hal(page("agreements", [_agreement(call, one) for one in AGREEMENTS], call.href))


def read_agreement(call: Call) -> Response:
    """GET agreement."""
    return hal(_agreement(call, found_agreement(call)))


def list_languages(call: Call) -> Response:
    """GET an agreement's languages."""
    agreement = found_agreement(call)
    return hal(page("languages", [_language(call, agreement, one) for one in agreement.languages], call.href))


def read_language(call: Call) -> Response:
    """GET an agreement's language."""
    agreement = found_agreement(call)
    return hal(_language(call, agreement, _found_language(call, agreement)))


def list_revisions(call: Call) -> Response:
    """GET revisions."""
    agreement = found_agreement(call)
    language = _found_language(call, agreement)
    items = [_revision(call, agreement, language, one) for one in language.revisions]
    return hal(page("revisions", items, call.href))


def read_revision(call: Call) -> Response:
    """GET revision, with its text."""
    agreement = found_agreement(call)
    language = _found_language(call, agreement)
    wanted = call.path["revision"].lower()
    for revision in language.revisions:
        if revision.id == wanted:
            return hal(_revision(call, agreement, language, revision))
    raise not_found()


def list_environment_languages(call: Call) -> Response:
    """GET the environment's languages; one of them is the default."""
    items: list[Json] = [
        {
            "_links": {"self": link(f"{call.api}/languages/{id_}"), "environment": link(call.api)},
            "id": id_,
            "environment": {"id": ids.ENVIRONMENT},
            "name": name,
            "locale": locale,
            "enabled": True,
            "default": locale == DEFAULT_LOCALE,
            "customerAdded": locale != DEFAULT_LOCALE,
            "createdAt": "2018-01-02T08:00:00.000Z",
            "updatedAt": "2018-01-02T08:00:00.000Z",
        }
        for locale, name in _LOCALES.items()
        for id_ in [ids.stable("language", locale)]
    ]
    return hal(page("languages", items, call.href))
