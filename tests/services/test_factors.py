from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.config import PingOneSettings
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_USABLE
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.devices import is_locked
from csrdesk.sandbox.passcodes import totp_now
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.pingone.api import open_api
from tests.services.conftest import AGENT, Do, Links
from tests.services.scripted import Say, in_order, scripted


async def start(do: Do, box: Sandbox, username: str, device_id: str = "") -> r.DeviceAuthentication:
    policy = box.settings().mfa_policy_id
    effect = fx.StartDeviceAuthentication(person_id=box.world.user(username).id, policy_id=policy, device_id=device_id)
    reply = await do(effect)
    assert isinstance(reply, r.AuthenticationIs), reply
    return reply.authentication


def check(authentication: r.DeviceAuthentication, device_id: str = "") -> fx.CheckPasscode:
    return fx.CheckPasscode(authentication_id=authentication.id, device_id=device_id or authentication.device_id)


def last_code(box: Sandbox) -> str:
    return box.world.passcodes[-1].code


@pytest.mark.parametrize("username", [people.ONE_DEVICE, people.VOICE, people.EMAIL_ELSEWHERE])
async def test_the_passcode_of_the_device_that_was_asked_is_right(do: Do, box: Sandbox, username: str) -> None:
    begun = await start(do, box, username)
    assert begun.status == "OTP_REQUIRED"
    reply = await do(check(begun), secret=last_code(box))
    assert isinstance(reply, r.PasscodeRight)
    assert reply.device_id == begun.device_id == box.world.user(username).devices[0].id
    assert reply.correlation_id


async def test_an_authenticator_apps_code_is_right(do: Do, box: Sandbox) -> None:
    device = box.world.user(people.TOTP).devices[0]
    begun = await start(do, box, people.TOTP, device.id)
    assert isinstance(await do(check(begun), secret=totp_now(device, box.clock.now())), r.PasscodeRight)


async def test_a_passcode_may_be_typed_with_blanks_hyphens_and_any_digits(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    code = last_code(box)
    typed = f" {code[:3]}-{''.join(chr(0xFF10 + int(c)) for c in code[3:])} "
    assert isinstance(await do(check(begun), secret=typed), r.PasscodeRight)


async def test_a_wrong_passcode_is_wrong_and_the_right_one_still_counts(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    wrong = "000000" if last_code(box) != "000000" else "111111"
    assert isinstance(await do(check(begun), secret=wrong), r.PasscodeWrong)
    assert isinstance(await do(check(begun), secret=last_code(box)), r.PasscodeRight)


@pytest.mark.parametrize("typed", ["", "12345", "12345678901", "abc de", "12345\x00", "<b>12</b>"])
async def test_what_is_no_passcode_is_not_sent_to_pingone(do: Do, box: Sandbox, typed: str) -> None:
    begun = await start(do, box, "ada")
    box.faults.add(path="/deviceAuthentications/", status=500)
    assert await do(check(begun), secret=typed) == r.PasscodeWrong()


async def test_a_passcode_that_a_restart_lost_is_asked_for_again(do: Do, box: Sandbox) -> None:
    assert await do(check(await start(do, box, "ada"))) == r.SecretLost()


async def test_an_authentication_whose_time_is_over_takes_no_passcode(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    box.clock.move(timedelta(minutes=20))
    assert isinstance(await do(check(begun), secret=last_code(box)), r.PasscodeRefused)


async def test_a_passcode_counts_once(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    code = last_code(box)
    assert isinstance(await do(check(begun), secret=code), r.PasscodeRight)
    assert isinstance(await do(check(begun), secret=code), r.PasscodeRefused)


async def test_the_same_device_selected_again_gets_a_new_passcode(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    sent = len(box.world.passcodes)
    again = await do(fx.SelectDevice(authentication_id=begun.id, device_id=begun.device_id))
    assert isinstance(again, r.AuthenticationIs)
    assert len(box.world.passcodes) == sent + 1
    assert isinstance(await do(check(begun), secret=last_code(box)), r.PasscodeRight)


async def test_several_devices_are_asked_about_and_the_chosen_one_is_the_one_that_proves(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.SEVERAL_DEVICES)
    assert begun.status == "DEVICE_SELECTION_REQUIRED"
    phone = next(device for device in box.world.user(people.SEVERAL_DEVICES).devices if device.type == "SMS")
    chosen = await do(fx.SelectDevice(authentication_id=begun.id, device_id=phone.id))
    assert isinstance(chosen, r.AuthenticationIs)
    reply = await do(check(chosen.authentication), secret=last_code(box))
    assert isinstance(reply, r.PasscodeRight)
    assert reply.device_id == phone.id


async def test_a_passcode_of_another_device_than_the_one_named_proves_nothing(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    other = box.world.user(people.VOICE).devices[0].id
    assert isinstance(await do(check(begun, other), secret=last_code(box)), r.PasscodeRefused)


async def test_somebody_without_a_usable_device_fails_with_pingones_reason(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, people.DEVICE_LOCKED)
    assert (begun.status, begun.error_code) == ("FAILED", "NO_USABLE_DEVICES")
    assert begun.error


async def test_a_disabled_user_is_not_asked(do: Do, box: Sandbox) -> None:
    reply = await do(fx.StartDeviceAuthentication(person_id=box.world.user(people.DISABLED_BY_OTHERS).id))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "conflict"
    assert "disabled or locked" in reply.problem.message


async def test_wrong_passcodes_to_the_limit_lock_the_device_and_then_nothing_counts(do: Do, box: Sandbox) -> None:
    begun = await start(do, box, "ada")
    code = last_code(box)
    wrong = "000000" if code != "000000" else "111111"
    replies = [await do(check(begun), secret=wrong) for _ in range(4)]
    assert isinstance(replies[0], r.PasscodeWrong)
    assert isinstance(replies[-1], r.PasscodeRefused)
    assert isinstance(await do(check(begun), secret=code), r.PasscodeRefused)


async def begun_by(do: Do, box: Sandbox, username: str) -> tuple[fx.CheckPasscode, str]:
    """What checks a passcode of that person's device, and a wrong one."""
    begun, policy = await start(do, box, username), box.settings().mfa_policy_id
    who = box.world.user(username).id
    check = fx.CheckPasscode(person_id=who, authentication_id=begun.id, device_id=begun.device_id, policy_id=policy)
    return check, "000000" if last_code(box) != "000000" else "111111"


async def test_a_wrong_passcode_says_how_many_tries_the_policy_leaves(do: Do, box: Sandbox, links: Links) -> None:
    effect, wrong = await begun_by(do, box, "ada")
    for before, left in ((0, 2), (1, 1)):
        links.wrong = before
        reply = await do(effect, secret=wrong)
        assert isinstance(reply, r.PasscodeWrong)
        assert (reply.left, bool(reply.correlation_id)) == (left, True)


async def test_the_wrong_passcode_that_locks_the_device_says_so(do: Do, box: Sandbox, links: Links) -> None:
    effect, wrong = await begun_by(do, box, "ada")
    replies = [await do(effect, secret=wrong) for _ in range(3)]
    assert [reply.left for reply in replies if isinstance(reply, r.PasscodeWrong)][-1] == 0
    assert is_locked(box.world.user("ada").devices[0], box.clock.now())


async def test_tries_are_not_counted_where_pingone_counts_in_another_way(do: Do, box: Sandbox, links: Links) -> None:
    effect, wrong = await begun_by(do, box, "ada")
    links.wrong = 7
    reply = await do(effect, secret=wrong)
    assert isinstance(reply, r.PasscodeWrong)
    assert reply.left is None


@pytest.mark.parametrize("broken", ["/devices", "/deviceAuthenticationPolicies"])
async def test_a_wrong_passcode_is_wrong_where_nobody_tells_how_many_are_left(
    do: Do, box: Sandbox, broken: str
) -> None:
    effect, wrong = await begun_by(do, box, "ada")
    box.faults.add(path=broken, status=403)
    reply = await do(effect, secret=wrong)
    assert isinstance(reply, r.PasscodeWrong)
    assert reply.left is None


@pytest.mark.parametrize(
    ("change", "why"), [("lock", "locked after wrong tries"), ("block", "blocked"), ("remove", "not registered")]
)
async def test_a_device_that_pingone_does_not_ask_any_more_is_said_to_be_so(
    do: Do, box: Sandbox, change: str, why: str
) -> None:
    effect, _ = await begun_by(do, box, "ada")
    code, user = last_code(box), box.world.user("ada")
    match change:
        case "lock":
            user.devices[0].locked_until = box.clock.now() + timedelta(minutes=2)
        case "block":
            user.devices[0].blocked_at = box.clock.now()
        case _:
            user.devices.clear()
    select = fx.SelectDevice(person_id=user.id, authentication_id=effect.authentication_id, device_id=effect.device_id)
    begin = fx.StartDeviceAuthentication(person_id=user.id, policy_id=effect.policy_id, device_id=effect.device_id)
    for asked, secret in ((effect, code), (select, None), (begin, None)):
        reply = await do(asked, secret=secret)
        assert isinstance(reply, Failed), (asked, reply)
        assert reply.problem.code == NOT_USABLE
        assert why in reply.problem.message


async def answered(links: Links, *says: Say) -> Reply:
    """What comes of a passcode when PingOne answers its check so."""
    async with scripted(in_order(*says)) as server:
        settings = PingOneSettings(
            environment_id="e", client_id="c", api_url=f"{server.url}/v1", auth_url=server.url, timeout_seconds=1
        )
        there = open_api(settings, Secret("s"))
        performer = Performer(Outside(pingone=there, links=lambda: links))
        effect = fx.CheckPasscode(authentication_id="a-1", device_id="d-1")
        reply = await performer(effect, Context("f", 1, "c", AGENT, secret=Secret("123456")))
        await there.close()
        assert len(server.to("/a-1")) == 1
        return reply


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a-1", "status": "COMPLETED"},
        {"id": "a-1", "status": "COMPLETED", "selectedDevice": {"id": "d-2"}},
        {"id": "a-2", "status": "COMPLETED", "selectedDevice": {"id": "d-1"}},
        {"id": "a-1", "status": "completed", "selectedDevice": {"id": "d-1"}},
        {"id": "a-1", "status": "OTP_REQUIRED", "selectedDevice": {"id": "d-1"}},
        {"id": "a-1", "status": "FAILED", "selectedDevice": {"id": "d-1"}},
        {"id": "a-1", "status": "SOMETHING_NEW", "selectedDevice": {"id": "d-1"}},
    ],
)
async def test_completed_counts_only_for_the_device_and_the_authentication_that_were_asked(
    links: Links, body: dict[str, object]
) -> None:
    assert isinstance(await answered(links, Say(body=body)), r.PasscodeRefused)


@pytest.mark.parametrize("code", ["INVALID_OTP", "INVALID_VALUE"])
async def test_both_of_pingones_words_for_a_wrong_passcode_are_known(links: Links, code: str) -> None:
    body = {"code": "INVALID_DATA", "details": [{"code": code, "target": "otp"}]}
    assert isinstance(await answered(links, Say(400, body)), r.PasscodeWrong)


async def test_a_check_whose_answer_is_lost_is_a_failure_and_not_made_again(links: Links) -> None:
    reply = await answered(links, Say(cut=0))
    assert isinstance(reply, Failed)
    assert reply.problem.code == "unreachable"
