"""How often: links, look-ups, passcodes and wrong answers, each refused beyond its limit, told when, and audited."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.quotas import in_words
from csrdesk.errors import LimitReachedError, LinkOverError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.model.devices import Device, Devices, WebAuthn
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, GRACE, HAL, Begin, Call, Desk, Told, came, desk_on, linked, looked_up

ALERT = ("alert", "limit.reached", "refused")
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.1"


async def reached(desk: Desk) -> list[str]:
    """The limits that the audit says were reached."""
    return [str(row.details["limit"]) for row in await desk.engine.audit.list(limit=1000) if row.action == ALERT[1]]


async def refusal(call: Call) -> str:
    prompt = (await call.view()).prompt
    assert isinstance(prompt, p.MagicLinkFormPrompt)
    return prompt.note


def send(person: str = ADA.id, *, warned: bool = True) -> fx.SendMagicLink:
    return fx.SendMagicLink(person_id=person, account="A*** B***", warned=warned)


async def test_r_18_a_fourth_link_to_one_person_in_ten_minutes_is_not_sent(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for agent in (GRACE, HAL, GRACE):
            assert await desk.do(send(), agent=agent) == ("LinkSent",)
            desk.clock.move(minutes=2)
        call = await looked_up(desk, HAL)
        await call.tell(a.MagicLinkChosen())
        await call.tell(a.SendChosen())
        assert "3 links were sent to this person" in await refusal(call)
        assert "possible again in 4 minutes" in await refusal(call)
        assert await reached(desk) == ["links_per_person_in_ten_minutes"]
        assert ("outcome", "link.send", "refused") in await desk.said_of()
        assert await desk.do(send("u-other")) == ("LinkSent",)
        desk.clock.move(minutes=4)
        assert await desk.do(send()) == ("LinkSent",)


async def test_r_18_ten_links_to_one_person_in_a_day(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for _ in range(10):
            assert await desk.do(send()) == ("LinkSent",)
            desk.clock.move(minutes=11)
        assert await desk.do(send()) == ("LinkNotSent",)
        assert await reached(desk) == ["links_per_person_a_day"]
        desk.clock.move(hours=24)
        assert await desk.do(send()) == ("LinkSent",)


async def test_r_18_an_agent_sends_sixty_links_in_an_hour(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for n in range(60):
            assert await desk.do(send(f"u-{n}")) == ("LinkSent",)
        assert await desk.do(send("u-60")) == ("LinkNotSent",)
        assert await desk.do(send("u-60"), agent=HAL) == ("LinkSent",)
        assert await reached(desk) == ["links_per_agent_an_hour"]


async def test_r_18_the_numbers_are_settings(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(links_per_person_in_ten_minutes=1)) as desk:
        assert await desk.do(send()) == ("LinkSent",)
        assert await desk.do(send()) == ("LinkNotSent",)


async def test_r_18_no_sixth_passcode_is_sent_for_one_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        page = (await session.start("told", Begin())).id
        start, again = (
            fx.StartDeviceAuthentication(person_id=ADA.id),
            fx.SelectDevice(person_id=ADA.id, authentication_id="da-1", device_id="d-totp"),
        )
        asks = r.AuthenticationIs(r.DeviceAuthentication("da-1", "DEVICE_SELECTION_REQUIRED"))
        # One is sent by PingOne of itself, and to ask which device is no passcode.
        for reply in (None, asks, asks):
            if reply:
                desk.world.replies[fx.StartDeviceAuthentication] = reply
            assert came(await desk.tell(session, page, Told((start,)))) == ("AuthenticationIs",)
        for _ in range(4):
            assert came(await desk.tell(session, page, Told((again,)))) == ("AuthenticationIs",)
        for effect in (again, start):
            assert came(await desk.tell(session, page, Told((effect,)))) == ("Failed:limit_reached",)
        assert await reached(desk) == ["passcodes_per_link"] * 2
        assert [name for name, _ in desk.world.done].count("SelectDevice") == 4
        other = (await session.start("told", Begin())).id
        assert came(await desk.tell(session, other, Told((again,)))) == ("AuthenticationIs",)


async def test_r_18_no_fourth_push_is_sent_to_a_person_in_an_hour_whatever_link_asks(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        push = fx.SelectDevice(person_id=ADA.id, authentication_id="da-1", device_id="d-app", device_type="MOBILE")
        pages = [(await session.start("told", Begin())).id for _ in range(3)]
        for page in pages:
            assert came(await desk.tell(session, page, Told((push,)))) == ("AuthenticationIs",)
        assert came(await desk.tell(session, pages[0], Told((push,)))) == ("Failed:limit_reached",)
        assert await reached(desk) == ["pushes_per_person_an_hour"]
        desk.clock.move(hours=1, seconds=1)
        assert came(await desk.tell(session, pages[1], Told((push,)))) == ("AuthenticationIs",)


async def test_r_18_a_push_that_pingone_sends_of_itself_counts_as_one(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        sent = r.AuthenticationIs(r.DeviceAuthentication("da-1", "PUSH_CONFIRMATION_REQUIRED", "d-app"))
        desk.world.replies[fx.StartDeviceAuthentication] = sent
        start = fx.StartDeviceAuthentication(person_id=ADA.id)
        named = fx.StartDeviceAuthentication(person_id=ADA.id, device_id="d-app", device_type="MOBILE")
        pages = [(await session.start("told", Begin())).id for _ in range(4)]
        for page, effect in zip(pages, (start, named, start), strict=False):
            assert came(await desk.tell(session, page, Told((effect,)))) == ("AuthenticationIs",)
        for effect in (start, named):
            assert came(await desk.tell(session, pages[3], Told((effect,)))) == ("Failed:limit_reached",)
        assert await reached(desk) == ["pushes_per_person_an_hour"] * 2


async def test_r_18_a_passkey_and_an_apps_own_passcode_are_sent_nothing_and_count_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(passcodes_per_link=1)) as desk:
        session = desk.session()
        page = (await session.start("told", Begin())).id
        kinds = ("FIDO2", "TOTP", "FIDO2", "SMS", "SMS")
        asks = [
            fx.SelectDevice(person_id=ADA.id, authentication_id="da-1", device_id=f"d-{kind}", device_type=kind)
            for kind in kinds
        ]
        for ask in asks[:-1]:
            assert came(await desk.tell(session, page, Told((ask,)))) == ("AuthenticationIs",)
        assert came(await desk.tell(session, page, Told((asks[-1],)))) == ("Failed:limit_reached",)


async def test_r_18_the_customer_reads_that_no_more_passcodes_are_sent(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(passcodes_per_link=1)) as desk:
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices((Device("d-sms", "SMS"),)))
        asks = r.AuthenticationIs(r.DeviceAuthentication("da-1", "OTP_REQUIRED", "d-sms"))
        desk.world.replies[fx.StartDeviceAuthentication] = asks
        call = await linked(desk)
        await call.enter_code()
        view = await call.customer(a.BrowserChecked(WebAuthn.FULL))
        assert isinstance(view.view.prompt, p.PasscodePrompt)
        view = await call.customer(a.ResendChosen())
        assert isinstance(view.view.prompt, p.PasscodePrompt)
        assert "Ask the agent for a new link" in view.view.prompt.note


async def test_r_18_after_a_hundred_wrong_answers_from_one_address_none_is_taken_from_there(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        customers, right = desk.engine.customers, a.CodeGiven(Secret(await call.code()))
        for n in range(99):
            with pytest.raises(LinkOverError):
                await customers.open(f"guessed-{n}", "b", fetch=False, source=HERE)
        await customers.answer(call.token, "b", a.CodeGiven(Secret("x")), source=HERE)
        with pytest.raises(LimitReachedError) as refused:
            await customers.answer(call.token, "b", right, source=HERE)
        with pytest.raises(LimitReachedError):
            await customers.answer(call.token, "b", right, source=HERE)
        assert refused.value.after == timedelta(minutes=10).total_seconds()
        assert await reached(desk) == ["wrong_posts_per_address"]
        assert HERE not in str(await desk.store.all("SELECT * FROM wrong_posts")) + str(await desk.engine.audit.list())
        await customers.open(call.token, "b")
        desk.clock.move(minutes=2)
        await customers.answer(call.token, "b", right, source=ELSEWHERE)


async def test_r_18_wrong_passcodes_count_for_their_address(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(wrong_posts_per_address=2)) as desk:
        desk.world.replies[fx.CheckPasscode] = r.PasscodeWrong(2)
        call = await linked(desk)
        await call.enter_code()
        view = await call.customer(a.BrowserChecked(WebAuthn.FULL))
        if isinstance(view.view.prompt, p.DeviceSelectionPrompt):
            await call.customer(a.DeviceChosen("d-totp"))
        tried = a.PasscodeGiven(Secret("123456"))
        for _ in range(2):
            await desk.engine.customers.answer(call.token, "cookie-of-ada", tried, source=HERE)
        with pytest.raises(LimitReachedError):
            await desk.engine.customers.answer(call.token, "cookie-of-ada", tried, source=HERE)
        await call.page()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("203.0.113.7", "203.0.113.8", False),
        ("unix socket", "unix socket", True),
    ],
)
async def test_r_18_addresses_of_one_ipv6_network_count_as_one(
    tmp_path: Path, one: str, other: str, same: bool
) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(wrong_posts_per_address=1)) as desk:
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open("guessed", "b", source=one)
        with pytest.raises(LimitReachedError if same else LinkOverError):
            await desk.engine.customers.open("guessed", "b", source=other)


async def test_r_51_the_third_link_in_a_day_by_any_agent_waits_for_an_agent_who_was_warned(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for agent in (GRACE, HAL):
            assert await desk.do(send(warned=False), agent=agent) == ("LinkSent",)
            desk.clock.move(hours=1)
        call = await looked_up(desk)
        await call.tell(a.MagicLinkChosen())
        await call.tell(a.SendChosen())
        assert "2 links were sent to this person in the last 24 hours, by 2 agents" in await refusal(call)
        assert len(desk.world.mails) == 2
        await call.tell(a.SendChosen())
        await call.polling()
        assert len(desk.world.mails) == 3
        assert ("outcome", "link.send", "refused") in await desk.said_of()
        desk.clock.move(hours=24)
        assert await desk.do(send(warned=False)) == ("LinkSent",)


async def test_r_51_what_was_tried_in_several_ways_is_named_so(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for _ in range(2):
            assert await desk.do(send(warned=False)) == ("LinkSent",)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET purpose = 'push' WHERE rowid = 1")
        call = await looked_up(desk)
        await call.tell(a.MagicLinkChosen())
        await call.tell(a.SendChosen())
        warning = await refusal(call)
    assert warning.startswith("2 tries to verify were made for this person in the last 24 hours, by one agent.")
    assert warning.endswith("Nothing was made now. Try once more if you are sure about this caller.")


async def test_r_51_a_resend_warns_as_well_and_gives_the_older_link_up(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.tell(a.ResendChosen())
        await call.polling()
        older = call.token
        await call.tell(a.ResendChosen())
        assert "by one agent" in await refusal(call)
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(older, "b")


async def test_r_57_a_sixty_first_look_up_in_an_hour_is_refused_with_an_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        look = fx.FindUser(identifier="ada")
        for _ in range(60):
            assert await desk.do(look) == ("UserFound",)
        assert await desk.do(look) == ("Failed:limit_reached",)
        assert ALERT in await desk.said_of()
        assert await reached(desk) == ["look_ups_per_agent_an_hour"]
        assert await desk.do(look, agent=HAL) == ("UserFound",)
        assert [name for name, _ in desk.world.done].count("FindUser") == 61
        desk.clock.move(hours=1)
        assert await desk.do(look) == ("UserFound",)


async def test_r_57_the_agent_reads_that_nobody_was_looked_up_and_when_it_is_possible(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(look_ups_per_agent_an_hour=1)) as desk:
        await looked_up(desk)
        prompt = (await (await looked_up(desk)).view()).prompt
    assert isinstance(prompt, p.UsernamePrompt)
    assert prompt.note.startswith("Nobody was looked up.")
    assert "again in 60 minutes" in prompt.note


@pytest.mark.parametrize("effect", [fx.RefuseChallenge, fx.CheckCode])
async def test_r_19_a_hundred_wrong_codes_and_a_hundred_requests_change_no_account(
    tmp_path: Path, effect: type[fx.CheckCode]
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for n in range(100):
            try:
                if effect is fx.CheckCode:
                    await call.customer(a.CodeGiven(Secret(f"x{n}")))
                else:
                    await desk.do(send())
            except LinkOverError:
                continue
        done = {name for name, _ in desk.world.done}
        written = {row.action for row in await desk.engine.audit.list(limit=1000)}
    assert done <= {"FindUser", "ReadDevices", "ReadProtection", "SendMagicLink"}
    assert not {"pingone.set_enabled", "ad.set_enabled", "pingone.end_sessions"} & written


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "in a minute"), (61, "in 2 minutes"), (5400, "in 90 minutes"), (5401, "in 2 hours")]
)
def test_a_wait_is_never_said_too_short(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
