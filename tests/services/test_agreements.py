"""Agreements and consents over HTTP: which text is shown, and what was said to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from csrdesk.config import Settings
from csrdesk.errors import InvalidValueError, NotFoundError, UnauthorizedError, UnexpectedAnswerError
from csrdesk.model.agreements import Agreement, Consent, ConsentState
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.sandbox.agreement_texts import NEXT_REVISION
from csrdesk.services.keys import Secrets
from csrdesk.services.pingone import agreements, consents, users
from csrdesk.services.pingone.agreements import NotOffered
from csrdesk.services.pingone.api import Api, open_api
from tests.services.conftest import Calls
from tests.services.scripted import TOKEN as TOKEN_ANSWER
from tests.services.scripted import Say, by_path, in_order, scripted
from tests.services.test_pingone_calls import api_of


@pytest.fixture
async def api(settings: Settings, secrets: Secrets) -> AsyncIterator[Api]:
    opened = open_api(settings.pingone, secrets.pingone)
    yield opened
    await opened.close()


@pytest.fixture
def who(box: Sandbox) -> str:
    return box.world.user(people.ONE_DEVICE).id


async def shown(api: Api, *wanted: str, agreement: str = ids.AGREEMENT) -> Agreement:
    result = await agreements.present(api, agreement, wanted)
    assert isinstance(result, Agreement), result
    return result


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        (("de",), "de"),
        (("DE-ch", "fr"), "de"),
        (("fr",), "fr-FR"),
        (("ja", "fr-CA"), "fr-FR"),
        (("ja",), "en"),
        ((), "en"),
    ],
)
async def test_the_text_is_in_the_language_that_fits_best(api: Api, wanted: tuple[str, ...], locale: str) -> None:
    found = await shown(api, *wanted)
    assert found.locale == locale
    assert found.html
    assert found.title
    assert found.accept
    assert found.proceed
    assert found.decline


async def test_all_that_leads_to_the_text_is_asked_at_once(api: Api, box: Sandbox, calls: Calls) -> None:
    await users.any_there(api)
    box.faults.add(path="/(agreements|languages)", latency_ms=200)
    calls.seen.clear()
    await shown(api, "de")
    assert calls.one_after_the_other() == 2


async def test_a_default_language_that_cannot_be_read_is_missed_only_where_it_is_needed(api: Api, box: Sandbox) -> None:
    box.faults.add(path="/environments/[^/]+/languages$", status=403)
    assert (await shown(api, "de")).locale == "de"
    with pytest.raises(UnauthorizedError):
        await shown(api, "ja")


async def test_plain_text_is_plain_and_words_may_be_missing(api: Api) -> None:
    found = await shown(api, agreement=ids.AGREEMENT_PLAIN)
    assert (found.html, found.accept, found.proceed, found.decline) == (False, "", "", "")
    assert "<b>" in found.text


async def test_the_revision_is_the_one_that_counts_now(box: Sandbox, settings: Settings, secrets: Secrets) -> None:
    texts = []
    for _ in range(2):
        api = open_api(settings.pingone, secrets.pingone)
        texts.append((await shown(api)).revision_id)
        await api.close()
        box.clock.move(NEXT_REVISION)
    assert texts[0] != texts[1]


async def test_an_agreement_that_is_off_or_unknown_is_not_offered(api: Api) -> None:
    for agreement in (ids.AGREEMENT_OFF, ids.FIDO2_POLICY, "no id/at all"):
        result = await agreements.present(api, agreement, ())
        assert isinstance(result, NotOffered), agreement
        assert result.reason


async def test_an_agreement_without_a_text_in_a_known_language_is_not_offered() -> None:
    languages = [
        {"id": "l-1", "locale": "it", "displayName": "T", "enabled": False, "currentRevision": {"id": "r-1"}},
        {"id": "l-2", "locale": "de", "displayName": "T", "enabled": True},
    ]
    answers = (
        ("/as/token", TOKEN_ANSWER),
        ("/agreements/a-1/languages", Say(body={"_embedded": {"languages": languages}})),
        ("/agreements/a-1", Say(body={"id": "a-1", "enabled": True})),
        ("/languages", Say(body={"_embedded": {"languages": [{"locale": "it", "default": True}]}})),
    )
    async with scripted(by_path(answers)) as server:
        api = api_of(server)
        assert isinstance(await agreements.present(api, "a-1", ("it", "de")), NotOffered)
        await api.close()


async def test_a_consent_is_for_the_very_text_that_was_shown(api: Api, who: str) -> None:
    assert await consents.read(api, who, ids.AGREEMENT) == Consent(ConsentState.NONE)
    text = await shown(api, "de")
    assert await consents.accept(api, who, text)
    said = await consents.read(api, who, ids.AGREEMENT)
    assert said.accepted
    assert said.at
    assert (said.language_id, said.revision_id) == (text.language_id, text.revision_id)


async def test_a_consent_can_be_taken_back_and_ends_with_its_text(
    box: Sandbox, settings: Settings, secrets: Secrets, api: Api, who: str
) -> None:
    old = await shown(api)
    await consents.accept(api, who, old)
    assert await consents.revoke(api, who, ids.AGREEMENT)
    assert (await consents.read(api, who, ids.AGREEMENT)).state is ConsentState.REVOKED
    await consents.accept(api, who, old)
    box.clock.move(NEXT_REVISION + timedelta(seconds=1))
    later = open_api(settings.pingone, secrets.pingone)
    said = await consents.read(later, who, ids.AGREEMENT)
    assert (said.state, said.accepted) == (ConsentState.EXPIRED, False)
    assert said.expires_at
    with pytest.raises(InvalidValueError):
        await consents.accept(later, who, old)
    await later.close()


async def test_nothing_is_revoked_that_was_never_said(api: Api, who: str) -> None:
    with pytest.raises(NotFoundError):
        await consents.revoke(api, who, ids.AGREEMENT)


async def test_a_word_that_nobody_knows_counts_for_nothing() -> None:
    async with scripted(in_order(Say(body={"status": "PENDING"}), Say(body={"something": "else"}))) as server:
        api = api_of(server)
        said = await consents.read(api, "u-1", "a-1")
        assert (said.state, said.accepted) == (ConsentState.UNKNOWN, False)
        with pytest.raises(UnexpectedAnswerError):
            await consents.read(api, "u-1", "a-1")
        await api.close()
