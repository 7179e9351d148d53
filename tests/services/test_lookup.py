from __future__ import annotations

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed
from csrdesk.model.text import clean
from csrdesk.sandbox import Sandbox, people
from tests.services.conftest import Do


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
    assert isinstance(await find(do, people.ONLY_AD), r.NoSuchUser)


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
    reply = await find(do, "ada")
    assert isinstance(reply, Failed)
    assert reply.problem.code == code
    assert reply.problem.message.endswith(".")
    assert "ada" not in reply.problem.details


async def test_a_refusal_keeps_pingones_correlation_id(do: Do, box: Sandbox) -> None:
    box.faults.add(path="/users$", status=403)
    reply = await find(do, "ada")
    assert isinstance(reply, Failed)
    assert reply.problem.correlation_id == reply.correlation_id != ""


async def test_r_47_hostile_names_are_harmless_before_anybody_sees_them(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.HOSTILE_NAME)
    user.given, user.family = "A\x1b[31m\u202eevil\u2066\r\nX: 1\x00", "B\x9b\u200fC\ufeff"
    reply = await find(do, "viktor@mail.example")
    assert isinstance(reply, r.UserFound)
    assert all(text == clean(text) for text in (reply.person.given, reply.person.family, reply.person.username))
    listed = await do(fx.ReadDevices(person_id=user.id))
    assert isinstance(listed, r.DevicesRead)
    (device,) = listed.devices.devices
    assert device.nickname == clean(device.nickname, 60)
    assert "\x1b" not in device.label
