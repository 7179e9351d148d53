from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from csrdesk.config import PingOneSettings
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.pingone.api import open_api
from tests.services.conftest import AGENT, Do, Links
from tests.services.scripted import TOKEN, Say, by_path, scripted


async def find_any(do: Do, identifier: str) -> Reply:
    """Also where PingOne is away, and the directory alone answers."""
    return await do(fx.FindUser(identifier=identifier))


async def find(do: Do, identifier: str) -> r.UserFound | r.SeveralUsers | r.NoSuchUser | r.OnlyInDirectory | Failed:
    reply = await do(fx.FindUser(identifier=identifier))
    assert isinstance(reply, r.UserFound | r.SeveralUsers | r.NoSuchUser | r.OnlyInDirectory | Failed)
    return reply


@pytest.mark.parametrize("by", ["ada", "ADA@mail.example", "4711-000041", "+44.7700900041", "+44 7700 900041", " ada "])
async def test_somebody_is_found_by_each_kind_of_identifier(do: Do, box: Sandbox, by: str) -> None:
    reply = await find(do, by)
    assert isinstance(reply, r.UserFound)
    person = reply.person
    assert person.id == box.world.user(people.ONE_DEVICE).id
    assert (person.name, person.email, person.number_ending) == ("Ada Lindqvist", "a***@m***.example", "41")
    assert person.population == "Care staff"
    assert reply.correlation_id


async def test_two_people_with_one_address_are_both_shown(do: Do) -> None:
    reply = await find(do, "berg@family.example")
    assert isinstance(reply, r.SeveralUsers)
    assert [person.given for person in reply.people] == ["Jonas", "Jonna"]
    assert not reply.more


async def test_at_most_twenty_are_listed_and_that_there_are_more_is_said(do: Do, box: Sandbox) -> None:
    for user in list(box.world.users.values())[:30]:
        user.email = "shared@family.example"
    reply = await find(do, "shared@family.example")
    assert isinstance(reply, r.SeveralUsers)
    assert (len(reply.people), reply.more) == (20, True)


async def test_somebody_whom_only_the_directory_knows_is_said_to_be_there_alone(do: Do) -> None:
    assert isinstance(await find(do, people.ONLY_AD), r.OnlyInDirectory)


async def test_a_star_is_a_character_and_not_everybody(do: Do) -> None:
    assert isinstance(await find(do, "*"), r.NoSuchUser)


async def test_the_directory_being_away_does_not_hide_pingones_users(do: Do, box: Sandbox) -> None:
    box.faults.add(path="^/directory", status=503)
    assert isinstance(await find(do, "ada"), r.UserFound)
    nobody = await find(do, people.ONLY_AD)
    assert isinstance(nobody, r.NoSuchUser)
    assert nobody.words.startswith("PingOne knows nobody by that, and AD cannot be asked now. The directory")


async def test_who_is_nowhere_is_not_said_to_be_unasked_in_ad(do: Do) -> None:
    nobody = await find(do, "nobody.at.all")
    assert isinstance(nobody, r.NoSuchUser)
    assert (nobody.unasked, nobody.words) == ("", "PingOne knows nobody by that.")


@pytest.mark.parametrize("username", ["ada", people.ONLY_PINGONE])
async def test_what_failed_is_in_the_log_with_its_reference_and_without_the_person(
    do: Do, box: Sandbox, caplog: pytest.LogCaptureFixture, username: str
) -> None:
    box.faults.add(path="/users$", status=500)
    address = box.world.user(username).email
    reply = await find_any(do, address)
    told = [record.getMessage() for record in caplog.records if record.name.endswith("performer.failures")]
    assert len(told) == 1
    assert told[0].startswith("lookup: PingOne unavailable: status=500")
    assert told[0].endswith(f"reference={reply.correlation_id}")
    assert address not in caplog.text


async def test_r_21_devices_are_read_with_until_when_their_owner_is_frozen(do: Do, box: Sandbox, links: Links) -> None:
    effect = fx.ReadDevices(person_id=box.world.user("ada").id)
    for frozen in (None, datetime(2026, 3, 2, 14, 5, tzinfo=UTC)):
        links.frozen = frozen
        reply = await do(effect)
        assert isinstance(reply, r.DevicesRead)
        assert reply.devices.frozen_until == frozen


async def test_populations_being_away_leaves_their_names_empty(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/populations", status=500)
    reply = await find(do, "ada")
    assert isinstance(reply, r.UserFound)
    assert reply.person.population == ""


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 503}, "unavailable"),
        ({"status": 429, "retry_after": 60}, "rate_limited"),
        ({"status": 403}, "unauthorized"),
        ({"wrong_shape": True}, "unexpected_answer"),
        ({"cut": True}, "unreachable"),
    ],
)
async def test_pingone_being_away_is_a_problem_in_words(
    do: Do, box: Sandbox, fault: dict[str, object], code: str
) -> None:
    box.faults.add(path="/users$", **fault)
    reply = await find(do, box.world.user(people.ONLY_PINGONE).email)
    assert isinstance(reply, Failed)
    assert reply.problem.code == code
    assert reply.problem.message.endswith(".")
    assert "@" not in reply.problem.details


async def test_a_refusal_keeps_pingones_correlation_id(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/users$", status=403)
    reply = await find(do, people.ONLY_PINGONE)
    assert isinstance(reply, Failed)
    assert reply.problem.correlation_id == reply.correlation_id != ""


EVIL = "A\x1b[31m\u202eevil\u2066\r\nX: 1\x00 <b>[bold]*)("
USER = {
    "id": "u-1",
    "username": f"{EVIL}@x.example",
    "enabled": True,
    "email": f"{EVIL}@x.example",
    "name": {"given": EVIL, "family": EVIL},
    "externalId": EVIL,
    "population": {"id": "p-1"},
}
DEVICE = {"id": "d-1", "type": f"SMS{EVIL}", "status": "ACTIVE", "nickname": EVIL, "phone": f"+1.512{EVIL}43"}
ANSWERS = [
    ("/as/token", TOKEN),
    ("/populations", Say(body={"_embedded": {"populations": [{"id": "p-1", "name": EVIL}]}})),
    ("/users?", Say(body={"_embedded": {"users": [USER]}})),
    ("/devices", Say(body={"_embedded": {"devices": [DEVICE]}})),
    ("/bypassMFA", Say(404)),
    ("/deviceAuthenticationPolicies", Say(403)),
    ("/users/u-1", Say(body=USER)),
]


async def test_r_47_what_strangers_wrote_is_harmless_before_anybody_sees_it(links: Links) -> None:
    async with scripted(by_path(ANSWERS)) as server:
        settings = PingOneSettings("e", "c", f"{server.url}/v1", server.url)
        there = Outside(pingone=open_api(settings, Secret("s")), links=lambda: links)
        perform, context = Performer(there), Context("f", 1, "c", AGENT)
        found = await perform(fx.FindUser(identifier="ada"), context)
        listed = await perform(fx.ReadDevices(person_id="u-1"), context)
        await there.close()
    assert isinstance(found, r.UserFound)
    assert isinstance(listed, r.DevicesRead)
    (device,) = listed.devices.devices
    person = found.person
    shown = [person.given, person.family, person.username, person.email, person.population, person.number_ending]
    shown += [device.type, device.nickname, device.address, device.label, person.name]
    assert all(unicodedata.category(c) not in {"Cc", "Cf"} for text in shown for c in text)
    assert "<b>[bold]*)(" in person.given


async def test_with_pingone_down_the_one_account_that_the_directory_knows_is_found_there(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/users", status=503)
    reply = await do(fx.FindUser(identifier="ada@mail.example"))
    assert isinstance(reply, r.FoundInDirectory)
    person = reply.person
    assert person.only_in_directory
    assert (person.name, person.username, person.email, person.number_ending) == (
        "Ada Lindqvist",
        "ada",
        "a***@m***.example",
        "41",
    )
    assert (reply.protection.dn, reply.protection.protected) == (box.world.entry("ada").dn, False)
    assert reply.problem.code == "unavailable"
    assert box.world.entry("ada").dn not in person.id


@pytest.mark.parametrize("identifier", ["nobody at all", people.ONLY_PINGONE])
async def test_with_pingone_down_nobody_else_is_found(do: Do, box: Sandbox, identifier: str) -> None:
    box.faults.add(path="/users", status=503)
    assert isinstance(await do(fx.FindUser(identifier=identifier)), Failed)
    box.faults.add(path="^/directory", status=503)
    assert isinstance(await do(fx.FindUser(identifier="ada")), Failed)


async def test_with_pingone_down_two_accounts_by_one_identifier_are_not_told_apart(do: Do, box: Sandbox) -> None:
    box.world.entry("bruno").attributes["mail"] = ["ada@mail.example"]
    box.faults.add(path="/users", status=503)
    assert isinstance(await do(fx.FindUser(identifier="ada@mail.example")), Failed)


async def test_r_39_with_pingone_down_what_the_directory_protects_is_found_as_protected(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/users", status=503)
    reply = await do(fx.FindUser(identifier=people.PROTECTED_BY_GROUP))
    assert isinstance(reply, r.FoundInDirectory)
    assert reply.protection.reasons == ("member of a protected group",)
