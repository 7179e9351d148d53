from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from csrdesk.sandbox import people
from csrdesk.sandbox.people import person
from tests.sandbox.conftest import Desk, error_of


async def found(desk: Desk, filter_: str) -> list[str]:
    answer = await desk.http.get(desk.api("/users"), params={"filter": filter_})
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["_embedded"]["users"]]


def eq(attribute: str, value: str) -> str:
    return f"{attribute} eq {json.dumps(value)}"


async def test_answers_have_pingones_media_type_and_ids(desk: Desk) -> None:
    answer = await desk.http.get(desk.user_url(people.ONE_DEVICE))
    assert answer.headers["content-type"] == "application/hal+json;charset=UTF-8"
    assert answer.headers["correlation-id"] == answer.headers["x-amzn-requestid"]
    assert answer.headers["cache-control"].startswith("no-cache, no-store")
    assert answer.json()["_links"]["self"]["href"] == desk.user_url(people.ONE_DEVICE)


async def test_a_person_is_found_by_each_identifier(desk: Desk) -> None:
    ada = person(people.ONE_DEVICE)
    for filter_ in (
        eq("username", ada.username.upper()),
        eq("email", "Ada@Mail.example"),
        eq("externalId", ada.customer_number),
        eq("mobilePhone", ada.phone),
        f"{eq('username', 'nobody')} or ({eq('name.given', 'Ada')} and {eq('name.family', 'Lindqvist')})",
        'username sw "ad" and enabled eq true and name.family sw "Lind"',
    ):
        assert await found(desk, filter_) == ["ada"], filter_


async def test_nobody_is_found_by_a_wildcard(desk: Desk) -> None:
    assert await found(desk, 'username eq "*"') == []


async def test_names_full_of_metacharacters_find_one_person_and_nobody_else(desk: Desk) -> None:
    assert await found(desk, eq("username", people.HOSTILE_USERNAME)) == [people.HOSTILE_USERNAME]
    assert await found(desk, eq("username", '" or enabled eq true or username eq "\0*()\\/')) == []


async def test_two_people_share_an_address(desk: Desk) -> None:
    assert await found(desk, eq("email", "berg@family.example")) == list(people.SHARED_ADDRESS)


async def test_those_of_the_directory_alone_are_not_in_pingone(desk: Desk) -> None:
    assert await found(desk, eq("username", people.ONLY_AD)) == []


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        "username",
        'username eq "',
        'username co "a"',
        'createdAt eq "x"',
        'enabled sw "t"',
        "username eq 5",
        "a" * 3,
    ],
)
async def test_a_bad_filter_is_refused(desk: Desk, filter_: str) -> None:
    answer = await desk.http.get(desk.api("/users"), params={"filter": filter_})
    assert error_of(answer) == (400, "INVALID_REQUEST", "INVALID_FILTER")


async def test_an_unsupported_attribute_names_the_supported_ones(desk: Desk) -> None:
    answer = await desk.http.get(desk.api("/users"), params={"filter": 'createdAt eq "x"'})
    assert "username" in answer.json()["details"][0]["innerError"]["supportedAttributes"]


async def test_following_next_links_visits_everybody_once(desk: Desk) -> None:
    url: str | None = desk.api("/users") + "?limit=100"
    seen: list[str] = []
    while url:
        page = (await desk.http.get(url)).json()
        assert page["count"] == len(desk.box.world.users)
        assert page["size"] == len(page["_embedded"]["users"]) <= 100
        seen += [user["id"] for user in page["_embedded"]["users"]]
        url = page["_links"].get("next", {}).get("href")
    assert seen == list(desk.box.world.users)


async def test_a_page_holds_at_most_200_whatever_is_asked_for(desk: Desk) -> None:
    page = (await desk.http.get(desk.api("/users"), params={"limit": "1000"})).json()
    assert page["size"] == 200
    assert "cursor=" in page["_links"]["next"]["href"]


async def test_a_filter_goes_on_over_the_pages(desk: Desk) -> None:
    filter_ = f'population.id eq "{desk.box.world.user(people.ONE_DEVICE).population_id}"'
    page = (await desk.http.get(desk.api("/users"), params={"filter": filter_, "limit": "50"})).json()
    more = (await desk.http.get(page["_links"]["next"]["href"])).json()
    populations = {user["population"]["id"] for user in page["_embedded"]["users"] + more["_embedded"]["users"]}
    assert len(populations) == 1


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "x"}, {"limit": "1001"}, {"cursor": "%%%"}, {"cursor": "e30"}]
)
async def test_a_bad_limit_or_cursor_is_refused(desk: Desk, query: dict[str, str]) -> None:
    assert error_of(await desk.http.get(desk.api("/users"), params=query)) == (
        400,
        "INVALID_REQUEST",
        "INVALID_PARAMETER",
    )


async def test_an_unknown_user_is_not_found(desk: Desk) -> None:
    assert error_of(await desk.http.get(desk.api(f"/users/{desk.at.client_id}"))) == (404, "NOT_FOUND", "")


async def test_a_wrong_method_is_not_allowed(desk: Desk) -> None:
    assert error_of(await desk.http.put(desk.user_url(people.ONE_DEVICE)))[:2] == (405, "METHOD_NOT_ALLOWED")


async def test_disabling_and_enabling_is_read_back(desk: Desk) -> None:
    url = desk.user_url(people.ONE_DEVICE, "/enabled")
    for wanted in (False, True):
        assert (await desk.http.put(url, json={"enabled": wanted})).json()["enabled"] is wanted
        assert (await desk.http.get(url)).json()["enabled"] is wanted
        assert (await desk.http.get(desk.user_url(people.ONE_DEVICE))).json()["enabled"] is wanted


async def test_switching_mfa_is_read_back(desk: Desk) -> None:
    url = desk.user_url(people.MFA_OFF, "/mfaEnabled")
    assert (await desk.http.get(url)).json()["mfaEnabled"] is False
    await desk.http.put(url, json={"mfaEnabled": True})
    assert (await desk.http.get(url)).json()["mfaEnabled"] is True


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"enabled":"no"}', (400, "INVALID_DATA", "INVALID_VALUE")),
        (b"{}", (400, "INVALID_DATA", "REQUIRED_VALUE")),
        (b"[]", (400, "INVALID_DATA", "INVALID_VALUE")),
        (b"{", (400, "INVALID_REQUEST", "INVALID_PARAMETER")),
        (b'{"enabled":"\xff"}', (400, "INVALID_REQUEST", "INVALID_PARAMETER")),
        (b"[" * 5000, (400, "INVALID_REQUEST", "INVALID_PARAMETER")),
    ],
)
async def test_a_bad_body_changes_nothing(desk: Desk, content: bytes, expected: tuple[int, str, str]) -> None:
    url = desk.user_url(people.ONE_DEVICE, "/enabled")
    answer = await desk.http.put(url, content=content, headers={"content-type": "application/json"})
    assert error_of(answer) == expected
    assert desk.box.world.user(people.ONE_DEVICE).enabled


async def test_a_body_of_another_media_type_is_refused(desk: Desk) -> None:
    answer = await desk.http.put(desk.user_url(people.ONE_DEVICE, "/enabled"), content=b'{"enabled":false}')
    assert error_of(answer) == (415, "INVALID_REQUEST", "")


async def test_a_locked_account_says_until_when_and_can_be_unlocked(desk: Desk) -> None:
    account = (await desk.http.get(desk.user_url(people.PINGONE_LOCKED))).json()["account"]
    assert (account["status"], account["canAuthenticate"]) == ("LOCKED", False)
    assert account["secondsUntilUnlock"] > 0
    answer = await desk.verb(desk.user_url(people.PINGONE_LOCKED), "account.unlock")
    assert answer.json()["account"] == {"canAuthenticate": True, "status": "OK"}


async def test_a_lock_ends_by_itself_at_its_moment(desk: Desk) -> None:
    until = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    locked = await desk.verb(desk.user_url(people.ONE_DEVICE), "account.lock", {"unlockAt": until})
    assert locked.json()["account"]["status"] == "LOCKED"
    desk.box.clock.move(timedelta(minutes=11))
    assert (await desk.http.get(desk.user_url(people.ONE_DEVICE))).json()["account"]["status"] == "OK"


async def test_a_lock_without_a_moment_in_the_future_locks_nobody(desk: Desk) -> None:
    assert (await desk.verb(desk.user_url(people.ONE_DEVICE), "account.lock")).json()["account"]["status"] == "OK"


async def test_an_unknown_verb_is_refused_by_its_media_type(desk: Desk) -> None:
    assert error_of(await desk.verb(desk.user_url(people.ONE_DEVICE), "account.destroy")) == (
        415,
        "INVALID_REQUEST",
        "",
    )


async def test_populations_are_listed_and_expanded(desk: Desk) -> None:
    listed = (await desk.http.get(desk.api("/populations"))).json()["_embedded"]["populations"]
    assert len(listed) >= 4
    one = (await desk.http.get(desk.api(f"/populations/{listed[0]['id']}"))).json()
    user = (await desk.http.get(desk.user_url(people.ONE_DEVICE), params={"expand": "population"})).json()
    assert user["_embedded"]["population"]["name"] == one["name"]
    assert (await desk.http.get(desk.user_url(people.ONE_DEVICE, "/population"))).json()["id"] == one["id"]


async def test_a_session_listing_holds_ten_and_ending_them_shows_the_rest(desk: Desk) -> None:
    url = desk.user_url(people.SEVERAL_DEVICES, "/sessions")
    listed = (await desk.http.get(url)).json()["_embedded"]["sessions"]
    assert len(listed) == 10
    for session in listed:
        assert (await desk.http.delete(f"{url}/{session['id']}")).status_code == 204
    assert (await desk.http.get(url)).json()["size"] == 2
    assert (await desk.http.delete(f"{url}/{listed[0]['id']}")).status_code == 404


async def test_only_the_protected_have_roles(desk: Desk) -> None:
    protected = (await desk.http.get(desk.user_url(people.PROTECTED, "/roleAssignments"))).json()
    ordinary = (await desk.http.get(desk.user_url(people.ONE_DEVICE, "/roleAssignments"))).json()
    assert (protected["size"], ordinary["size"]) == (1, 0)


async def test_a_password_kept_elsewhere_is_external(desk: Desk) -> None:
    held = (
        await desk.http.get(desk.user_url(people.ONE_DEVICE, "/password"), params={"expand": "passwordPolicy"})
    ).json()
    assert held["status"] == "EXTERNAL"
    assert held["_embedded"]["passwordPolicy"]["id"] == held["passwordPolicy"]["id"]
    own = (await desk.http.get(desk.user_url(people.ONLY_PINGONE, "/password"))).json()
    assert own["status"] == "OK"


@pytest.mark.parametrize(
    "media", ["application/vnd.pingidentity.password.unlock", "application/vnd.pingidentity.password.unlock+json"]
)
async def test_both_spellings_end_a_passwords_lock_out(desk: Desk, media: str) -> None:
    user = desk.box.world.user(people.ONLY_PINGONE)
    user.password.locked_until = desk.box.clock.now() + timedelta(minutes=5)
    url = desk.user_url(people.ONLY_PINGONE, "/password")
    assert (await desk.http.get(url)).json()["status"] == "PASSWORD_LOCKED_OUT"
    assert (await desk.http.post(url, headers={"content-type": media})).json()["status"] == "OK"


async def test_writes_are_in_the_activities(desk: Desk) -> None:
    await desk.http.put(desk.user_url(people.ONE_DEVICE, "/enabled"), json={"enabled": False})
    user = desk.box.world.user(people.ONE_DEVICE)
    now, minute = desk.box.clock.now(), timedelta(minutes=1)
    range_ = f'recordedAt gt "{(now - minute).isoformat()}" and recordedAt lt "{(now + minute).isoformat()}"'
    query = {"filter": f'{range_} and resources.id eq "{user.id}"'}
    found_ = (await desk.http.get(desk.api("/activities"), params=query)).json()
    (activity,) = found_["_embedded"]["activities"]
    assert activity["action"]["type"] == "USER.UPDATED"
    assert (await desk.http.get(desk.api(f"/activities/{activity['id']}"))).json() == activity
    posted = (await desk.http.post(desk.api("/activities"), json={"filter": range_})).json()
    assert posted["_embedded"]["activities"] == [activity]


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        'resources.id eq "x"',
        'recordedAt gt "2026-01-01T00:00:00Z"',
        'recordedAt gt "soon" and recordedAt lt "later"',
    ],
)
async def test_activities_need_a_range_of_time(desk: Desk, filter_: str) -> None:
    answer = await desk.http.get(desk.api("/activities"), params={"filter": filter_})
    assert error_of(answer) == (400, "INVALID_REQUEST", "INVALID_FILTER")


async def test_the_activities_tell_who_disabled_somebody(desk: Desk) -> None:
    now = desk.box.clock.now()
    filter_ = f'recordedAt ge "{(now - timedelta(days=3)).isoformat()}" and recordedAt le "{now.isoformat()}"'
    listed = (await desk.http.get(desk.api("/activities"), params={"filter": filter_})).json()["_embedded"][
        "activities"
    ]
    by = {item["resources"][0]["name"]: item["actors"]["client"]["id"] for item in listed}
    assert by[people.DISABLED_BY_DESK] == desk.at.client_id
    assert by[people.DISABLED_BY_OTHERS] != desk.at.client_id
