"""Making accounts, mailing a passcode to an address that is nobody's yet, and switching MFA on, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csrdesk.errors import ConflictError, InvalidValueError
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, ids
from csrdesk.sandbox.person import CARE_STAFF, PATIENTS
from csrdesk.services.performer import Outside
from csrdesk.services.pingone import authentications, new_users, passwords, users
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.new_users import Created, NewUser, NotTaken, Taken
from tests.services.scripted import Say, in_order, scripted
from tests.services.test_pingone_calls import api_of

NOUR = NewUser("nour@new.example", "نور", "Åse-Lind")
PASSWORD = Secret("Winding-7-Lanes")


@pytest.fixture
def api(outside: Outside) -> Api:
    return outside.pingone


async def made(api: Api, new: NewUser = NOUR, password: Secret | None = PASSWORD) -> Created:
    result = await new_users.create(api, new, password)
    assert isinstance(result, Created), result
    return result


async def test_an_account_is_made_with_its_password_and_a_verified_address(api: Api, box: Sandbox) -> None:
    created = await made(api)
    assert created.created_at
    assert abs((created.created_at - datetime.now(UTC)).total_seconds()) < 60
    user = (await users.read(api, created.user_id)).body
    assert (user.username, user.email, user.email_verified) == (NOUR.email, NOUR.email, True)
    assert (user.name.given, user.name.family, user.enabled) == (NOUR.given, NOUR.family, True)
    assert user.population
    assert user.population.id == ids.stable("population", CARE_STAFF)
    assert (await passwords.read(api, created.user_id)).status == "OK"
    assert not box.world.mails


async def test_an_account_is_made_without_a_password_in_the_population_of_settings(api: Api) -> None:
    patients = ids.stable("population", PATIENTS)
    created = await made(api, NewUser("a@b.example", "A", "B", patients), None)
    assert (await passwords.read(api, created.user_id)).status == "NO_PASSWORD"
    user = (await users.read(api, created.user_id)).body
    assert user.population
    assert user.population.id == patients


async def test_who_has_the_address_already_is_a_reply_and_no_error(api: Api) -> None:
    await made(api)
    again = await new_users.create(api, NewUser(NOUR.email.upper(), "Else", "Who"), PASSWORD)
    assert isinstance(again, Taken)
    assert again.correlation_id


async def test_values_that_are_not_taken_are_named(api: Api) -> None:
    wrong = await new_users.create(api, NewUser("nobody", "Ada", "<b>"), PASSWORD)
    assert isinstance(wrong, NotTaken)
    assert set(wrong.fields) == {"email", "name.family"}
    weak = await new_users.create(api, NOUR, Secret("short"))
    assert isinstance(weak, NotTaken)
    assert set(weak.fields) == {"password.value"}
    assert "length" in weak.rules


async def test_another_conflict_stays_an_error() -> None:
    body = {"code": "REQUEST_FAILED", "details": [{"code": "ACCOUNT_NOT_USABLE"}]}
    async with scripted(in_order(Say(400, body))) as server:
        api = api_of(server)
        with pytest.raises(ConflictError) as raised:
            await new_users.create(api, NOUR, None)
        assert raised.value.fields == {"": "ACCOUNT_NOT_USABLE"}
        await api.close()


async def test_mfa_is_switched_on_and_read_back(api: Api) -> None:
    who = (await made(api)).user_id
    assert not await users.is_mfa_enabled(api, who)
    assert await users.set_mfa_enabled(api, who, enabled=True)
    assert await users.is_mfa_enabled(api, who)


async def test_a_passcode_is_mailed_to_an_address_that_is_nobodys_and_checked(api: Api, box: Sandbox) -> None:
    first = (await authentications.mail_code(api, NOUR.email)).body
    assert (first.status, box.world.passcodes[-1].to) == ("OTP_REQUIRED", NOUR.email)
    with pytest.raises(InvalidValueError) as wrong:
        await authentications.check_passcode(api, first.id, "nope00")
    assert wrong.value.fields == {"otp": "INVALID_OTP"}
    again = (await authentications.mail_code(api, NOUR.email, policy_id=box.settings().mfa_policy_id)).body
    done = (await authentications.check_passcode(api, again.id, box.world.passcodes[-1].code)).body
    assert (done.id, done.status) == (again.id, "COMPLETED")


async def test_a_passcode_is_mailed_in_somebodys_name_where_an_environment_wants_one(api: Api, box: Sandbox) -> None:
    who = (await made(api)).user_id
    await authentications.mail_code(api, "else@new.example", user_id=who)
    sent = box.world.passcodes[-1]
    assert (sent.to, sent.username) == ("else@new.example", NOUR.email)
