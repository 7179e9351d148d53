from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta

import pytest

from csrdesk.sandbox import domain, people
from csrdesk.sandbox.directory_passwords import DEPRECATED_POLICY_HINTS, POLICY_HINTS
from tests.sandbox.conftest import DOMAIN, Desk

WHO = people.EXTERNAL_ALLOWED
GOOD = "Winding-7-Lanes"


def raw(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def quoted(password: str) -> dict[str, str]:
    return raw(f'"{password}"'.encode("utf-16-le"))


async def write(
    desk: Desk, account: str, *changes: tuple[str, list[object]], controls: Sequence[str] = ()
) -> tuple[object, str]:
    """Replaces these attributes; code and diagnostic of the result."""
    listed = [{"operation": "replace", "attribute": name, "values": values} for name, values in changes]
    body = {"dn": desk.box.world.entry(account).dn, "changes": listed, "controls": list(controls)}
    answer = await desk.directory("modify", body)
    return answer["resultCode"], str(answer["diagnosticMessage"]).rstrip("\x00")


async def reset(desk: Desk, password: str, *, account: str = WHO, controls: Sequence[str] = ()) -> tuple[object, str]:
    return await write(desk, account, ("unicodePwd", [quoted(password)]), controls=controls)


async def test_a_reset_is_dated_by_the_server(desk: Desk) -> None:
    assert await reset(desk, GOOD, account=people.MUST_CHANGE) == (0, "")
    set_at = (await desk.entry(people.MUST_CHANGE, "pwdLastSet"))["pwdLastSet"][0]
    assert abs(domain.moment_of(set_at) - desk.box.clock.now()) < timedelta(seconds=10)


async def test_a_password_never_comes_back(desk: Desk) -> None:
    await reset(desk, GOOD)
    for attributes in ((), ("*",), ("unicodePwd", "ntPwdHistory", "passwords", "userPassword")):
        entry = await desk.entry(WHO, *attributes)
        assert not {name.lower() for name in entry} & {"unicodepwd", "ntpwdhistory", "passwords", "userpassword"}
    assert GOOD not in str(desk.box.world.entry(WHO))


async def test_reset_and_unlock_are_one_modify(desk: Desk) -> None:
    changes: list[tuple[str, list[object]]] = [("unicodePwd", [quoted(GOOD)]), ("lockoutTime", ["0"])]
    assert await write(desk, people.AD_LOCKED, *changes) == (0, "")
    computed = "msDS-User-Account-Control-Computed"
    assert await desk.entry(people.AD_LOCKED, computed, "lockoutTime") == {computed: ["0"], "lockoutTime": ["0"]}


async def test_a_refused_password_unlocks_nothing(desk: Desk) -> None:
    before = await desk.entry(people.AD_LOCKED)
    code, _ = await write(desk, people.AD_LOCKED, ("lockoutTime", ["0"]), ("unicodePwd", [quoted("short")]))
    assert code == 19
    assert await desk.entry(people.AD_LOCKED) == before


async def test_must_change_can_be_left_by_the_same_modify(desk: Desk) -> None:
    password: tuple[str, list[object]] = ("unicodePwd", [quoted(GOOD)])
    must_change: tuple[str, list[object]] = ("pwdLastSet", ["0"])
    for changes in ((password, must_change), (must_change, password)):
        assert (await write(desk, WHO, *changes))[0] == 0
        assert (await desk.entry(WHO, "pwdLastSet"))["pwdLastSet"] == ["0"]


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        f'"{GOOD}"',
        raw(GOOD.encode("utf-16-le")),
        raw(f'"{GOOD}"'.encode()),
        raw(f'"{GOOD}"'.encode("utf-16-be")),
        raw(f'"{GOOD}"'.encode("utf-16-le")[:-1]),
        raw('"'.encode("utf-16-le")),
        raw(b""),
        raw(b"\x00\xd8"),
    ],
)
async def test_another_encoding_is_refused(desk: Desk, value: object) -> None:
    before = await desk.entry(WHO)
    code, diagnostic = await write(desk, WHO, ("unicodePwd", [value]))
    assert (code, diagnostic[:10]) == (53, "00002035: ")
    assert await desk.entry(WHO) == before


@pytest.mark.parametrize("values", [[], [quoted(GOOD), quoted(GOOD)], [{"base64": "?"}]])
async def test_there_is_exactly_one_value_and_it_is_base64(desk: Desk, values: list[object]) -> None:
    assert (await write(desk, WHO, ("unicodePwd", values)))[0] == 19


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Ab3-xyz", "is too short. It should be equal or longer than 8 characters!"),
        ("", "is too short. It should be equal or longer than 8 characters!"),
        ("Ab3-" + "x" * 9_996, "is too long. It should be no longer than 256 characters!"),
        ("winding-lanes", "does not meet the complexity criteria!"),
        ("WINDINGLANES", "does not meet the complexity criteria!"),
        ("My-bEA-lives-7", "does not meet the complexity criteria!"),
        ("Tall-LUNDGREN-7", "does not meet the complexity criteria!"),
    ],
)
async def test_the_domain_refuses_in_its_own_words(desk: Desk, password: str, words: str) -> None:
    start = "0000052D: Constraint violation - check_password_restrictions: the password "
    assert await reset(desk, password) == (19, start + words)


@pytest.mark.parametrize(
    "password", ["winding-7-lanes", "Windinglanes7", "Länge日本-x", "Win\x00ding-7", " Abc-123 ", "Ab🔑🔑🔑🔑-7"]
)
async def test_three_kinds_of_characters_are_enough(desk: Desk, password: str) -> None:
    assert await reset(desk, password) == (0, "")


@pytest.mark.parametrize("hints", [POLICY_HINTS, DEPRECATED_POLICY_HINTS])
async def test_history_counts_only_with_policy_hints(desk: Desk, hints: str) -> None:
    first = people.person(WHO).password
    start = "0000052D: Constraint violation - check_password_restrictions: the password was already used "
    assert await reset(desk, first, controls=[hints]) == (19, f"{start}(previous password)!")
    assert await reset(desk, f"{GOOD}1", controls=[hints]) == (0, "")
    assert await reset(desk, first, controls=[hints]) == (19, f"{start}(in history)!")
    assert await reset(desk, first) == (0, "")
    for turn in (2, 3, 4):
        assert await reset(desk, f"{GOOD}{turn}", controls=[hints]) == (0, "")
    assert await reset(desk, first, controls=[hints]) == (0, "")


async def test_a_control_that_is_not_supported_is_refused(desk: Desk) -> None:
    code, diagnostic = await reset(desk, GOOD, controls=["1.2.3"])
    assert (code, diagnostic[:8]) == (12, "0000202C")
    desk.box.world.supported_controls.remove(POLICY_HINTS)
    assert (await reset(desk, GOOD, controls=[POLICY_HINTS]))[0] == 12


async def test_the_root_says_which_controls_are_supported(desk: Desk) -> None:
    answer = await desk.directory("search", {"base": "", "scope": "base", "attributes": ["supportedControl"]})
    entries = answer["entries"]
    assert isinstance(entries, list)
    (entry,) = entries
    assert entry["dn"] == ""
    assert POLICY_HINTS in entry["attributes"]["supportedControl"]


async def test_the_domain_shows_its_policy(desk: Desk) -> None:
    names = ["minPwdLength", "pwdHistoryLength", "pwdProperties", "minPwdAge"]
    answer = await desk.directory("search", {"base": DOMAIN, "scope": "base", "attributes": names})
    entries = answer["entries"]
    assert isinstance(entries, list)
    (entry,) = entries
    assert entry["attributes"] == dict(zip(names, (["8"], ["3"], ["1"], ["0"]), strict=True))
    missing = await desk.directory("search", {"base": f"CN=nobody,{DOMAIN}", "scope": "base"})
    assert (missing["resultCode"], missing["entries"]) == (32, [])


async def test_the_protected_keep_their_password(desk: Desk) -> None:
    assert (await reset(desk, GOOD, account=people.PROTECTED))[0] == 50
    assert (await reset(desk, GOOD, account=people.PROTECTED_BY_GROUP))[0] == 0


@pytest.mark.parametrize("operation", ["add", "delete"])
async def test_nobody_changes_a_password_by_its_old_value(desk: Desk, operation: str) -> None:
    change = {"operation": operation, "attribute": "unicodePwd", "values": [quoted(people.person(WHO).password)]}
    answer = await desk.directory("modify", {"dn": desk.box.world.entry(WHO).dn, "changes": [change]})
    assert answer["resultCode"] == 50


async def test_an_ignored_reset_answers_success_and_changes_nothing(desk: Desk) -> None:
    before = await desk.entry(WHO)
    desk.box.faults.add(path="/directory/modify", ignore_write=True)
    assert await reset(desk, GOOD) == (0, "")
    assert await desk.entry(WHO) == before
    assert len(desk.box.world.entry(WHO).passwords) == 1


async def test_a_text_can_come_as_base64_too(desk: Desk) -> None:
    assert await write(desk, WHO, ("userAccountControl", [raw(b"514")])) == (0, "")
    assert (await write(desk, WHO, ("userAccountControl", [raw(b"\xff")])))[0] == 19
