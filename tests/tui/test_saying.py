"""The line to say fits why the agent is on the screen: nobody reads out what is not so."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.flows import prompts as p
from csrdesk.model.people import directory_id
from tests.samples import ADA, AGENT
from tests.tui.easel import easel
from tests.tui.reading import words


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "May I mail you the link now"),
        ({"note": "Time ran out before the caller was verified."}, "May I mail you a new link"),
        ({"note": "They cannot be verified for 4 hours.", "refused": True}, "I cannot send you a link now"),
        ({"note": "Somebody may be trying to get in.", "warned": True}, "I am looking at something"),
        ({"note": "The mail server said no.", "code": "unavailable"}, "I am looking at something"),
    ],
)
async def test_what_is_said_before_a_link_is_sent_does_not_say_that_it_is(
    asked: dict[str, str | bool], said: str
) -> None:
    form = p.MagicLinkFormPrompt(ADA)
    app = easel(replace(form, **asked))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = words(app)
    assert said in seen
    assert "I am sending" not in seen


@pytest.mark.parametrize("frozen", [True, False])
async def test_r_21_whoever_may_be_somebody_else_is_told_good_bye_and_no_more(frozen: bool) -> None:
    prompt = AGENT["unverifiable_card"]
    app = easel(msgspec.structs.replace(prompt, frozen=frozen))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert ("I cannot go on with this. Good-bye." in words(app)) is frozen


async def test_an_address_that_pingone_was_not_asked_about_is_not_said_to_be_unverified() -> None:
    prompt = AGENT["unverifiable_card"]
    for person_id, doubted in (("person-1", True), (directory_id("CN=Ada,DC=care,DC=example"), False)):
        person = replace(ADA, id=person_id, email_verified=False)
        app = easel(msgspec.structs.replace(prompt, person=person))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert ("(not verified)" in words(app)) is doubted


@pytest.mark.parametrize("reference", ["pingone-7", ""])
async def test_where_pingone_could_not_be_asked_there_is_a_reference_to_quote(reference: str) -> None:
    asked = p.UsernamePrompt(
        note="Nobody was looked up.", code="unavailable", details="status=500", reference=reference
    )
    card = msgspec.structs.replace(AGENT["unverifiable_card"], code="unavailable", reference=reference)
    for prompt in (asked, card):
        app = easel(prompt)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.pause()
            seen = " ".join(words(app).split())
        assert "Reference" in seen
        assert (reference or "call-1") in seen
