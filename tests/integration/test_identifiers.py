"""What an agent reads after typing something that finds nobody, several people, or somebody who cannot be verified."""

from __future__ import annotations

import pytest

from csrdesk.flows import prompts as p
from csrdesk.sandbox import people
from tests.integration.conftest import World, words_of

NOBODY = "PingOne knows nobody by that. Check the spelling, or ask for the number."
TOO_LONG = "Nobody was looked up: this is longer than any name, address or number. Type it once more."
NOT_TYPED = "Nobody was looked up: this holds characters that nobody can type. Type it once more."


@pytest.mark.parametrize(
    ("identifier", "words", "code"),
    [
        ("nobody at all", NOBODY, "not_found"),
        ("", "Type a user name, mail address, customer number or phone.", "invalid_value"),
        (" \t ", "Type a user name, mail address, customer number or phone.", "invalid_value"),
        ("x" * 10_000, TOO_LONG, "invalid_value"),
        ("ada\x1b[31m", NOT_TYPED, "invalid_value"),
        ("ada\x00", NOT_TYPED, "invalid_value"),
        ("\ud800", NOT_TYPED, "invalid_value"),
        ("*", NOBODY, "not_found"),
        ("*)(uid=*))(|(uid=*", NOBODY, "not_found"),
        ('" or enabled eq true or username eq "', NOBODY, "not_found"),
        ("' OR 1=1 --", NOBODY, "not_found"),
        ("\u202eada", NOBODY, "not_found"),
        ("<script>alert(1)</script>", NOBODY, "not_found"),
    ],
)
async def test_r_45_what_names_nobody_finds_nobody_and_says_what_to_do(
    world: World, identifier: str, words: str, code: str
) -> None:
    call = await world.looked_up(identifier)
    asked = call.sees(p.UsernamePrompt)
    assert (asked.note, asked.code) == (words, code)
    await call.look_up(people.ONE_DEVICE)  # and the call goes on
    assert call.sees(p.CardPrompt).person.username == people.ONE_DEVICE


async def test_r_45_a_name_full_of_metacharacters_finds_the_one_who_bears_it(world: World) -> None:
    call = await world.looked_up(people.HOSTILE_USERNAME)
    assert call.sees(p.CardPrompt).person.username == people.HOSTILE_USERNAME


async def test_an_ambiguous_address_lists_who_it_may_be_and_picks_nobody(world: World) -> None:
    several = (await world.looked_up("berg@family.example")).sees(p.SeveralFoundPrompt)
    assert {(who.username, who.number_ending) for who in several.people} == {("jonas", "50"), ("jonna", "51")}
    assert {who.email for who in several.people} == {"b***g@f***.example"}


@pytest.mark.parametrize(
    ("username", "kind", "words"),
    [
        (people.ONLY_AD, p.UsernamePrompt, "only in AD, so PingOne cannot verify the caller. Hand the call to"),
        (people.NO_EMAIL, p.UnverifiableCardPrompt, "no mail address on record, so no link can be sent."),
        (people.UNVERIFIED_EMAIL, p.UnverifiableCardPrompt, "never verified, so a link to it proves nothing."),
        (people.MFA_OFF, p.UnverifiableCardPrompt, "MFA is switched off for this person"),
        (people.DEVICE_LOCKED, p.UnverifiableCardPrompt, "A device is registered, but none can be used now."),
        (people.PROTECTED, p.ProtectedPrompt, "This account is protected. Nobody at the help desk acts on it."),
        (people.PROTECTED_BY_GROUP, p.ProtectedPrompt, "This account is protected."),
    ],
)
async def test_who_cannot_be_verified_is_said_with_the_reason(
    world: World, username: str, kind: type[p.UsernamePrompt], words: str
) -> None:
    call = await world.looked_up(username)
    call.sees(kind)
    assert words in words_of(call)
