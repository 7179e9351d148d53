"""The check-up's looks outside: each against a server that is well, and against one that is not."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime
from typing import Literal

import msgspec
import pytest

from csrdesk.config import PasswordSettings, PingOneSettings, Settings, WaySettings
from csrdesk.model.checkup import Finding, Level
from csrdesk.model.devices import ORDER
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox
from csrdesk.services.directory.sandbox import SandboxDirectory
from csrdesk.services.keys import Secrets
from csrdesk.services.performer import Outside
from csrdesk.services.pingone.api import open_api
from csrdesk.services.pingone.fido2_policies import Fido2Policy
from csrdesk.services.pingone.policies import Method, MfaPolicy, Mobile
from csrdesk.services.probes import directory, mail, mfa, pages, passwords, pingone
from tests.services.scripted import TOKEN, Say, Script, by_path, scripted

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
USERS = {"_embedded": {"users": [{"id": "u-1"}]}}
RELYING = {"id": "f", "name": "Passkeys", "relyingPartyId": "example.org"}
DESK = MfaPolicy("p", ignore_user_lock=True, sms=Method(enabled=True), totp=Method(enabled=True))


def levels(found: tuple[Finding, ...]) -> dict[str, Level]:
    return {one.area: one.level for one in found}


async def probe_pingone(script: Script, policy_id: str = "") -> tuple[Finding, ...]:
    async with scripted(script) as at:
        settings = PingOneSettings(environment_id="env", client_id="c", api_url=f"{at.url}/v1", auth_url=at.url)
        api = open_api(settings, Secret("s"))
        try:
            return await pingone.probe(api, policy_id, ORDER)
        finally:
            await api.close()


async def test_a_healthy_pingone_is_said_to_be_healthy_by_reads_alone(box: Sandbox, outside: Outside) -> None:
    desk = box.settings().mfa_policy_id
    found = await pingone.probe(outside.pingone, desk, ORDER, public_url="http://localhost:8000")
    areas = (pingone.AREA, pingone.RIGHTS, mfa.POLICY, mfa.PASSKEYS, pingone.CLOCK)
    assert levels(found) == dict.fromkeys(areas, Level.OK)
    assert "sessions" in next(one.what for one in found if one.area == pingone.RIGHTS)


async def test_a_policy_that_does_not_exist_is_wrong_and_the_default_one_refuses_locked_callers(
    outside: Outside,
) -> None:
    missing = await pingone.probe(outside.pingone, "00000000-0000-4000-8000-000000000000", ORDER)
    assert levels(missing)[mfa.POLICY] is Level.WRONG
    default = await pingone.probe(outside.pingone, "", ORDER)
    assert levels(default)[mfa.POLICY] is Level.WARNING


async def test_a_sign_in_that_is_not_taken_is_told_from_a_right_that_is_missing() -> None:
    refused = await probe_pingone(by_path([("/as/token", Say(401, {"error": "invalid_client"}))]))
    assert [(one.area, one.level) for one in refused] == [(pingone.AREA, Level.WRONG)]
    assert "client secret" in refused[0].todo

    no_users = await probe_pingone(by_path([("/as/token", TOKEN), ("", Say(403, {"code": "ACCESS_FAILED"}))]))
    assert levels(no_users)[pingone.AREA] is Level.OK
    assert levels(no_users)[pingone.RIGHTS] is Level.WRONG

    denied = Say(403, {"code": "ACCESS_FAILED"})
    some = by_path([("/as/token", TOKEN), ("sessions", denied), ("users?", Say(body=USERS)), ("", denied)])
    lines = [one for one in await probe_pingone(some) if one.area == pingone.RIGHTS]
    assert Finding(pingone.RIGHTS, Level.OK, "Readable: users.") in lines
    assert "Not readable: sessions." in [one.what for one in lines]
    assert all("Identity Data Admin" in one.todo for one in lines[1:])


async def test_an_environment_without_people_says_what_could_not_be_tried() -> None:
    empty = Say(body={"_embedded": {"users": []}})
    script = by_path([("/as/token", TOKEN), ("users?", empty), ("", Say(body={"_embedded": {}}))])
    rights = [one for one in await probe_pingone(script) if one.area == pingone.RIGHTS]
    assert [one.level for one in rights] == [Level.OK, Level.WARNING]


@pytest.mark.parametrize("say", [Say(cut=0), Say(503), Say(body=b"<html>")])
async def test_a_pingone_that_is_down_or_is_none_is_wrong(say: Say) -> None:
    found = await probe_pingone(by_path([("/as/token", TOKEN), ("", say)]))
    assert Level.WRONG in levels(found).values()
    assert all(one.todo for one in found if one.level is Level.WRONG)


@pytest.mark.parametrize(
    ("policy", "level", "words"),
    [
        (DESK, Level.OK, "SMS, TOTP"),
        (msgspec.structs.replace(DESK, ignore_user_lock=False), Level.WARNING, "Locked callers"),
        (msgspec.structs.replace(DESK, sms=Method()), Level.WARNING, "off in the policy: SMS"),
        (MfaPolicy("p", ignore_user_lock=True), Level.WRONG, "No kind of device"),
        (
            msgspec.structs.replace(DESK, sms=Method(enabled=True, pairing_disabled=True)),
            Level.OK,
            "Nobody can add: SMS",
        ),
    ],
)
def test_a_policy_is_judged_by_what_the_desk_needs_of_it(policy: MfaPolicy, level: Level, words: str) -> None:
    (found,) = mfa.judged(policy, ("SMS", "TOTP"))
    assert found.level is level
    assert words in found.what


@pytest.mark.parametrize(
    ("pushes", "matching", "wanted", "level"),
    [
        (True, False, ("SMS", "MOBILE"), Level.WARNING),
        (True, True, ("SMS", "MOBILE"), Level.OK),
        (False, False, ("SMS", "MOBILE"), Level.OK),
        (True, False, ("SMS",), Level.OK),
    ],
)
def test_pushes_that_a_tap_approves_are_a_warning_where_pushes_are_allowed(
    pushes: bool, matching: bool, wanted: tuple[str, ...], level: Level
) -> None:
    app = {"push": {"enabled": pushes, "numberMatching": {"enabled": matching}}}
    mobile = msgspec.convert({"enabled": True, "applications": [app]}, Mobile)
    (found,) = mfa.judged(msgspec.structs.replace(DESK, mobile=mobile), wanted)
    assert found.level is level


@pytest.mark.parametrize(
    ("ways", "voice", "level"),
    [
        (WaySettings(call_back=True), False, Level.WARNING),
        (WaySettings(call_back=True), True, Level.OK),
        (WaySettings(), False, Level.OK),
    ],
)
def test_a_call_back_that_the_policy_does_not_let_through_is_a_warning(
    ways: WaySettings, voice: bool, level: Level
) -> None:
    policy = msgspec.structs.replace(DESK, voice=Method(enabled=voice))
    (found,) = mfa.judged(policy, ("SMS",), ways)
    assert found.level is level


@pytest.mark.parametrize(("push", "said"), [("auto", True), ("off", False)])
def test_pushes_without_a_number_are_led_by_nobody(push: Literal["auto", "off"], said: bool) -> None:
    app = {"push": {"enabled": True, "numberMatching": {"enabled": False}}}
    mobile = msgspec.convert({"enabled": True, "applications": [app]}, Mobile)
    (found,) = mfa.judged(msgspec.structs.replace(DESK, mobile=mobile), ("MOBILE",), WaySettings(push=push))
    assert ("Agents lead none." in found.what) is said


@pytest.mark.parametrize(
    ("site", "pages", "level", "words"),
    [
        ("example.org", "https://desk.example.org", Level.OK, "which desk.example.org belongs to"),
        ("example.org", "https://example.org:8443", Level.OK, "example.org"),
        ("login.example.org", "https://desk.example.org", Level.WARNING, "no browser uses them at desk.example.org"),
        ("example.org", "https://notexample.org", Level.WARNING, "no browser uses them"),
        ("example.org", "", Level.WARNING, "Registered for example.org"),
    ],
)
def test_the_pages_host_is_compared_with_the_site_that_passkeys_belong_to(
    site: str, pages: str, level: Level, words: str
) -> None:
    found = mfa.fitting(Fido2Policy("f", "Passkeys\x1b[31m", site), pages)
    assert found.level is level
    assert words in found.what
    assert found.what.isprintable()
    assert bool(found.todo) is (level is Level.WARNING)


@pytest.mark.parametrize(
    ("say", "level", "words"),
    [
        (Say(403, {"code": "ACCESS_FAILED"}), Level.WARNING, "may not be read"),
        (Say(503), Level.WRONG, ""),
        (Say(body={"_embedded": {"fido2Policies": []}}), Level.WARNING, "no FIDO2 policy"),
        (Say(body={"_embedded": {"fido2Policies": [RELYING]}}), Level.OK, "Registered for example.org"),
        (Say(body={"_embedded": {"fido2Policies": [RELYING | {"id": "g", "default": True}]}}), Level.OK, "example.org"),
    ],
    ids=["no-right", "down", "none", "named", "default"],
)
async def test_the_fido2_policy_that_the_mfa_policy_names_is_looked_at(say: Say, level: Level, words: str) -> None:
    policy = {"id": "p", "ignoreUserLock": True, "fido2": {"enabled": True, "fido2PolicyId": "f"}}
    script = by_path([("/as/token", TOKEN), ("fido2Policies", say), ("", Say(body=policy))])
    async with scripted(script) as at:
        settings = PingOneSettings(environment_id="env", client_id="c", api_url=f"{at.url}/v1", auth_url=at.url)
        api = open_api(settings, Secret("s"))
        try:
            found = await mfa.probe(api, "p", ("FIDO2",), "https://desk.example.org")
        finally:
            await api.close()
    assert [(one.area, one.level) for one in found] == [(mfa.POLICY, Level.OK), (mfa.PASSKEYS, level)]
    assert words in found[1].what


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (0, Level.OK, "agree"),
        (5, Level.OK, "agree"),
        (6, Level.WARNING, "6 s ahead of PingOne"),
        (-90, Level.WARNING, "90 s behind PingOne"),
    ],
)
def test_a_clock_more_than_five_seconds_off_is_a_warning(seconds: int, level: Level, words: str) -> None:
    found = pingone.clock("Tue, 01 Jan 2030 12:00:00 GMT", NOW + dt.timedelta(seconds=seconds))
    assert found.level is level
    assert words in found.what


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_answer_without_a_time_is_no_reason_to_be_calm_or_alarmed(date: str) -> None:
    assert pingone.clock(date, NOW).level is Level.WARNING


async def test_protected_names_that_nothing_bears_are_a_warning(settings: Settings, outside: Outside) -> None:
    assert outside.directory
    there = await directory.probe(outside.directory, ("domain admins",), ())
    assert [one.level for one in there] == [Level.OK]
    unit = "OU=Nowhere,DC=csrdesk,DC=example"
    found = await directory.probe(outside.directory, ("Domain Admins", "Misspelt", "CN=Gone,DC=csrdesk"), (unit,))
    assert [one.level for one in found] == [Level.OK, Level.WARNING]
    assert found[1].what.endswith(f"not found: Misspelt; CN=Gone,DC=csrdesk; {unit}.")


async def test_a_directory_that_does_not_take_the_sign_in_or_is_down_is_wrong(box: Sandbox, outside: Outside) -> None:
    assert outside.directory
    box.faults.add(path="/directory/search", status=401)
    assert levels(await directory.probe(outside.directory, (), ())) == {directory.AREA: Level.WRONG}
    box.faults.clear()
    box.faults.add(path="/directory/search", status=503)
    assert levels(await directory.probe(outside.directory, (), ())) == {directory.AREA: Level.WRONG}


async def test_passwords_are_looked_at_by_reads_alone(box: Sandbox, outside: Outside) -> None:
    box.faults.add(method="PUT", status=500)
    box.faults.add(path="/modify$", status=500)
    for chosen in (PasswordSettings(), PasswordSettings("both", {"Partners": "pingone", "Care staff": "ad"})):
        found = await passwords.probe(outside.pingone, outside.directory, chosen)
        assert [one.level for one in found] == [Level.OK], found
        assert chosen.password_authority in found[0].what


async def test_an_authority_for_a_population_that_does_not_exist_is_wrong(box: Sandbox, outside: Outside) -> None:
    real = box.world.user("ada").population_id
    chosen = PasswordSettings(password_authority_of={"Partner": "both", real: "ad", "Partners": "ad"})
    (found,) = await passwords.probe(outside.pingone, outside.directory, chosen)
    assert (found.level, found.what) == (Level.WRONG, "No population is called: Partner.")
    box.faults.add(path="/populations", status=503)
    (unknown,) = await passwords.probe(outside.pingone, outside.directory, chosen)
    assert (unknown.level, "not compared" in unknown.what) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("path", "status", "level", "words"),
    [
        ("/passwordPolicies", 403, Level.WARNING, "PingOne's password policies may not be read."),
        ("/passwordPolicies", 503, Level.WRONG, "PingOne has a problem of its own"),
        ("/directory/search", 503, Level.WARNING, "The domain's password policy was not read."),
    ],
)
async def test_what_a_customer_would_not_be_told_is_said_before(
    box: Sandbox, outside: Outside, path: str, status: int, level: Level, words: str
) -> None:
    box.faults.add(path=path, status=status)
    (found,) = await passwords.probe(outside.pingone, outside.directory, PasswordSettings())
    assert (found.level, words in found.what) == (level, True)
    assert found.todo


async def test_without_a_directory_settings_must_not_name_it_and_the_gateway_must_be_readable(
    box: Sandbox, outside: Outside
) -> None:
    (named,) = await passwords.probe(outside.pingone, None, PasswordSettings("both"))
    assert (named.level, "no directory is set up" in named.what) == (Level.WRONG, True)
    assert [one.level for one in await passwords.probe(outside.pingone, None, PasswordSettings())] == [Level.OK]
    box.faults.add(path="/gateways", status=403)
    (closed,) = await passwords.probe(outside.pingone, None, PasswordSettings())
    assert (closed.level, "gateways may not be read" in closed.what) == (Level.WARNING, True)
    only_pingone = await passwords.probe(outside.pingone, None, PasswordSettings("pingone"))
    assert [one.level for one in only_pingone] == [Level.OK]


async def test_r_44_a_directory_in_clear_is_said_to_get_no_password(settings: Settings, outside: Outside) -> None:
    in_clear = SandboxDirectory(msgspec.structs.replace(settings.directory, url="http://192.0.2.7:389"), Secret(""))
    (found,) = await passwords.probe(outside.pingone, in_clear, PasswordSettings())
    assert (found.level, "not encrypted" in found.what) == (Level.WRONG, True)
    await in_clear.close()


async def test_the_mail_server_is_tried_without_sending_a_mail(
    box: Sandbox, settings: Settings, secrets: Secrets
) -> None:
    assert levels(await mail.probe(settings.mail, secrets.mail)) == {mail.AREA: Level.OK}
    (wrong_password,) = await mail.probe(settings.mail, Secret("wrong"))
    assert wrong_password.level is Level.WRONG
    assert "mail.user" in wrong_password.todo
    nobody = msgspec.structs.replace(settings.mail, port=1)
    assert levels(await mail.probe(nobody, secrets.mail)) == {mail.AREA: Level.WRONG}
    assert box.world.mails == []


@pytest.mark.parametrize(
    ("say", "level"),
    [
        (Say(body=b"ok\n"), Level.OK),
        (Say(502), Level.WRONG),
        (Say(body=b"hello"), Level.WRONG),
        (Say(cut=0), Level.WRONG),
    ],
)
async def test_pages_are_there_only_where_csrdesk_itself_answers(say: Say, level: Level) -> None:
    async with scripted(lambda _: say) as at:
        assert (await pages.probe(at.url)).level is level
