from __future__ import annotations

import pytest

from csrdesk.errors import NotFoundError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Failed
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.pingone.api import path
from csrdesk.services.pingone.filters import any_of, equals, phone_forms
from tests.services.conftest import Do

HOSTILE = (
    '" or enabled eq true or username eq "',
    'ada" or username sw "',
    "ada\\",
    'ada\\" or username eq \\"bruno',
    "*)(uid=*))(|(uid=*",
    "*",
    "a*",
    "*()\\0\"'\\\\/",
    "%22 or enabled eq true&limit=200",
    "ada&filter=enabled eq true",
    "../../populations",
    "ada\r\nX-Injected: 1",
    "ada\0",
    "\ud800",
    "x" * 5000,
    "",
    "   ",
)


@pytest.mark.parametrize("identifier", HOSTILE)
async def test_r_45_an_identifier_full_of_metacharacters_finds_nobody_and_breaks_nothing(
    do: Do, identifier: str
) -> None:
    assert isinstance(await do(fx.FindUser(identifier=identifier)), r.NoSuchUser)


async def test_r_45_somebody_whose_user_name_is_full_of_metacharacters_is_found_alone(do: Do, box: Sandbox) -> None:
    reply = await do(fx.FindUser(identifier=people.HOSTILE_USERNAME))
    assert isinstance(reply, r.UserFound)
    assert reply.person.id == box.world.user(people.HOSTILE_USERNAME).id


async def test_r_45_an_id_never_reaches_into_another_resource(do: Do, box: Sandbox) -> None:
    ada = box.world.user(people.ONE_DEVICE).id
    for id_ in (f"x/../{ada}", f"{ada}/devices", f"{ada}?expand=population", f"{ada}#", "..", ".", "%2e%2e"):
        reply = await do(fx.ReadAccount(person_id=id_))
        assert isinstance(reply, Failed), id_
        assert reply.problem.code == "not_found", id_
    assert path("users", ada, "devices") == f"users/{ada}/devices"
    for part in ("a/b", "..", "?", "", "a b", "ä"):
        with pytest.raises(NotFoundError):
            path("users", part)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada", 'username eq "ada"'),
        ('say "hi"', 'username eq "say \\"hi\\""'),
        ("back\\slash", 'username eq "back\\\\slash"'),
        ("line\nbreak\0", 'username eq "line\\nbreak\\u0000"'),
        ("Łódź", 'username eq "Łódź"'),
    ],
)
def test_r_45_a_value_of_a_filter_is_a_json_string(value: str, expected: str) -> None:
    assert equals("username", value) == expected


def test_parts_of_a_filter_are_alternatives() -> None:
    assert any_of(equals("a", "1"), equals("b", "2")) == 'a eq "1" or b eq "2"'


@pytest.mark.parametrize(
    "typed", ["+1 512 555 1234", "+1 (512) 555-1234", "+15125551234", "001 512 555 1234", "+1.5125551234"]
)
def test_a_number_is_asked_for_in_pingones_form(typed: str) -> None:
    assert "+1.5125551234" in phone_forms(typed)


@pytest.mark.parametrize("typed", ["ada", "ada@mail.example", "12345", "+", "4711-ABC", "+1 512 555 1234 ext 5"])
def test_what_is_no_number_is_not_taken_for_one(typed: str) -> None:
    assert phone_forms(typed) == ()
