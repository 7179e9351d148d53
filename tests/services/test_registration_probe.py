"""The check-up's look at what registration needs of PingOne."""

from __future__ import annotations

import msgspec
import pytest

from csrdesk.config import PingOneSettings, RegistrationSettings
from csrdesk.model.checkup import Finding, Level
from csrdesk.model.devices import ORDER
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.sandbox.person import PATIENTS
from csrdesk.services.performer import Outside
from csrdesk.services.pingone.api import Api, open_api
from csrdesk.services.pingone.policies import Fido2, Method, MfaPolicy
from csrdesk.services.probes import registration
from tests.services.scripted import Say, by_path, scripted

ON, CLOSED, OFF = Method(enabled=True), Method(enabled=True, pairing_disabled=True), Method()


async def look(
    api: Api, agreement_id: str = ids.AGREEMENT, policy_id: str = "", **settings: str
) -> tuple[Finding, ...]:
    made = msgspec.convert(settings, RegistrationSettings)
    return await registration.probe(api, made, agreement_id=agreement_id, policy_id=policy_id, wanted=ORDER)


async def test_terms_that_can_be_shown_and_devices_that_can_be_added_are_well(outside: Outside, box: Sandbox) -> None:
    before = len(box.world.users)
    terms, devices = await look(outside.pingone)
    assert (terms.level, terms.what) == (Level.OK, "Terms to accept: Terms of use (en).")
    assert (devices.level, devices.what) == (Level.OK, "Customers can add: FIDO2, TOTP, SMS, VOICE, EMAIL.")
    assert len(box.world.users) == before


async def test_without_terms_only_devices_are_looked_at(outside: Outside) -> None:
    assert len(await look(outside.pingone, "")) == 1


async def test_population_and_user_of_the_settings_are_looked_up(outside: Outside, box: Sandbox) -> None:
    somebody = box.world.user(people.ONE_DEVICE)
    named = {"population_id": ids.stable("population", PATIENTS), "code_user_id": somebody.id}
    population, user, _ = await look(outside.pingone, "", **named)
    assert (population.level, population.what) == (Level.OK, "New accounts belong to Patients.")
    assert (user.level, user.what) == (Level.OK, "Codes are mailed in the name of ada.")
    somebody.enabled = False
    assert [one.level for one in await look(outside.pingone, "", **named)][1] is Level.WRONG
    nobody = {"population_id": ids.FIDO2_POLICY, "code_user_id": ids.FIDO2_POLICY}
    found = await look(outside.pingone, "", **nobody)
    assert [one.level for one in found[:2]] == [Level.WRONG, Level.WRONG]
    assert ["registration." in one.what for one in found[:2]] == [True, True]


@pytest.mark.parametrize("agreement", [ids.AGREEMENT_OFF, ids.FIDO2_POLICY])
async def test_terms_that_cannot_be_shown_are_wrong_with_what_to_do(outside: Outside, agreement: str) -> None:
    terms, _ = await look(outside.pingone, agreement)
    assert terms.level is Level.WRONG
    assert "nobody can register" in terms.what
    assert "flow.p1AgreementId" in terms.todo


async def test_a_policy_that_is_not_there_is_a_warning_here(outside: Outside) -> None:
    _, devices = await look(outside.pingone, policy_id=ids.FIDO2_POLICY)
    assert devices.level is Level.WARNING


@pytest.mark.parametrize(("status", "levels"), [(403, [*[Level.WRONG] * 3, Level.WARNING]), (500, [Level.WRONG] * 4)])
async def test_what_pingone_does_not_let_see_is_said(status: int, levels: list[Level]) -> None:
    token = Say(body={"access_token": "t", "expires_in": 60})
    async with scripted(by_path((("/as/token", token), ("/", Say(status, b""))))) as at:
        api = open_api(PingOneSettings("env", "c", api_url=f"{at.url}/v1", auth_url=at.url), Secret("s"))
        try:
            found = await look(api, population_id="p", code_user_id="u")
        finally:
            await api.close()
    assert [one.level for one in found] == levels
    assert all(one.todo for one in found)


@pytest.mark.parametrize(
    ("policy", "passwordless", "level", "words"),
    [
        (MfaPolicy("p", sms=ON, email=CLOSED), False, Level.WARNING, "Nobody can add: FIDO2, TOTP, VOICE, EMAIL."),
        (MfaPolicy("p", sms=CLOSED), False, Level.WRONG, "nobody registers without a password"),
        (MfaPolicy("p", sms=OFF), True, Level.WRONG, "so nobody can register."),
        (None, True, Level.WRONG, "so nobody can register."),
        (
            MfaPolicy("p", sms=ON, voice=ON, email=ON, totp=ON, fido2=Fido2(enabled=True)),
            True,
            Level.OK,
            "Customers can add",
        ),
    ],
)
def test_what_the_policy_pairs_decides_who_can_register(
    policy: MfaPolicy | None, words: str, level: Level, *, passwordless: bool
) -> None:
    found = registration.judged(policy, ORDER, passwordless=passwordless)
    assert found.level is level
    assert words in found.what
