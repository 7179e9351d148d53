from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import ids, people
from csrdesk.sandbox.agreement_texts import NEXT_REVISION
from tests.sandbox.conftest import Desk, Json, error_of, token

WHO = people.ONE_DEVICE


async def languages(desk: Desk, agreement: str = ids.AGREEMENT) -> dict[str, Json]:
    answer = await desk.http.get(desk.api(f"/agreements/{agreement}/languages"))
    return {one["locale"]: one for one in answer.json()["_embedded"]["languages"]}


async def shown(desk: Desk, locale: str = "en", agreement: str = ids.AGREEMENT) -> Json:
    language = (await languages(desk, agreement))[locale]
    current = language["currentRevision"]
    assert isinstance(current, dict)
    url = desk.api(f"/agreements/{agreement}/languages/{language['id']}/revisions/{current['id']}")
    body: Json = (await desk.http.get(url)).json()
    return body


async def say(desk: Desk, verb: str, agreement: str = ids.AGREEMENT, body: object = None) -> httpx.Response:
    return await desk.verb(desk.user_url(WHO, f"/agreementConsents/{agreement}"), verb, body)


def to(revision: Json) -> Json:
    return {"language": revision["language"], "revision": {"id": revision["id"]}}


async def consent(desk: Desk, agreement: str = ids.AGREEMENT) -> httpx.Response:
    return await desk.http.get(desk.user_url(WHO, f"/agreementConsents/{agreement}"))


async def later(desk: Desk, by: timedelta) -> None:
    """Moves the clock; the token of before is too old then."""
    desk.box.clock.move(by)
    desk.http.headers["authorization"] = f"Bearer {await token(desk.http, desk.at)}"


async def test_an_agreement_has_several_languages_and_says_which_revision_counts(desk: Desk) -> None:
    assert set(await languages(desk)) == {"en", "de", "fr-FR"}
    english = await shown(desk)
    assert english["contentType"] == "text/html"
    assert "<script>" in str(english["text"])
    assert (await shown(desk, agreement=ids.AGREEMENT_PLAIN))["contentType"] == "text/plain"


async def test_a_new_revision_counts_from_its_moment_on(desk: Desk) -> None:
    before = await shown(desk)
    await later(desk, NEXT_REVISION + timedelta(seconds=1))
    after = await shown(desk)
    assert after["id"] != before["id"]
    assert after["effectiveAt"] == before["notValidAfter"]


async def test_a_consent_is_kept_with_the_text_it_was_for(desk: Desk) -> None:
    assert (await consent(desk)).status_code == 404
    revision = await shown(desk, "de")
    said = await say(desk, "consent.accept", body=to(revision))
    assert (said.status_code, said.json()["status"]) == (200, "ACCEPTED")
    read = (await consent(desk)).json()
    assert read["lastConsent"]["revision"]["id"] == revision["id"]
    listed = (await desk.http.get(desk.user_url(WHO, "/agreementConsents"))).json()
    assert [one["agreement"]["id"] for one in listed["_embedded"]["agreementConsents"]] == [ids.AGREEMENT]


async def test_a_consent_ends_when_it_is_revoked_too_old_or_overtaken(desk: Desk) -> None:
    await say(desk, "consent.accept", body=to(await shown(desk)))
    await say(desk, "consent.accept", ids.AGREEMENT_PLAIN, to(await shown(desk, agreement=ids.AGREEMENT_PLAIN)))
    await later(desk, NEXT_REVISION + timedelta(seconds=1))
    assert (await consent(desk)).json()["status"] == "EXPIRED"
    assert (await consent(desk, ids.AGREEMENT_PLAIN)).json()["status"] == "ACCEPTED"
    await later(desk, timedelta(days=365))
    assert (await consent(desk, ids.AGREEMENT_PLAIN)).json()["status"] == "EXPIRED"
    assert (await say(desk, "consent.revoke")).json()["status"] == "REVOKED"


async def test_nobody_agrees_to_a_text_that_does_not_count(desk: Desk) -> None:
    english, german = await shown(desk), await shown(desk, "de")
    mixed = {"language": english["language"], "revision": {"id": german["id"]}}
    refused = await say(desk, "consent.accept", body=mixed)
    assert refused.json()["details"][0]["target"] == "revision.id"
    refused = await say(desk, "consent.accept", body={**to(english), "language": {"id": "no"}})
    assert refused.json()["details"][0]["target"] == "language.id"
    await later(desk, NEXT_REVISION + timedelta(seconds=1))
    assert error_of(await say(desk, "consent.accept", body=to(english))) == (400, "INVALID_DATA", "INVALID_VALUE")
    off = await say(desk, "consent.accept", ids.AGREEMENT_OFF, to(await shown(desk)))
    assert error_of(off) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")
    assert (await say(desk, "consent.revoke")).status_code == 404


@pytest.mark.parametrize("path", ["", "/languages", f"/languages/{ids.AGREEMENT}", "/languages/x/revisions"])
async def test_what_is_no_agreement_is_not_found(desk: Desk, path: str) -> None:
    assert (await desk.http.get(desk.api(f"/agreements/{ids.FIDO2_POLICY}{path}"))).status_code == 404


async def test_every_resource_is_where_its_link_says(desk: Desk) -> None:
    seen = 0
    for agreement in (await desk.http.get(desk.api("/agreements"))).json()["_embedded"]["agreements"]:
        for language in (await languages(desk, agreement["id"])).values():
            url = desk.api(f"/agreements/{agreement['id']}/languages/{language['id']}")
            assert (await desk.http.get(url)).json() == language
            for revision in (await desk.http.get(f"{url}/revisions")).json()["_embedded"]["revisions"]:
                assert (await desk.http.get(revision["_links"]["self"]["href"])).json() == revision
                seen += 1
    assert seen >= 8
    spoken = (await desk.http.get(desk.api("/languages"))).json()["_embedded"]["languages"]
    assert [one["locale"] for one in spoken if one["default"]] == ["en"]
