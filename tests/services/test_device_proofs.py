"""Passkeys and pushes through the services, against a sandbox that judges them for real."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.sandbox import Sandbox, ids, people
from csrdesk.sandbox.authenticator import sign
from csrdesk.sandbox.pushes import answer
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.performer.people import fits
from csrdesk.services.pingone.policies import MfaPolicy
from tests.services.conftest import AGENT, Do

ORIGIN = "http://localhost:8000"


@pytest.fixture
def outside(outside: Outside) -> Outside:
    """With the customers' pages on the site that the sandbox's passkeys were registered for."""
    return replace(outside, public_url=lambda: ORIGIN)


async def start(do: Do, box: Sandbox, username: str) -> r.DeviceAuthentication:
    user = box.world.user(username)
    policy = box.settings().mfa_policy_id
    effect = fx.StartDeviceAuthentication(person_id=user.id, policy_id=policy, device_id=user.devices[0].id)
    reply = await do(effect)
    assert isinstance(reply, r.AuthenticationIs), reply
    return reply.authentication


def checking(begun: r.DeviceAuthentication, device_id: str = "") -> dx.CheckAssertion:
    return dx.CheckAssertion(authentication_id=begun.id, device_id=device_id or begun.device_id)


def signed(box: Sandbox, begun: r.DeviceAuthentication, origin: str = ORIGIN) -> str:
    key = next(key for key in box.world.passkeys if key.device_id == begun.device_id)
    return sign(key, begun.options, origin)


async def test_what_the_asked_passkey_signed_is_right(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    assert begun.status == "ASSERTION_REQUIRED"
    reply = await do(checking(begun), secret=signed(box, begun))
    assert isinstance(reply, dr.AssertionRight)
    assert reply.device_id == box.world.user(people.ONLY_PASSKEY).devices[0].id


@pytest.mark.parametrize("typed", ["", "{}", "[1]", "no json", "\x00"])
async def test_what_no_passkey_signed_is_wrong(do: Do, box: Sandbox, typed: str) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    assert isinstance(await do(checking(begun), secret=typed), dr.AssertionWrong)


async def test_what_was_signed_on_another_site_is_wrong(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    reply = await do(checking(begun), secret=signed(box, begun, "https://desk.evil.example"))
    assert isinstance(reply, dr.AssertionWrong)


async def test_r_27_a_completed_answer_for_another_device_proves_nothing(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    reply = await do(checking(begun, "another-device"), secret=signed(box, begun))
    assert isinstance(reply, r.PasscodeRefused)


async def test_an_assertion_that_a_restart_lost_is_asked_for_again(do: Do, box: Sandbox) -> None:
    assert await do(checking(await start(do, box, people.ONLY_PASSKEY))) == r.SecretLost()


async def test_an_authentication_that_is_over_takes_no_assertion(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    box.clock.move(timedelta(minutes=20))
    assert isinstance(await do(checking(begun), secret=signed(box, begun)), r.PasscodeRefused)


async def test_a_device_blocked_meanwhile_is_refused(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_PASSKEY)
    box.world.user(people.ONLY_PASSKEY).devices[0].blocked_at = box.clock.now()
    assert isinstance(await do(checking(begun), secret=signed(box, begun)), r.PasscodeRefused)


def waiting(begun: r.DeviceAuthentication, device_id: str = "") -> dx.AwaitPush:
    return dx.AwaitPush(authentication_id=begun.id, device_id=device_id or begun.device_id)


async def test_a_push_with_the_number_that_the_page_shows_is_approved(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_APP)
    assert (begun.status, len(begun.number)) == ("PUSH_CONFIRMATION_REQUIRED", 2)
    asked = asyncio.ensure_future(do(waiting(begun)))
    await asyncio.sleep(0.2)
    assert not asked.done()
    assert answer(box.world, box.world.pushes[-1].seq, "approve", begun.number, box.clock.now())
    assert await asked == dr.PushApproved(begun.device_id, correlation_id=(await asked).correlation_id)


async def test_a_push_says_how_long_it_waits_where_the_policy_was_read(do: Do, box: Sandbox, outside: Outside) -> None:
    user, policy = box.world.user(people.ONLY_APP), ids.DESK_MFA_POLICY
    begin = fx.StartDeviceAuthentication(person_id=user.id, policy_id=policy, device_id=user.devices[0].id)
    reply = await do(begin)
    assert isinstance(reply, r.AuthenticationIs)
    assert reply.push_until is None
    await do(fx.ReadDevices(person_id=user.id, policy_id=policy))
    before = outside.now()
    reply = await do(begin)
    assert isinstance(reply, r.AuthenticationIs)
    until = reply.push_until
    assert until
    assert before <= until - timedelta(seconds=40) <= outside.now()


@pytest.mark.parametrize(
    ("timeouts", "seconds"),
    [
        ([{"duration": 40, "timeUnit": "SECONDS"}], 40),
        ([{"duration": 2, "timeUnit": "MINUTES"}], 120),
        ([{"duration": 40, "timeUnit": "SECONDS"}, {"duration": 60, "timeUnit": "SECONDS"}], 0),
        ([{"duration": 1, "timeUnit": "HOURS"}], 0),
        ([{}], 0),
        ([], 0),
    ],
)
def test_a_pushs_life_is_known_where_every_app_has_the_same(timeouts: list[object], seconds: int) -> None:
    apps = [{"push": {"enabled": True}, "pushTimeout": timeout} for timeout in timeouts]
    apps.append({"push": {"enabled": False}, "pushTimeout": {"duration": 7, "timeUnit": "SECONDS"}})
    policy = msgspec.convert({"id": "p", "mobile": {"enabled": True, "applications": apps}}, MfaPolicy)
    assert policy.push_seconds == seconds


async def test_a_denied_push_is_said(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_APP)
    answer(box.world, box.world.pushes[-1].seq, "deny", "", box.clock.now())
    assert isinstance(await do(waiting(begun)), dr.PushDenied)


async def test_a_push_that_nobody_answers_times_out(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_APP)
    box.clock.move(timedelta(seconds=41))
    assert isinstance(await do(waiting(begun)), dr.PushTimedOut)


async def test_r_27_a_push_completed_for_another_device_proves_nothing(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_APP)
    answer(box.world, box.world.pushes[-1].seq, "approve", begun.number, box.clock.now())
    reply = await do(waiting(begun, "another-device"))
    assert isinstance(reply, r.AuthenticationIs)
    assert reply.authentication.status == "COMPLETED"


async def test_a_push_taken_back_asks_for_a_device(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.ONLY_APP)
    reply = await do(dx.CancelPush(authentication_id=begun.id))
    assert isinstance(reply, r.AuthenticationIs)
    assert reply.authentication.status == "DEVICE_SELECTION_REQUIRED"
    assert box.world.pushes[-1].state == "TAKEN_BACK"


@pytest.mark.parametrize(
    ("rp_id", "pages", "usable"),
    [
        ("localhost", "http://localhost:8000", True),
        ("care.example", "https://desk.care.example", True),
        ("Care.example", "https://care.example", True),
        ("desk.care.example", "https://care.example", False),
        ("care.example", "https://notcare.example", False),
        ("", "https://care.example", True),
        ("care.example", "", True),
    ],
)
def test_a_passkey_fits_pages_of_its_own_domain(rp_id: str, pages: str, usable: bool) -> None:
    assert fits(rp_id, pages) is usable


async def test_a_passkey_of_another_site_says_which(outside: Outside, box: Sandbox, do: Do) -> None:
    elsewhere = Performer(replace(outside, public_url=lambda: "https://desk.example"))
    who = box.world.user(people.ONLY_PASSKEY).id
    reply = await elsewhere(fx.ReadDevices(person_id=who), Context("flow-1", 3, "call-1", AGENT))
    assert isinstance(reply, r.DevicesRead)
    assert reply.devices.devices[0].other_site == "localhost"
    here = await do(fx.ReadDevices(person_id=who))
    assert isinstance(here, r.DevicesRead)
    assert here.devices.devices[0].other_site == ""
