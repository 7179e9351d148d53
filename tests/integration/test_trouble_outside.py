"""PingOne, the directory or the mail server is down, slow, refusing or of another shape: what the agent reads each time
says what happened, what was not done, and what to do next.
"""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.verify_user import OTHER_WAYS
from csrdesk.sandbox import Sandbox, people
from csrdesk.wiring import open_desk
from tests.integration.conftest import World

Fault = dict[str, object]
ADMIN = "Ask an administrator."
AGAIN = "Try again in a moment."

PINGONE: list[tuple[Fault, str, str]] = [
    ({"status": 401}, f"PingOne did not take csrdesk's own credentials, or they lack a right. {ADMIN}", "unauthorized"),
    ({"status": 403}, f"PingOne did not take csrdesk's own credentials, or they lack a right. {ADMIN}", "unauthorized"),
    ({"status": 429, "retry_after": 60}, f"PingOne asks for a pause. {AGAIN}", "rate_limited"),
    ({"status": 500}, f"PingOne has a problem of its own. {AGAIN}", "unavailable"),
    ({"wrong_shape": True}, f"PingOne gave an answer that csrdesk does not know. {ADMIN}", "unexpected_answer"),
    ({"cut": True}, f"PingOne cannot be reached. {AGAIN}", "unreachable"),
    ({"latency_ms": 1_500}, f"PingOne did not answer in time. {AGAIN}", "timed_out"),
]


def named(case: object) -> str:
    """The name of a case: what is wrong. Its words need no place in it."""
    return " ".join(f"{key} {value}" for key, value in case.items()) if isinstance(case, dict) else ""


def broken(world: World, path: str, fault: Fault) -> str:
    return world.box.faults.add(path=path, **fault)


@pytest.mark.parametrize(("fault", "words", "code"), PINGONE, ids=named)
async def test_a_look_up_that_pingone_spoils_says_so_and_the_call_goes_on(
    world: World, fault: Fault, words: str, code: str
) -> None:
    broken(world, "/users$", fault)
    call = await world.looked_up(people.ONLY_PINGONE)
    asked = call.sees(p.UsernamePrompt)
    assert (asked.note, asked.code) == (f"Nobody was looked up. {words}", code)
    world.box.faults.clear()
    await call.look_up(people.ONE_DEVICE)
    call.sees(p.CardPrompt)


@pytest.mark.parametrize(("fault", "words", "code"), PINGONE, ids=named)
async def test_r_49_with_pingone_down_ad_alone_can_be_closed_and_pingone_is_closed_when_it_is_back(
    world: World, fault: Fault, words: str, code: str
) -> None:
    broken(world, "/users", fault)
    call = await world.looked_up(people.ONE_DEVICE)
    card = call.sees(p.UnverifiableCardPrompt)
    assert (card.code, card.devices) == (code, ())
    assert card.why.startswith(f"PingOne cannot be asked, so nobody can be verified now. {words} Only the AD account")
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("A stranger has it", "INC-1"))
    notice = call.sees(p.NoticePrompt)
    assert notice.half_done
    assert not notice.again
    assert [(line.text.partition(",")[0], line.ok) for line in notice.lines] == [
        ("AD: disabled", True),
        ("PingOne: not disabled", False),
        ("Customer: told by mail", True),
    ]
    assert int(world.box.world.entry(people.ONE_DEVICE).first("userAccountControl") or "0") & 2
    assert world.box.world.user(people.ONE_DEVICE).enabled
    world.box.faults.clear()
    await call.say(a.NoticeRead())
    call.sees(p.UsernamePrompt)
    await call.look_up(people.ONE_DEVICE)
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("A stranger has it", "INC-1"))
    after = call.sees(p.NoticePrompt)
    assert [line.text for line in after.lines[:2]] == [
        "AD: was disabled already, nothing written",
        "PingOne: disabled",
    ]
    assert not after.half_done


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": True}, {"latency_ms": 1_500}], ids=named)
async def test_r_49_with_ad_down_pingones_half_is_closed_and_ads_when_it_is_back(world: World, fault: Fault) -> None:
    world.box.faults.add(path="^/directory", **fault)
    call = await world.looked_up(people.ONE_DEVICE)
    assert "AD cannot be asked now" in call.sees(p.CardPrompt).warning
    await call.say(a.ProtectiveDisableChosen())
    assert call.sees(p.ConfirmPrompt).effects[0].startswith("AD cannot be asked now")
    await call.say(a.Confirmed("A stranger has it", "INC-1"))
    notice = call.sees(p.NoticePrompt)
    assert (notice.half_done, notice.again) == (True, True)
    assert notice.lines[0].text.startswith("AD: not disabled, and nobody could check there whom this is.")
    assert [line.text for line in notice.lines[1:2]] == ["PingOne: disabled"]
    assert not world.box.world.user(people.ONE_DEVICE).enabled
    rows = await world.desk.audit.list(limit=100)
    marks = {
        (row.action, row.details.get("directory")) for row in rows if row.kind == "intent" and "act" in row.details
    }
    assert marks == {("pingone.set_enabled", "not checked"), ("pingone.end_sessions", "not checked")}
    world.box.faults.clear()
    await call.say(a.TryAgainChosen())
    after = call.sees(p.NoticePrompt)
    assert not after.half_done
    assert after.lines[0].text == "AD: disabled"
    assert int(world.box.world.entry(people.ONE_DEVICE).first("userAccountControl") or "0") & 2


async def test_r_36_with_mail_down_an_act_is_done_and_its_notice_is_sent_when_mail_is_back(world: World) -> None:
    fault = world.box.faults.add(method="SMTP", status=450)
    call = await world.looked_up(people.ONE_DEVICE)
    await call.say(a.ProtectiveDisableChosen())
    await call.say(a.Confirmed("A stranger has it", "INC-1"))
    notice = call.sees(p.NoticePrompt)
    assert not notice.half_done
    assert notice.lines[-1].text.startswith("Customer: not told yet. The mail server did not take the mail")
    world.box.faults.clear(fault)
    view = await world.desk.session(world.desk.agent).changed(call.view.id, call.view.rev)
    assert isinstance(view.prompt, p.NoticePrompt)
    assert view.prompt.lines[-1].text == "Customer: told by mail"
    (mail,) = [mail for mail in world.box.world.mails if mail.subject == "Account Disabled"]
    assert mail.to == "ada@mail.example"


@pytest.mark.parametrize(("fault", "words", "code"), PINGONE, ids=named)
async def test_devices_that_cannot_be_read_are_an_error_to_try_again(
    world: World, fault: Fault, words: str, code: str
) -> None:
    broken(world, "/devices$", fault)
    call = await world.looked_up(people.ONE_DEVICE)
    shown = call.sees(p.ErrorPrompt)
    assert shown.error_message == f"The caller was not checked, and nothing was changed. {words}"
    assert shown.code == code
    assert shown.error_details
    world.box.faults.clear()
    await call.say(a.TryAgainChosen())
    call.sees(p.CardPrompt)


async def test_a_pingone_that_is_down_altogether_is_said(world: World) -> None:
    call = await world.call()
    await world.box.stop()
    await call.look_up(people.ONE_DEVICE)
    assert call.sees(p.UsernamePrompt).note == f"Nobody was looked up. PingOne cannot be reached. {AGAIN}"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 401}, "The directory does not take csrdesk's sign-in. Ask an administrator."),
        ({"status": 500}, "The directory has a problem of its own. Try again in a moment."),
        ({"wrong_shape": True}, "The directory gave an answer that csrdesk does not know. Ask an administrator."),
        ({"cut": True}, "The directory cannot be reached. Try again in a moment."),
        ({"latency_ms": 1_500}, "The directory did not answer in time. Try again in a moment."),
    ],
    ids=named,
)
async def test_what_the_directory_says_instead_of_an_answer_stands_on_the_card(
    world: World, fault: Fault, words: str
) -> None:
    broken(world, "^/directory/search", fault)
    call = await world.looked_up(people.ONE_DEVICE)
    half = "only PingOne's half can be disabled or unlocked, nothing enabled or reset."
    assert call.sees(p.CardPrompt).warning.endswith(f"AD cannot be asked now: {half} {words}")


async def test_r_39_while_pingone_cannot_say_who_is_protected_nobody_is_acted_on(world: World) -> None:
    broken(world, "/roleAssignments", {"status": 500})
    call = await world.looked_up(people.ONE_DEVICE)
    message = call.sees(p.ErrorPrompt).error_message
    assert message.startswith("The caller was not checked, and nothing was changed. PingOne has a problem of its own.")
    world.box.faults.clear()
    await call.say(a.TryAgainChosen())
    call.sees(p.CardPrompt)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 450}, "The mail server did not take the mail: 450 The recipient is not accepted. " + AGAIN),
        ({"status": 550}, "The mail server did not take the mail: 550 The recipient is not accepted. " + ADMIN),
        ({"cut": True}, "The mail server closed the connection. " + AGAIN),
        ({"latency_ms": 1_500}, "The mail server did not answer in time. " + AGAIN),
    ],
    ids=named,
)
async def test_a_mail_that_is_not_taken_means_no_link_and_the_agent_may_send_again(
    world: World, fault: Fault, words: str
) -> None:
    world.box.faults.add(method="SMTP", **fault)
    call = await world.looked_up(people.ONE_DEVICE)
    await call.say(a.MagicLinkChosen())
    await call.say(a.SendChosen())
    assert call.sees(p.MagicLinkFormPrompt).note == f"The link was not sent. {words} {OTHER_WAYS}"
    assert call.view.spoken_code is None
    world.box.faults.clear()
    await call.say(a.SendChosen())
    assert call.code()


async def test_no_mail_server_at_all_means_no_link(box: Sandbox, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    unreached = replace(settings, mail=replace(settings.mail, port=port))
    async with open_desk(unreached, serve_pages=True) as desk:
        call = await World(box, desk).looked_up(people.ONE_DEVICE)
        await call.say(a.MagicLinkChosen())
        await call.say(a.SendChosen())
        words = f"The link was not sent. The mail server cannot be reached. {AGAIN} {OTHER_WAYS}"
        assert call.sees(p.MagicLinkFormPrompt).note == words


async def test_a_mail_server_that_nobody_vouches_for_gets_no_link(box: Sandbox, settings: Settings) -> None:
    async with open_desk(replace(settings, mail=replace(settings.mail, ca_file="")), serve_pages=True) as desk:
        call = await World(box, desk).looked_up(people.ONE_DEVICE)
        await call.say(a.MagicLinkChosen())
        await call.say(a.SendChosen())
        words = f"The link was not sent. The mail server showed a certificate that is not trusted. {ADMIN} {OTHER_WAYS}"
        assert call.sees(p.MagicLinkFormPrompt).note == words
    assert box.world.mails == []


async def verified(world: World) -> Call:
    """Ada's call, with her device shown."""
    call, code = await world.sent(people.ONE_DEVICE)
    async with world.customer(people.ONE_DEVICE) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
    await call.waits_for(p.AccountPrompt)
    return call


@pytest.mark.parametrize("fault", [{"status": 500}, {"latency_ms": 1_500}], ids=named)
async def test_r_48_a_disable_that_pingone_spoils_is_half_done_and_can_be_done_again(
    world: World, fault: Fault
) -> None:
    call = await verified(world)
    fault_id = world.box.faults.add(method="PUT", path="/enabled$", **fault)
    await call.say(a.DisableChosen())
    await call.say(a.Confirmed("The phone was stolen", "INC-1"))
    notice = call.sees(p.NoticePrompt)
    assert notice.half_done
    texts = [line.text for line in notice.lines]
    assert texts[0] == "AD: disabled"
    assert texts[1].startswith("PingOne: ")
    assert AGAIN in texts[1]
    assert not notice.lines[1].ok
    world.box.faults.clear(fault_id)
    await call.say(a.NoticeRead())
    account = call.sees(p.AccountPrompt).account
    assert (account.directory_enabled, account.pingone_enabled) == (False, True)
    await call.say(a.DisableChosen())
    await call.say(a.Confirmed("The phone was stolen", "INC-1"))
    assert all(line.ok for line in call.sees(p.NoticePrompt).lines)
    assert not world.box.world.user(people.ONE_DEVICE).enabled


@pytest.mark.parametrize(
    "fault",
    [{"status": 401}, {"status": 429, "retry_after": 60}, {"status": 500}, {"wrong_shape": True}, {"cut": True}],
    ids=named,
)
async def test_a_customers_page_meets_trouble_without_naming_any_system(world: World, fault: Fault) -> None:
    call, code = await world.sent(people.ONE_DEVICE)
    async with world.customer(people.ONE_DEVICE) as caller:
        await caller.open(await caller.newest_link())
        broken(world, "/deviceAuthentications$", fault)
        await caller.answer("CodeGiven", code=code)
        caller.reads("That did not work on our side just now, and nothing was approved. Try again.")
        assert "PingOne" not in caller.text
        world.box.faults.clear()
        await caller.answer("TryAgainChosen")
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        caller.reads("You are confirmed")
    await call.waits_for(p.AccountPrompt)


async def test_a_device_that_locks_while_it_is_asked_is_said_on_the_page(world: World) -> None:
    call, code = await world.sent(people.ONE_DEVICE)
    async with world.customer(people.ONE_DEVICE) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        right = await caller.newest_passcode()
        world.box.world.user(people.ONE_DEVICE).devices[0].locked_until = world.box.clock.now() + timedelta(hours=1)
        await caller.answer("PasscodeGiven", passcode=right)
        caller.reads("That device is locked after wrong tries. No other device of yours can be used here.")
        assert caller.offers("CannotUseAnyChosen")
    call.sees(p.PollingPrompt)
