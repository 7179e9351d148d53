"""The spoken address from both sides: whose code it is, how often it may be tried, what it opens, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine import call_codes, quotas
from csrdesk.engine.challenges import find
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.codes import call_code, is_right
from csrdesk.errors import LimitReachedError, LinkOverError, NoSuchFlowError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows.challenge_acceptance import PageApproved, PageNoFactor, PageRefused
from csrdesk.flows.doors import LinkView
from csrdesk.flows.kernel import Answer
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Device, Devices, WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import BROWSER, GRACE, HAL, KEY, Call, Desk, desk_on, looked_up

RULES = Rules(spoken_address=True)
SMS = Device("d-sms", "SMS", address="+44 *** *** 43")
HERE, THERE = "198.51.100.7", "203.0.113.9"
NOBODYS = "000000000"


@asynccontextmanager
async def a_desk(
    path: Path, *, clock: MovableClock | None = None, limits: LimitSettings | None = None
) -> AsyncIterator[Desk]:
    async with desk_on(path / "desk.db", clock, rules=RULES, limits=limits) as desk:
        yield desk


async def saying(desk: Desk) -> Call:
    """A call whose agent says address and code."""
    call = await looked_up(desk)
    await call.tell(a.SpokenAddressChosen())
    await told(call)
    return call


async def told(call: Call) -> sp.SpokenAddressPrompt:
    prompt = (await call.view()).prompt
    assert isinstance(prompt, sp.SpokenAddressPrompt), prompt
    return prompt


async def code_of(call: Call) -> str:
    code = (await call.view()).spoken_code
    assert code
    return code.reveal()


async def enter(desk: Desk, code: str, browser: str = BROWSER, source: str = HERE) -> str:
    """The token of the page that the code opens there."""
    return (await desk.engine.customers.enter_code(Secret(code), browser, source=source)).reveal()


async def answer(desk: Desk, token: str, given: Answer, browser: str = BROWSER) -> LinkView:
    return await desk.engine.customers.answer(token, browser, given)


async def show_device(desk: Desk, token: str) -> LinkView:
    await answer(desk, token, a.BrowserChecked(WebAuthn.FULL))
    return await answer(desk, token, a.PasscodeGiven(Secret("123456")))


async def audit(desk: Desk) -> list[str]:
    return [action for _, action, _ in await desk.said_of()]


async def test_a_caller_without_mailbox_is_verified_by_address_code_and_a_strong_device(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        prompt = await told(call)
        assert (prompt.link.to, prompt.link.stage) == ("desk.example/c", LinkStage.SENT)
        view = await call.view()
        token = await enter(desk, await code_of(call))
        async with asyncio.timeout(30):
            while view.spoken_code is not None:  # until the agent's side has heard of it
                view = await call.session.changed(call.id, view.rev)
        shown = await show_device(desk, token)
        assert isinstance(shown.view.outcome, PageApproved)
        account = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        evidence = account.evidence
        assert (evidence.label, evidence.auth_method) == ("authentication: device alone (strong)", "totp")
        assert not evidence.missing_for(Act.RESET)
        assert evidence.missing_for(Act.DEVICES)
        assert not desk.world.mails


async def test_r_02_the_call_code_is_in_the_prompt_of_the_agent_who_owns_the_call_and_nowhere_else(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        code = await code_of(call)
        assert code.isdecimal()
        assert len(code) == 9
        assert code not in str(await call.view())
        with pytest.raises(NoSuchFlowError):
            await desk.session(HAL).view(call.id)
        await enter(desk, code)
        tables = ("flows", "challenges", "audit", "wrong_posts", "tries")
        everything = [str(await desk.store.all(f"SELECT * FROM {table}")) for table in tables]
        assert code not in "".join(everything)


def test_r_02_call_codes_are_derived_and_every_one_is_as_likely() -> None:
    drawn = [call_code(KEY, f"link-{n}", 1) for n in range(20_000)]
    assert drawn == [call_code(KEY, f"link-{n}", 1) for n in range(20_000)]
    assert {len(code) for code in drawn} == {9}
    for place in range(9):
        counts = [sum(code[place] == str(digit) for code in drawn) for digit in range(10)]
        assert max(abs(count - 2000) for count in counts) < 250, "five standard deviations are 212"


def test_r_02_a_code_whose_bits_are_above_the_fair_part_is_drawn_again() -> None:
    again = [n for n in range(200) if call_code(KEY, f"link-{n}", 1) != _first_draw(f"link-{n}")]
    assert 2 < len(again) < 40, "1 in 15 on average"


def _first_draw(challenge_id: str) -> str:
    import hashlib
    import hmac

    first = hmac.new(KEY, f"call:{challenge_id}:1:0".encode(), hashlib.sha256).digest()[:4]
    return f"{int.from_bytes(first) % 1_000_000_000:09}"


def test_r_09_a_call_code_is_taken_with_blanks_hyphens_and_any_digits() -> None:
    code = call_code(KEY, "link-1", 1)
    for typed in (f"{code[:3]} {code[3:6]} {code[6:]}", "-".join(code), "".join(chr(0xFF10 + int(d)) for d in code)):
        assert is_right(Secret(typed), KEY, "link-1", 1, of_address=True)
    assert not is_right(Secret(code[:6]), KEY, "link-1", 1, of_address=True)


async def test_r_11_five_wrong_codes_of_one_address_are_the_most_in_ten_minutes_and_are_counted_before_comparing(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        code = await code_of(call)
        for _ in range(5):
            with pytest.raises(LinkOverError):
                await enter(desk, NOBODYS)
        with pytest.raises(LimitReachedError) as error:
            await enter(desk, code)
        assert error.value.after == pytest.approx(600)
        assert (await audit(desk)).count("limit.reached") == 1
        async with asyncio.timeout(30):  # the agent sees each at once
            while (await told(call)).link.wrong < 5:  # noqa: ASYNC110 - the engine rings screens, not tests
                await asyncio.sleep(0.01)
        assert (await told(call)).link.wrong == 5
        token = await enter(desk, code, source=THERE)
        assert token
        desk.clock.move(minutes=10)
        with pytest.raises(LinkOverError):
            await enter(desk, NOBODYS)


async def test_r_11_of_many_codes_at_once_from_one_address_no_more_are_compared_than_may_be(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await saying(desk)
        tried = await asyncio.gather(*(enter(desk, f"{n:09}") for n in range(20)), return_exceptions=True)
        assert [type(error) for error in tried].count(LinkOverError) == 5
        assert [type(error) for error in tried].count(LimitReachedError) == 15


async def test_right_codes_are_not_counted_as_wrong_where_many_share_one_address(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        code = await code_of(await saying(desk))
        for _ in range(4):
            await enter(desk, code)
            desk.clock.move(seconds=1)
        for _ in range(5):
            with pytest.raises(LinkOverError):
                await enter(desk, NOBODYS)
        with pytest.raises(LimitReachedError):
            await enter(desk, NOBODYS)


async def test_r_19_wrong_codes_change_no_account_and_end_no_call(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        for n in range(20):
            with pytest.raises(LinkOverError):
                await enter(desk, NOBODYS, source=f"198.51.100.{n}")
        assert (await told(call)).link.stage is LinkStage.SENT
        assert not {"SetPingOneEnabled", "SetDirectoryEnabled"} & {name for name, _ in desk.world.done}
        assert await enter(desk, await code_of(call))


async def test_r_04_a_code_opens_one_page_in_one_browser_whoever_is_first(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        code = await code_of(call)
        entered = [enter(desk, code, f"cookie-{n}", f"198.51.100.{n}") for n in range(12)]
        ended = await asyncio.gather(*entered, return_exceptions=True)
        assert sum(isinstance(token, str) for token in ended) == 1
        assert {type(error) for error in ended if not isinstance(error, str)} == {LinkOverError}


async def test_r_23_a_code_that_was_right_once_warns_the_agent_where_it_is_typed_elsewhere(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        code = await code_of(call)
        await enter(desk, code)
        with pytest.raises(LinkOverError):
            await enter(desk, code, "somebody-else", THERE)
        assert (await audit(desk)).count("link.second_browser") == 1
        (row,) = await desk.store.all("SELECT second_browser FROM challenges")
        assert row["second_browser"] == 1


async def test_r_23_the_page_is_bound_to_the_browser_that_entered_the_code(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        code = await code_of(call)
        token = await enter(desk, code)
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(token, "somebody-else")
        with pytest.raises(LinkOverError):
            await enter(desk, code, "somebody-else", THERE)
        assert (await told(call)).link.second_browser
        assert (await audit(desk)).count("link.second_browser") == 2, "the page, and the code"
        with pytest.raises(LinkOverError):
            await enter(desk, code, "one-more", THERE)
        assert (await audit(desk)).count("link.second_browser") == 3
        again = await enter(desk, code)
        assert again != token, "the same browser goes on, by a page of its own"
        assert isinstance((await desk.engine.customers.open(again, BROWSER)).view.prompt, p.BrowserPrompt)
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(token, BROWSER)


async def test_r_12_a_code_is_of_one_call_among_several(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        first = await saying(desk)
        other = await looked_up(desk)
        await other.tell(a.SpokenAddressChosen())
        with pytest.raises(LinkOverError):
            await enter(desk, call_code(KEY, (await told(other)).link.id, 2))
        view = await first.until_stage(sp.AddressFormPrompt)
        assert isinstance(view.prompt, sp.AddressFormPrompt), "the same person's older code ended"
        await enter(desk, await code_of(other))
        assert (await told(other)).link.stage is LinkStage.CODE_RIGHT


async def test_r_06_a_new_code_ends_the_old_one(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        old = await code_of(call)
        await call.tell(a.NewCodeChosen())
        new = await code_of(call)
        assert new != old
        with pytest.raises(LinkOverError):
            await enter(desk, old)
        assert await enter(desk, new)


async def test_two_open_calls_never_have_the_same_code(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        link = (await told(call)).link
        taken = call_code(KEY, "link-9", 4)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET id = 'link-9', attempt = 4")
            assert await call_codes.free_attempt(tx, desk.engine.customers._desk, "link-9", 4) == 5  # noqa: SLF001
            assert await call_codes.free_attempt(tx, desk.engine.customers._desk, link.id, 1) == 1  # noqa: SLF001
        assert taken != call_code(KEY, "link-9", 5)


async def test_r_05_both_clocks_end_it_and_more_time_is_had_once(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        assert (await told(call)).link.expires_at == desk.clock.now() + timedelta(seconds=150)
        await call.tell(a.MoreTimeChosen())
        assert (await told(call)).link.extended
        await call.tell(a.MoreTimeChosen())
        assert (await told(call)).note.startswith("This code cannot have more time")
        code = await code_of(call)
        desk.clock.move(seconds=300)
        view = await call.until_stage(sp.AddressFormPrompt)
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert view.prompt.note.startswith("Time ran out")
        with pytest.raises(LinkOverError):
            await enter(desk, code)
        await call.tell(a.OpenAddressChosen())
        token = await enter(desk, await code_of(call))
        desk.clock.move(seconds=600)
        assert (await desk.engine.customers.open(token, BROWSER)).time_up
        assert isinstance((await call.until_stage(sp.AddressFormPrompt)).prompt, sp.AddressFormPrompt)


async def test_r_06_cancel_line_dropped_and_the_end_of_the_call_end_the_code(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for way_out, after in (
            (a.Cancelled(), p.CardPrompt),
            (a.LineDropped(), p.CardPrompt),
        ):
            call = await saying(desk)
            code = await code_of(call)
            await call.tell(way_out)
            assert isinstance((await call.until_stage(after)).prompt, after)
            with pytest.raises(LinkOverError):
                await enter(desk, code, source=THERE)
            desk.clock.move(minutes=11)


async def test_r_07_opening_the_address_is_noted_for_whoever_waits_and_changes_nothing(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await desk.engine.customers.opened_address("Nobody waits")
        call = await saying(desk)
        for _ in range(100):
            await desk.engine.customers.opened_address("Mozilla/5.0 \x1b[31m")
        link = (await told(call)).link
        assert (link.fetched, link.stage, link.wrong) == (9, LinkStage.SENT, 0), "noted nine times at most"
        assert "\x1b" not in link.fetched_by
        assert await enter(desk, await code_of(call))


async def test_r_18_at_most_so_many_codes_are_open_at_the_desk(tmp_path: Path) -> None:
    async with a_desk(tmp_path, limits=LimitSettings(open_call_codes=1)) as desk:
        await saying(desk)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET person_id = 'u-other'")
        second = await looked_up(desk)
        view = await second.tell(a.SpokenAddressChosen())
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert view.prompt.note.startswith("As many callers as may (1) have")
        assert "limit.reached" in await audit(desk)


async def test_r_18_r_51_calls_by_the_address_count_as_links_do_and_the_third_warns_of_codes(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for _ in range(2):
            await saying(desk)
        call = await looked_up(desk)
        view = await call.tell(a.SpokenAddressChosen())
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert view.prompt.warned
        assert view.prompt.note == (
            "2 codes were made for this person in the last 24 hours, by one agent. Somebody may be trying to get in. "
            "Nothing was made now. Make one once more if you are sure about this caller."
        )
        await call.tell(a.OpenAddressChosen())
        assert await code_of(call)
        over = await looked_up(desk)
        view = await over.tell(a.SpokenAddressChosen())
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert not view.prompt.warned
        assert "which is the most" in view.prompt.note


async def test_r_21_this_wasnt_me_freezes_the_person_as_after_a_link(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        token = await enter(desk, await code_of(call))
        await answer(desk, token, a.NotMeChosen())
        said_no = await answer(desk, token, a.NotMeAnswered("not_me"))
        assert isinstance(said_no.view.outcome, PageRefused)
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert "frozen" in card.note
        view = await call.tell(a.SpokenAddressChosen())
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert "This wasn't me" in view.prompt.note


async def test_r_32_a_weak_device_is_never_asked_and_where_no_strong_one_is_left_nothing_is_approved(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices((SMS,)))
        token = await enter(desk, await code_of(call))
        gone = await desk.engine.customers.open(token, BROWSER, fetch=False)
        assert isinstance(gone.view.outcome, PageNoFactor)
        view = await call.until_stage(sp.AddressFormPrompt)
        assert isinstance(view.prompt, sp.AddressFormPrompt)
        assert "cannot use any" in view.prompt.note
        assert "StartDeviceAuthentication" not in {name for name, _ in desk.world.done}


async def test_r_62_a_killed_console_leaves_no_code_that_can_be_typed(tmp_path: Path) -> None:
    clock = MovableClock()
    async with a_desk(tmp_path, clock=clock) as one:
        call = await saying(one)
        code = await code_of(call)
        async with a_desk(tmp_path, clock=clock) as two:
            clock.move(seconds=120)
            resumed = await two.session(GRACE).resume(call.id)
            assert resumed.view.prompt is not None
            with pytest.raises((LinkOverError, StaleFlowError)):
                await enter(two, NOBODYS)
        assert code


async def test_r_17_as_many_codes_are_derived_whether_calls_are_open_or_not(tmp_path: Path) -> None:
    async with a_desk(tmp_path, limits=LimitSettings(open_call_codes=3)) as desk:
        inner = desk.engine.customers._desk  # noqa: SLF001
        assert await call_codes.called(desk.store, inner, Secret(NOBODYS)) is None
        call = await saying(desk)
        found = await call_codes.called(desk.store, inner, Secret(await code_of(call)))
        row = await find(desk.store, (await told(call)).link.id)
        assert found == row
        assert await quotas.open_codes(desk.store, inner) is None


async def test_a_new_password_goes_on_in_the_page_that_verified_without_mail_code_or_device(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        token = await enter(desk, await code_of(call))
        await show_device(desk, token)
        await call.until_stage(p.AccountPrompt)
        await call.tell(a.ResetChosen())
        await call.tell(a.Confirmed("Forgot it.", "T-1"))
        page = await desk.engine.customers.open(token, BROWSER, fetch=False)
        assert isinstance(page.view.prompt, pp.NewPasswordPrompt)
        new = Secret("Seven teal otters, 2 boats")
        await answer(desk, token, a.NewPasswordTyped(new, new, "yes"))
        done = (await call.until_stage(p.NoticePrompt)).prompt
        assert isinstance(done, p.NoticePrompt)
        assert [line.text for line in done.lines][:1] == ["AD: password set"]
        assert not desk.world.mails


async def test_the_ticket_and_the_list_of_calls_do_not_take_the_address_for_the_callers(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        (listed,) = await call.session.calls()
        assert listed.stage == "address said, waiting for the code"
        await show_device(desk, await enter(desk, await code_of(call)))
        await call.until_stage(p.AccountPrompt)
        record = await call.session.record(call.id)
        assert "desk.example" not in record.account
        assert [by for _, by in record.proofs] == ["authentication: device alone (strong)"]


async def test_a_change_of_the_callers_mail_address_ends_the_code(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        call = await saying(desk)
        await desk.world.links.saw_address("u-ada", "other@home.example")
        assert isinstance((await call.until_stage(sp.AddressFormPrompt)).prompt, sp.AddressFormPrompt)
