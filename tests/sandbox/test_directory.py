from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import domain, people
from csrdesk.sandbox.person import Person
from tests.sandbox.conftest import DOMAIN, Desk

COMPUTED = "msDS-User-Account-Control-Computed"
EXPIRY = "msDS-UserPasswordExpiryTimeComputed"


async def code_of(desk: Desk, account: str, *changes: tuple[str, str, list[str]]) -> tuple[object, str]:
    answer = await desk.modify(account, *changes)
    return answer["resultCode"], str(answer["diagnosticMessage"])[:8]


async def test_an_entry_is_found_by_each_attribute(desk: Desk) -> None:
    ada: Person = people.person(people.ONE_DEVICE)
    for attribute, value in (
        ("sAMAccountName", "ADA"),
        ("mail", ada.email),
        ("employeeid", ada.customer_number),
        ("userPrincipalName", "ada@csrdesk.example"),
    ):
        answer = await desk.directory("search", {"base": DOMAIN, "filter": {"attribute": attribute, "value": value}})
        entries = answer["entries"]
        assert isinstance(entries, list)
        assert [entry["attributes"]["sAMAccountName"] for entry in entries] == [["ada"]]


async def test_filters_are_joined(desk: Desk) -> None:
    user = {"attribute": "objectClass", "value": "user"}
    filter_ = {"and": [user, {"or": [_is("ada"), _is("bruno"), _is("Domain Admins")]}, {"not": _is("bruno")}]}
    answer = await desk.directory("search", {"base": DOMAIN, "filter": filter_, "attributes": ["cn"]})
    assert [entry["attributes"] for entry in _entries(answer)] == [{"cn": ["ada"]}]


def _is(account: str) -> dict[str, str]:
    return {"attribute": "sAMAccountName", "value": account}


def _entries(answer: dict[str, object]) -> list[dict[str, object]]:
    entries = answer["entries"]
    assert isinstance(entries, list)
    return entries


async def test_a_star_is_a_character(desk: Desk) -> None:
    for value in ("*", "a*", "*)(cn=*"):
        assert _entries(await desk.directory("search", {"base": DOMAIN, "filter": _is(value)})) == []


async def test_the_search_is_below_its_base(desk: Desk) -> None:
    dn = desk.box.world.entry("ada").dn
    assert len(_entries(await desk.directory("search", {"base": dn}))) == 1
    answer = await desk.directory("search", {"base": f"CN=nobody,{DOMAIN}"})
    assert (answer["resultCode"], _entries(answer)) == (32, [])


async def test_an_empty_base_is_the_whole_directory(desk: Desk) -> None:
    answer = await desk.directory("search", {"base": "", "filter": _is("ada"), "attributes": ["cn"]})
    assert [entry["attributes"] for entry in _entries(answer)] == [{"cn": ["ada"]}]


async def test_the_stable_id_is_the_one_pingone_keeps(desk: Desk) -> None:
    entry = await desk.entry("ada")
    user = desk.box.world.user(people.ONE_DEVICE)
    assert entry["objectGUID"] == [user.account_id]
    assert entry["employeeID"] == [user.external_id]


async def test_wrong_credentials_are_refused(desk: Desk) -> None:
    for auth in (("x", "y"), (desk.at.directory_user, "wrong")):
        async with httpx.AsyncClient() as bare:
            answer = await bare.post(f"{desk.at.directory_url}/search", json={"base": DOMAIN}, auth=auth)
        assert (answer.status_code, answer.json()["resultCode"]) == (401, 49)


async def test_a_request_of_another_shape_is_refused(desk: Desk) -> None:
    auth = (desk.at.directory_user, desk.at.directory_password)
    for act, body in (("search", {"base": DOMAIN, "filter": {"attribute": "cn"}}), ("modify", {"dn": DOMAIN})):
        answer = await desk.http.post(f"{desk.at.directory_url}/{act}", json=body, auth=auth)
        assert answer.status_code == 400


async def test_constructed_attributes_come_when_named_and_are_never_searched(desk: Desk) -> None:
    assert COMPUTED not in await desk.entry("mateo")
    assert await desk.entry("mateo", COMPUTED) == {COMPUTED: ["16"]}
    locked = {"base": DOMAIN, "filter": {"attribute": COMPUTED, "value": "16"}}
    assert _entries(await desk.directory("search", locked)) == []


async def test_each_trouble_is_seen_in_the_attributes(desk: Desk) -> None:
    now = desk.box.clock.now()
    names = ("userAccountControl", "accountExpires", "pwdLastSet", COMPUTED, EXPIRY)
    assert (await desk.entry(people.DISABLED_BY_OTHERS, *names))["userAccountControl"] == ["514"]
    expired = await desk.entry(people.EXPIRED, *names)
    assert domain.moment_of(expired["accountExpires"][0]) < now
    assert (await desk.entry(people.ONE_DEVICE, *names))["accountExpires"] == [domain.NEVER]
    must_change = await desk.entry(people.MUST_CHANGE, *names)
    assert (must_change["pwdLastSet"], must_change[EXPIRY], must_change[COMPUTED]) == (["0"], ["0"], ["8388608"])
    old = await desk.entry(people.PASSWORD_EXPIRED, *names)
    assert domain.moment_of(old[EXPIRY][0]) < now
    assert old[COMPUTED] == ["8388608"]
    assert (await desk.entry(people.ONE_DEVICE, *names))[COMPUTED] == ["0"]


async def test_a_password_that_never_expires_says_so(desk: Desk) -> None:
    await desk.modify(people.PASSWORD_EXPIRED, ("replace", "userAccountControl", ["66048"]))
    entry = await desk.entry(people.PASSWORD_EXPIRED, EXPIRY, COMPUTED)
    assert entry == {EXPIRY: [domain.NEVER], COMPUTED: ["0"]}


async def test_groups_by_nesting_are_all_named(desk: Desk) -> None:
    entry = await desk.entry(people.PROTECTED_BY_GROUP, "memberOf", "tokenGroups", "adminCount")
    assert "Domain Admins" in entry["tokenGroups"]
    assert not any("Domain Admins" in dn for dn in entry["memberOf"])
    assert "adminCount" not in entry


async def test_disabling_is_compare_and_swap(desk: Desk) -> None:
    swap = (("delete", "userAccountControl", ["512"]), ("add", "userAccountControl", ["514"]))
    assert await code_of(desk, "ada", *swap) == (0, "")
    assert (await desk.entry("ada", "userAccountControl"))["userAccountControl"] == ["514"]
    assert await code_of(desk, "ada", *swap) == (16, "00002085")


async def test_a_modify_is_all_or_nothing(desk: Desk) -> None:
    before = await desk.entry("mateo")
    refused = await code_of(
        desk, "mateo", ("replace", "userAccountControl", ["514"]), ("replace", "lockoutTime", ["5"])
    )
    assert refused == (19, "00000057")
    assert await desk.entry("mateo") == before


async def test_adding_to_an_attribute_that_has_a_value_is_refused(desk: Desk) -> None:
    assert await code_of(desk, "ada", ("add", "userAccountControl", ["514"])) == (20, "00002083")


async def test_unlocking_also_forgets_the_bad_passwords(desk: Desk) -> None:
    assert await code_of(desk, people.AD_LOCKED, ("replace", "lockoutTime", ["0"])) == (0, "")
    entry = await desk.entry(people.AD_LOCKED, "lockoutTime", "badPwdCount", COMPUTED)
    assert entry == {"lockoutTime": ["0"], "badPwdCount": ["0"], COMPUTED: ["0"]}


async def test_a_lock_with_a_duration_runs_out_while_its_time_stays(desk: Desk) -> None:
    policy = desk.box.world.entries[DOMAIN.lower()]
    policy.attributes["lockoutDuration"] = [str(-30 * 60 * 10**7)]
    assert await desk.entry(people.AD_LOCKED, COMPUTED) == {COMPUTED: ["16"]}
    desk.box.clock.move(timedelta(minutes=31))
    entry = await desk.entry(people.AD_LOCKED, COMPUTED, "lockoutTime")
    assert entry[COMPUTED] == ["0"]
    assert entry["lockoutTime"] != ["0"]


async def test_must_change_is_set_and_taken_back(desk: Desk) -> None:
    assert await code_of(desk, "ada", ("replace", "pwdLastSet", ["0"])) == (0, "")
    assert await code_of(desk, "ada", ("replace", "pwdLastSet", ["-1"])) == (0, "")
    set_at = (await desk.entry("ada", "pwdLastSet"))["pwdLastSet"][0]
    assert abs(domain.moment_of(set_at) - desk.box.clock.now()) < timedelta(seconds=10)
    assert await code_of(desk, "ada", ("replace", "pwdLastSet", ["5"])) == (53, "00000057")


async def test_state_bits_are_not_stored(desk: Desk) -> None:
    written = 512 | 2 | 0x10 | 0x40 | 0x800000
    assert await code_of(desk, "ada", ("replace", "userAccountControl", [str(written)])) == (0, "")
    assert (await desk.entry("ada", "userAccountControl"))["userAccountControl"] == ["514"]


@pytest.mark.parametrize("value", ["abc", "", "-1", "99999999999", " 514"])
async def test_an_account_control_that_is_no_number_is_refused(desk: Desk, value: str) -> None:
    assert await code_of(desk, "ada", ("replace", "userAccountControl", [value])) == (19, "00000057")


@pytest.mark.parametrize(
    "change",
    [
        ("replace", "mail", ["x@mail.example"]),
        ("replace", "adminCount", ["0"]),
        ("delete", "unicodePwd", []),
        ("replace", "userAccountControl", ["524800"]),
    ],
)
async def test_what_is_not_delegated_is_refused(desk: Desk, change: tuple[str, str, list[str]]) -> None:
    assert await code_of(desk, "ada", change) == (50, "00002098")


async def test_the_protected_are_refused_and_the_administrator_by_group_is_not(desk: Desk) -> None:
    disable = ("replace", "userAccountControl", ["514"])
    assert await code_of(desk, people.PROTECTED, disable) == (50, "00002098")
    assert await code_of(desk, people.PROTECTED_BY_GROUP, disable) == (0, "")


async def test_an_unknown_object_is_said_with_its_code(desk: Desk) -> None:
    answer = await desk.directory("modify", {"dn": f"CN=nobody,{DOMAIN}", "changes": []})
    assert (answer["resultCode"], str(answer["diagnosticMessage"])[:8]) == (32, "00002030")


async def test_a_write_that_changes_nothing_does_not_move_when_changed(desk: Desk) -> None:
    before = (await desk.entry("ada"))["whenChanged"]
    await desk.modify("ada", ("replace", "userAccountControl", ["512"]))
    assert (await desk.entry("ada"))["whenChanged"] == before
    await desk.modify("ada", ("replace", "userAccountControl", ["514"]))
    assert (await desk.entry("ada"))["whenChanged"] != before
