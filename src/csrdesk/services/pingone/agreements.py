"""Agreements (PingOne API, "Agreements Management"): one text in the reader's language, as it is valid now.

PingOne has no call that says which text somebody is to read, so the choice is made here: the agreement's languages,
then the current revision of the one that fits.
"""

from __future__ import annotations

import asyncio

import msgspec

from csrdesk.errors import NotFoundError
from csrdesk.model.agreements import Agreement, choose
from csrdesk.services.attempts import attempt, sure
from csrdesk.services.pingone.api import Api, Links, path
from csrdesk.services.pingone.users import Reference


class NotOffered(msgspec.Struct, frozen=True):
    """There is no text to show; why, for people who keep the agreements."""

    reason: str


_UNKNOWN = "PingOne knows no agreement by that id."


class _Agreement(msgspec.Struct, frozen=True):
    id: str
    enabled: bool


class _Experience(msgspec.Struct, frozen=True, rename="camel"):
    accept_checkbox_text: str = ""
    continue_button_text: str = ""
    decline_button_text: str = ""


class _Language(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    locale: str
    display_name: str
    enabled: bool
    current_revision: Reference | None = None
    user_experience: _Experience = _Experience()


class _Languages(msgspec.Struct, frozen=True):
    languages: tuple[_Language, ...] = ()


class _LanguagePage(msgspec.Struct, frozen=True):
    embedded: _Languages = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


class _Revision(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    content_type: str
    text: str


class _Spoken(msgspec.Struct, frozen=True):
    locale: str
    default: bool = False


class _SpokenLanguages(msgspec.Struct, frozen=True):
    languages: tuple[_Spoken, ...] = ()


class _SpokenPage(msgspec.Struct, frozen=True):
    embedded: _SpokenLanguages = msgspec.field(name="_embedded")
    links: Links = msgspec.field(name="_links", default=Links())


async def present(api: Api, agreement_id: str, wanted: tuple[str, ...]) -> Agreement | NotOffered:
    """The text that is valid now, in the wanted language that fits best, otherwise in the environment's own.

    All that leads to it is asked at once: somebody waits for the page.
    """
    try:
        url = f"{api.api_url}/{path('agreements', agreement_id)}"
    except NotFoundError:
        return NotOffered(_UNKNOWN)
    asked, every, default = await asyncio.gather(
        attempt(api.get(url, _Agreement)), attempt(_languages(api, url)), attempt(_default_locale(api))
    )
    if isinstance(asked, NotFoundError):
        return NotOffered(_UNKNOWN)
    if not sure(asked).body.enabled:
        return NotOffered("The agreement is switched off in PingOne.")
    ready = {one.locale: (one, one.current_revision) for one in sure(every) if one.enabled and one.current_revision}
    locale = choose(tuple(ready), wanted, "") or choose(tuple(ready), (), sure(default))
    if locale is None:
        return NotOffered("The agreement has no text in PingOne's default language.")
    language, current = ready[locale]
    revision_url = f"{url}/{path('languages', language.id, 'revisions', current.id)}"
    return _as_read(agreement_id, language, (await api.get(revision_url, _Revision)).body)


async def _languages(api: Api, url: str) -> list[_Language]:
    pages = await api.pages(f"{url}/languages", _LanguagePage, lambda page: page.links)
    return [language for page in pages for language in page.body.embedded.languages]


async def _default_locale(api: Api) -> str:
    pages = await api.pages(f"{api.api_url}/languages", _SpokenPage, lambda page: page.links)
    return next((one.locale for page in pages for one in page.body.embedded.languages if one.default), "")


def _as_read(agreement_id: str, language: _Language, revision: _Revision) -> Agreement:
    words = language.user_experience
    return Agreement(
        id=agreement_id,
        language_id=language.id,
        revision_id=revision.id,
        locale=language.locale,
        title=language.display_name,
        text=revision.text,
        html=revision.content_type == "text/html",
        accept=words.accept_checkbox_text,
        proceed=words.continue_button_text,
        decline=words.decline_button_text,
    )
