"""Call-back and the number of a push, through the services: the number on record, its age, and what is heard there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from csrdesk.config import PingOneSettings
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as te
from csrdesk.flows import try_replies as tr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.model.devices import Age, Devices
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.performer.outside import Remembered
from csrdesk.services.pingone.api import open_api
from csrdesk.services.pingone.policies import MfaPolicy, Mobile
from tests.services.conftest import AGENT, Do, Links
from tests.services.scripted import TOKEN, Say, in_order, scripted

WHO = people.NO_EMAIL_PHONE
NUMBER = "+44 *** *** 85"


@pytest.fixture
def outside(outside: Outside) -> Outside:
    """Where settings let numbers be rung."""
    return replace(outside, call_back=True)


async def ring(do: Do, box: Sandbox, to: str = NUMBER) -> Reply:
    return await do(te.RingNumber(person_id=box.world.user(WHO).id, policy_id=box.settings().mfa_policy_id, to=to))


async def rung(do: Do, box: Sandbox) -> r.DeviceAuthentication:
    reply = await ring(do, box)
    assert isinstance(reply, r.AuthenticationIs), reply
    return reply.authentication


def heard(begun: r.DeviceAuthentication) -> te.CheckHeard:
    return te.CheckHeard(challenge_id="try-1", authentication_id=begun.id)


async def read(do: Do, box: Sandbox, username: str = WHO) -> Devices:
    effect = fx.ReadDevices(person_id=box.world.user(username).id, policy_id=box.settings().mfa_policy_id)
    reply = await do(effect)
    assert isinstance(reply, r.DevicesRead), reply
    return reply.devices


async def test_r_38_pingone_rings_the_number_on_record_by_voice_for_this_one_authentication(
    do: Do, box: Sandbox
) -> None:
    begun = await rung(do, box)
    assert (begun.status, begun.device_id) == ("OTP_REQUIRED", "")
    sent = box.world.passcodes[-1]
    assert (sent.type, sent.to, sent.device_id) == ("VOICE", people.person(WHO).phone, "")
    assert isinstance(await do(heard(begun), secret=sent.code), tr.PasscodeHeardRight)


async def test_a_wrong_passcode_is_wrong_and_an_old_one_counts_no_more(do: Do, box: Sandbox) -> None:
    begun = await rung(do, box)
    first = box.world.passcodes[-1].code
    wrong = "000000" if first != "000000" else "111111"
    assert isinstance(await do(heard(begun), secret=wrong), r.PasscodeWrong)
    again = await rung(do, box)
    newer = box.world.passcodes[-1].code
    if newer != first:
        assert isinstance(await do(heard(again), secret=first), r.PasscodeWrong)
    assert isinstance(await do(heard(again), secret=newer), tr.PasscodeHeardRight)


async def test_a_passcode_that_is_none_is_not_sent_and_one_that_is_lost_is_asked_for(do: Do, box: Sandbox) -> None:
    begun = await rung(do, box)
    assert isinstance(await do(heard(begun), secret="12"), r.PasscodeWrong)
    assert await do(heard(begun)) == r.SecretLost()


async def test_a_passcode_whose_time_is_over_is_refused(do: Do, box: Sandbox) -> None:
    begun = await rung(do, box)
    box.clock.move(timedelta(minutes=20))
    reply = await do(heard(begun), secret=box.world.passcodes[-1].code)
    assert isinstance(reply, r.PasscodeRefused)


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "a-2", "status": "COMPLETED"},
        {"id": "a-1", "status": "COMPLETED", "selectedDevice": {"id": "d-1"}},
        {"id": "a-1", "status": "OTP_REQUIRED"},
    ],
    ids=["another authentication", "a device", "not completed"],
)
async def test_r_27_completed_counts_only_for_this_authentication_and_for_no_device(
    links: Links, answer: dict[str, object]
) -> None:
    async with scripted(in_order(TOKEN, Say(body=answer))) as server:
        settings = PingOneSettings(
            environment_id="e", client_id="c", api_url=f"{server.url}/v1", auth_url=server.url, timeout_seconds=1
        )
        there = open_api(settings, Secret("s"))
        performer = Performer(Outside(pingone=there, links=lambda: links))
        effect = te.CheckHeard(challenge_id="try-1", authentication_id="a-1")
        reply = await performer(effect, Context("f", 1, "c", AGENT, secret=Secret("123456")))
        await there.close()
    assert isinstance(reply, r.PasscodeRefused | Failed), reply
    assert not isinstance(reply, tr.PasscodeHeardRight)


async def test_r_27_a_bypass_completes_without_asking_and_is_no_call(do: Do, box: Sandbox) -> None:
    box.world.user(WHO).bypass_until = box.clock.now() + timedelta(hours=1)
    begun = await rung(do, box)
    assert begun.status == "COMPLETED"


async def test_r_38_another_number_than_the_agent_was_shown_is_not_rung(do: Do, box: Sandbox) -> None:
    reply = await ring(do, box, to="+44 *** *** 11")
    assert isinstance(reply, tr.NumberNotRung)
    assert "another one by now" in reply.message
    assert box.world.passcodes == []


@pytest.mark.parametrize(
    ("seen", "changed_days", "age"),
    [
        (Age.UNKNOWN, 100, Age.OLD),
        (Age.UNKNOWN, 1, Age.UNKNOWN),
        (Age.OLD, 1, Age.OLD),
        (Age.NEW, 100, Age.NEW),
    ],
)
async def test_r_38_a_number_is_as_old_as_the_desks_record_or_pingones_last_change_says(
    do: Do, box: Sandbox, links: Links, seen: Age, changed_days: int, age: Age
) -> None:
    links.number_age = seen
    box.world.user(WHO).updated_at = box.clock.now() - timedelta(days=changed_days)
    found = await read(do, box)
    assert (found.phone, found.phone_age) == (NUMBER, age)
    reply = await ring(do, box)
    assert isinstance(reply, r.AuthenticationIs) is (age is Age.OLD), reply
    assert len(box.world.passcodes) == (1 if age is Age.OLD else 0)


async def test_r_38_the_number_of_an_account_that_came_lately_is_too_new(do: Do, box: Sandbox, links: Links) -> None:
    links.number_age = Age.OLD
    box.world.user(WHO).created_at = box.clock.now() - timedelta(hours=71)
    assert (await read(do, box)).phone_age is Age.NEW


async def test_whoever_has_no_number_is_not_rung(do: Do, box: Sandbox, links: Links) -> None:
    box.world.user(WHO).mobile_phone = ""
    found = await read(do, box)
    assert (found.phone, found.phone_age) == ("", Age.UNKNOWN)
    assert isinstance(await ring(do, box, to=""), tr.NumberNotRung)
    assert not any(what == "saw number" for what, _ in links.told)


async def test_where_settings_ring_nobody_no_number_is_read_or_remembered(
    outside: Outside, box: Sandbox, links: Links
) -> None:
    performer = Performer(replace(outside, call_back=False))
    effect = fx.ReadDevices(person_id=box.world.user(WHO).id)
    reply = await performer(effect, Context("f", 1, "c", AGENT))
    assert isinstance(reply, r.DevicesRead)
    assert (reply.devices.phone, reply.devices.phone_age) == ("", Age.UNKNOWN)
    assert not any(what == "saw number" for what, _ in links.told)


async def test_a_disabled_user_is_not_rung(do: Do, box: Sandbox) -> None:
    box.world.user(WHO).enabled = False
    reply = await ring(do, box)
    assert isinstance(reply, Failed)
    assert box.world.passcodes == []


@pytest.mark.parametrize(("policy", "numbered"), [(ids.DESK_MFA_POLICY, True), (ids.DEFAULT_MFA_POLICY, False)])
async def test_whether_a_push_has_a_number_is_read_from_the_policy(
    do: Do, box: Sandbox, policy: str, numbered: bool
) -> None:
    effect = fx.ReadDevices(person_id=box.world.user(people.NO_EMAIL_APP).id, policy_id=policy)
    reply = await do(effect)
    assert isinstance(reply, r.DevicesRead)
    assert reply.devices.numbered is numbered


def test_a_push_that_came_without_a_number_speaks_for_an_hour_against_the_policys_word() -> None:
    now = [0.0]
    remembered = Remembered(lambda: now[0])
    with_numbers = policy_with(numbers=True)
    assert remembered.numbered(None) is None
    assert remembered.numbered(with_numbers) is True
    assert remembered.numbered(policy_with(numbers=False)) is False
    remembered.saw_push(number=False)
    assert remembered.numbered(with_numbers) is False
    assert remembered.numbered(None) is False
    now[0] = 3601.0
    assert remembered.numbered(with_numbers) is True
    remembered.saw_push(number=False)
    remembered.saw_push(number=True)
    assert remembered.numbered(with_numbers) is True


def policy_with(*, numbers: bool) -> MfaPolicy:
    told = {
        "id": "p",
        "mobile": {
            "enabled": True,
            "applications": [{"push": {"enabled": True, "numberMatching": {"enabled": numbers}}}],
        },
    }
    return msgspec.convert(told, MfaPolicy)


def test_without_an_app_that_takes_pushes_there_is_no_number() -> None:
    assert not MfaPolicy("p", mobile=Mobile(enabled=True)).pushes_with_number


async def test_a_push_tells_whether_its_number_came(do: Do, box: Sandbox, outside: Outside) -> None:
    user = box.world.user(people.NO_EMAIL_APP)
    for policy, numbered in ((ids.DEFAULT_MFA_POLICY, False), (ids.DESK_MFA_POLICY, True)):
        start = fx.StartDeviceAuthentication(person_id=user.id, policy_id=policy, device_id=user.devices[0].id)
        assert isinstance(await do(start), r.AuthenticationIs)
        assert (await read(do, box, people.NO_EMAIL_APP)).numbered is numbered
