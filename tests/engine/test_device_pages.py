"""A page of Device Authentication by itself, and the magic link that it asks for: two rows of one call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine import challenges
from csrdesk.engine.clock import MovableClock
from csrdesk.engine.codes import spoken_code
from csrdesk.engine.device_pages import OpenedPage
from csrdesk.engine.public_pages import CUSTOMER
from csrdesk.errors import LinkOverError, NoSuchFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_page, magic_link_page
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.acceptance_ends import PageOver
from csrdesk.flows.doors import Context, LinkView
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.model.devices import Devices, Strength, WebAuthn
from csrdesk.model.link import LinkAbout, LinkStage, Purpose
from csrdesk.model.proofs import Evidence, Proof
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, ADDRESS, GRACE, KEY, TOTP, Desk, desk_on, linked

BROWSER, MAILBOX_BROWSER = "cookie-of-the-page", "cookie-of-the-mailbox"
INPUTS = da.Inputs(ADA.id, 3, allowed_device_types=("TOTP",), magic_link_enabled=True)


@dataclass
class Visit:
    """Somebody at their page."""

    desk: Desk
    page: OpenedPage

    async def open(self, browser: str = BROWSER) -> LinkView:
        return await self.desk.engine.customers.open(self.page.token.reveal(), browser)

    async def give(self, answer: Answer) -> LinkView:
        return await self.desk.engine.customers.answer(self.page.token.reveal(), BROWSER, answer)

    async def until(self, wanted: type[Prompt]) -> LinkView:
        """Wait until the page asks that."""
        for _ in range(500):
            seen = await self.open()
            if isinstance(seen.view.prompt, wanted):
                return seen
            await asyncio.sleep(0.01)
        raise TimeoutError

    async def over(self) -> da.Outputs:
        """Wait until the page is over."""
        for _ in range(500):
            if outputs := await self.result():
                return outputs
            await asyncio.sleep(0.01)
        raise TimeoutError

    async def result(self) -> da.Outputs | None:
        return await self.desk.engine.device_pages.result(self.page.challenge_id)

    async def send(self) -> LinkView:
        """Choose the magic link and send it."""
        await self.open()
        await self.give(a.BrowserChecked(WebAuthn.FULL))
        if isinstance((await self.open()).view.prompt, p.DeviceSelectionPrompt):
            await self.give(a.MagicLinkChosen())
        await self.give(a.SendChosen())
        return await self.until(dp.MagicLinkSentPrompt)

    @property
    def token(self) -> str:
        return self.desk.world.mails[-1].token.reveal()

    @property
    def link_id(self) -> str:
        return self.desk.world.mails[-1].challenge_id

    async def mailbox(self, answer: Answer, browser: str = MAILBOX_BROWSER) -> LinkView:
        """What is pressed on the page that the mailed link opens."""
        await self.desk.engine.customers.open(self.token, browser)
        return await self.desk.engine.customers.answer(self.token, browser, answer)

    async def stage(self, challenge_id: str) -> LinkStage:
        row = await challenges.find(self.desk.store, challenge_id)
        assert row is not None
        return row.stage


def everything(folder: Path) -> bytes:
    """Every byte that the desk has written."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def visiting(
    desk: Desk, inputs: da.Inputs = INPUTS, *, to: str = ADA.email, devices: Devices | None = None
) -> Visit:
    desk.world.replies.setdefault(dx.GatherDevices, dr.DevicesGathered(devices or Devices((TOTP,)), to))
    desk.world.replies.setdefault(dx.RereadAddress, r.Noted())
    return Visit(desk, await desk.engine.device_pages.open(inputs, account="A*** B***", browser=BROWSER))


async def test_a_device_that_is_shown_completes_the_page_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk, da.Inputs(ADA.id, 3, allowed_device_types=("TOTP",)))
        assert isinstance((await visit.open()).view.prompt, p.BrowserPrompt)
        assert await visit.result() is None
        await visit.give(a.BrowserChecked(WebAuthn.FULL))
        seen = await visit.give(a.PasscodeGiven(Secret("123456")))
        assert seen.view.outcome == await visit.result() == da.Outputs("complete", "totp")
        assert (await visit.open()).view.outcome == da.Outputs("complete", "totp")
        said = [(str(row.kind), row.action) for row in await desk.engine.audit.list(limit=50)]
        assert ("event", "device_page.opened") in said
        assert said.count(("event", "device_page.approved")) == 1
        (row,) = [row for row in await desk.engine.audit.list(limit=50) if row.action == "device_page.approved"]
        assert (row.agent, row.person_id, row.details["shown"]) == ("(customer)", ADA.id, "totp (strong)")


async def test_a_code_from_the_page_typed_behind_the_mailed_link_completes_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        seen = await visit.send()
        assert seen.alone
        assert seen.view.spoken_code is not None
        code = seen.view.spoken_code.reveal()
        assert code == spoken_code(KEY, visit.link_id, 1)
        opened = await desk.engine.customers.open(visit.token, MAILBOX_BROWSER)
        assert isinstance(opened.view.prompt, p.CodePrompt)
        assert opened.view.prompt.about.agent_name == ""
        await visit.mailbox(a.CodeGiven(Secret(code)))
        assert await visit.over() == da.Outputs("complete", "ml")
        assert await visit.stage(visit.link_id) is LinkStage.APPROVED
        assert await visit.stage(visit.page.challenge_id) is LinkStage.APPROVED


async def test_a_page_that_was_approved_this_moment_has_no_result_before_the_flows_last_step(tmp_path: Path) -> None:
    clock = MovableClock()
    async with desk_on(tmp_path / "desk.db", clock) as desk:
        visit = await visiting(desk)
        await visit.open()
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET stage = ?", LinkStage.APPROVED.value)
        assert await visit.result() is None
        clock.move(hours=1)
        late = await visit.result()
        assert late is not None
        assert (late.subflow_result, late.error_details) == ("expired", LinkStage.APPROVED)


async def test_r_02_the_code_is_shown_to_the_pages_own_browser_and_is_nowhere_in_the_store(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        seen = await visit.send()
        assert seen.view.spoken_code is not None
        code = seen.view.spoken_code.reveal()
        with pytest.raises(LinkOverError):
            await visit.open("somebody-else")
        behind = await desk.engine.customers.open(visit.token, MAILBOX_BROWSER)
        assert behind.view.spoken_code is None
        dump = everything(tmp_path)
        assert code.encode() not in dump
        assert visit.token.encode() not in dump
        assert visit.page.token.reveal().encode() not in dump


async def test_r_09_a_wrong_code_is_counted_and_five_end_the_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        right = (await visit.send()).view.spoken_code
        assert right is not None
        wrong = "000000" if right.reveal() != "000000" else "000001"
        for left in (4, 3, 2, 1):
            seen = await visit.mailbox(a.CodeGiven(Secret(wrong)))
            assert isinstance(seen.view.prompt, p.CodePrompt)
            assert f"Tries left: {left}." in seen.view.prompt.note
        assert (await visit.mailbox(a.CodeGiven(Secret(wrong)))).view.outcome == PageOver(LinkStage.TOO_MANY_CODES)
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(visit.token, MAILBOX_BROWSER)
        form = (await visit.until(dp.MagicLinkOfferPrompt)).view.prompt
        assert isinstance(form, dp.MagicLinkOfferPrompt)
        assert "Too many wrong codes" in form.note
        assert await visit.result() is None


async def test_r_05_a_link_that_nobody_opens_in_time_is_denied_and_another_can_be_sent(tmp_path: Path) -> None:
    clock = MovableClock()
    async with desk_on(tmp_path / "desk.db", clock) as desk:
        visit = await visiting(desk)
        await visit.send()
        clock.move(seconds=151)
        form = (await visit.until(dp.MagicLinkOfferPrompt)).view.prompt
        assert isinstance(form, dp.MagicLinkOfferPrompt)
        assert "time was up" in form.note
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(visit.token, MAILBOX_BROWSER)
        await visit.give(a.SendChosen())
        await visit.until(dp.MagicLinkSentPrompt)
        assert len(desk.world.mails) == 2


async def test_a_scanner_that_fetches_the_link_does_not_take_the_pages_buttons_away(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        seen = await visit.send()
        for _ in range(3):
            await desk.engine.customers.open(visit.token, MAILBOX_BROWSER, user_agent="MailScanner/1.0")
            await asyncio.sleep(0.05)
        assert (await visit.open()).view.rev == seen.view.rev


async def test_r_06_another_magic_link_ends_the_older_one_and_not_the_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        first = visit.link_id
        await visit.give(a.ResendChosen())
        await visit.until(dp.MagicLinkSentPrompt)
        assert await visit.stage(first) is LinkStage.ENDED
        assert await visit.stage(visit.link_id) is LinkStage.SENT
        assert await visit.stage(visit.page.challenge_id) is LinkStage.CODE_RIGHT


async def test_r_06_going_back_to_the_devices_ends_the_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        seen = await visit.give(a.OtherDeviceChosen())
        assert isinstance(seen.view.prompt, p.DeviceSelectionPrompt)
        assert await visit.stage(visit.link_id) is LinkStage.ENDED


async def test_r_06_a_page_that_is_done_leaves_no_link_open(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        seen = await visit.give(a.FactorCancelled())
        assert seen.view.outcome == await visit.result() == da.Outputs("cancelled")
        assert await visit.stage(visit.link_id) is LinkStage.ENDED
        assert await visit.stage(visit.page.challenge_id) is LinkStage.CANCELLED


async def test_r_21_this_was_not_me_behind_the_link_ends_the_page_too_and_freezes_verification(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        await visit.mailbox(a.NotMeChosen())
        await visit.mailbox(a.NotMeAnswered("not_me"))
        assert (await visit.over()).subflow_result == "notMe"
        with pytest.raises(LinkOverError):
            await visit.open("somebody-else")
        assert ("alert", "link.not_me", "") in await desk.said_of()
        again = await visiting(desk)
        await again.open()
        await again.give(a.BrowserChecked(WebAuthn.FULL))
        await again.give(a.MagicLinkChosen())
        refused = (await again.give(a.SendChosen())).view.prompt
        assert isinstance(refused, dp.MagicLinkOfferPrompt)
        assert refused.note == "The link could not be sent. Nothing was confirmed. Try again in a moment."


async def test_r_21_this_was_not_me_on_the_page_itself_is_an_end_that_it_shows(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.open()
        await visit.give(a.NotMeChosen())
        seen = await visit.give(a.NotMeAnswered("not_me"))
        assert isinstance(seen.view.outcome, da.Outputs)
        assert seen.view.outcome.subflow_result == "notMe"
        assert (await visit.open()).view.outcome == seen.view.outcome


@pytest.mark.parametrize("address", [ADDRESS, "ADA@Home.example", "ａda@home.example"])
async def test_r_34_no_magic_link_goes_to_the_mailbox_that_opened_the_page(tmp_path: Path, address: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        inputs = da.Inputs(ADA.id, 3, email=address, allowed_device_types=("TOTP",), magic_link_enabled=True)
        visit = await visiting(desk, inputs)
        await visit.open()
        await visit.give(a.BrowserChecked(WebAuthn.FULL))
        await visit.give(a.MagicLinkChosen())
        seen = await visit.give(a.SendChosen())
        assert isinstance(seen.view.prompt, dp.MagicLinkOfferPrompt)
        assert desk.world.mails == []
        rows = [row.details for row in await desk.engine.audit.list(limit=50) if row.action == "link.send"]
        assert any("would prove nothing new" in str(details.get("problem")) for details in rows)
        assert address.encode() not in everything(tmp_path)


async def test_an_other_mailbox_that_opened_the_page_speaks_against_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        inputs = da.Inputs(ADA.id, 3, email="elsewhere@home.example", magic_link_enabled=True)
        visit = await visiting(desk, inputs, devices=Devices())
        await visit.send()
        assert len(desk.world.mails) == 1


async def test_r_12_nobody_but_an_open_page_of_its_own_asks_for_a_magic_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        asked = fx.SendMagicLink(person_id=ADA.id, account="A***", warned=True, purpose=Purpose.MAGIC_LINK)
        assert await desk.do(asked) == ("LinkNotSent",)
        assert desk.world.mails == []


async def test_r_12_a_magic_link_verifies_no_caller_and_a_callers_page_asks_for_none(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        code = (await visit.send()).view.spoken_code
        assert code is not None
        await visit.mailbox(a.CodeGiven(code))
        await visit.over()
        for challenge_id in (visit.link_id, visit.page.challenge_id):
            assert await desk.do(fx.StartWindow(person_id=ADA.id, challenge_id=challenge_id)) == ("Failed:forbidden",)
        foreign = Evidence((Proof("ml", Strength.NONE),))
        effect = fx.ApproveChallenge(person_id=ADA.id, challenge_id=visit.link_id, evidence=foreign)
        assert await desk.do(effect) == ("Failed:forbidden",)


async def test_r_12_no_agent_starts_or_sees_such_a_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        session = desk.session(GRACE)
        with pytest.raises(NoSuchFlowError):
            await session.view((await visit.open()).view.id)
        about = LinkAbout(visit.page.challenge_id, "K7Q-2M9", "", "A***")
        for name, inputs in (
            ("device_authentication", device_page.Start(INPUTS, about, p.Page())),
            ("magic_link_page", magic_link_page.Start(about, ADA.id)),
        ):
            with pytest.raises(NoSuchFlowError):
                await session.start(name, inputs)
        assert await session.calls(all_of_them=True) == ()


async def test_r_18_the_limits_of_links_hold_and_say_when_it_is_possible_again(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(links_per_person_in_ten_minutes=1)) as desk:
        visit = await visiting(desk)
        await visit.send()
        seen = (await visit.give(a.ResendChosen())).view.prompt
        assert isinstance(seen, dp.MagicLinkOfferPrompt)
        assert seen.note == "Enough links were sent for now. Another one is possible in 10 minutes. Nothing was sent."
        assert await visit.stage(visit.link_id) is LinkStage.ENDED
        assert await visit.stage(visit.page.challenge_id) is LinkStage.CODE_RIGHT
        assert ("alert", "limit.reached", "refused") in await desk.said_of()


async def test_r_18_a_page_counts_as_no_link_and_a_magic_link_as_none_of_an_agents(tmp_path: Path) -> None:
    limits = LimitSettings(links_per_agent_an_hour=1, links_per_person_in_ten_minutes=2)
    async with desk_on(tmp_path / "desk.db", limits=limits) as desk:
        for _ in range(3):
            await visiting(desk)
        visit = await visiting(desk)
        await visit.send()
        await visit.give(a.ResendChosen())
        await visit.until(dp.MagicLinkSentPrompt)
        assert len(desk.world.mails) == 2


async def test_r_06_an_agents_new_link_ends_page_and_magic_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        await visit.send()
        magic = visit.link_id
        await linked(desk)
        assert await visit.stage(magic) is LinkStage.ENDED
        assert await visit.stage(visit.page.challenge_id) is LinkStage.ENDED


async def test_r_05_the_pages_clock_ends_it_and_its_own_browser_reads_so(tmp_path: Path) -> None:
    clock = MovableClock()
    async with desk_on(tmp_path / "desk.db", clock) as desk:
        visit = await visiting(desk)
        await visit.open()
        clock.move(minutes=11)
        outputs = await visit.result()
        assert outputs is not None
        assert outputs.subflow_result == "expired"
        assert (await visit.open()).time_up
        with pytest.raises(LinkOverError):
            await visit.open("somebody-else")
        assert await visit.result() == outputs


async def test_more_time_is_given_once(tmp_path: Path) -> None:
    clock = MovableClock()
    async with desk_on(tmp_path / "desk.db", clock) as desk:
        visit = await visiting(desk)
        await visit.open()
        await visit.give(a.BrowserChecked(WebAuthn.FULL))
        first = (await visit.open()).page_until
        seen = await visit.give(a.MoreTimeChosen())
        assert first is not None
        assert seen.page_until == first + timedelta(minutes=10)


async def test_r_04_one_magic_link_is_approved_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        code = (await visit.send()).view.spoken_code
        assert code is not None
        tries = [visit.mailbox(a.CodeGiven(code), f"browser-{n}") for n in range(10)]
        await asyncio.gather(*tries, return_exceptions=True)
        await visit.over()
        rows = await desk.engine.audit.list(limit=200)
        assert [row.action for row in rows].count("link.approved") == 1
        assert [row.action for row in rows].count("device_page.approved") == 1


async def test_the_page_goes_on_after_the_process_that_showed_it_is_gone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        code = (await visit.send()).view.spoken_code
        assert code is not None
        mails = desk.world.mails
    async with desk_on(tmp_path / "desk.db") as other:
        other.world.mails += mails
        other.world.replies[dx.RereadAddress] = r.Noted()
        later = Visit(other, visit.page)
        assert (await later.open()).view.spoken_code == code
        await later.mailbox(a.CodeGiven(code))
        assert await later.over() == da.Outputs("complete", "ml")


async def context_of(visit: Visit) -> Context:
    row = await challenges.find(visit.desk.store, visit.page.challenge_id)
    assert row is not None
    return Context(row.flow_id, 9, row.call_id, CUSTOMER)


async def test_a_page_ends_once_and_a_step_that_is_performed_again_changes_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk)
        context = await context_of(visit)
        cancelled, given_up = (
            dx.FinishPage(person_id=ADA.id, challenge_id=visit.page.challenge_id, stage=stage)
            for stage in (LinkStage.CANCELLED, LinkStage.NO_FACTOR)
        )
        pages = desk.engine.device_pages
        assert await pages(cancelled, context) == await pages(cancelled, context) == r.Noted()
        assert await pages(given_up, context) == r.LinkOver(LinkStage.CANCELLED)
        assert await pages(dx.RereadAddress(person_id=ADA.id), context) is None
        actions = [row.action for row in await desk.engine.audit.list(limit=50)]
        assert actions.count("device_page.cancelled") == 1
        assert "device_page.no_factor" not in actions


@pytest.mark.parametrize(
    ("opened", "address", "same"),
    [(ADDRESS, "Ada@HOME.example", True), (ADDRESS, "bob@home.example", False), ("", ADDRESS, False)],
)
async def test_r_34_mailboxes_are_compared_in_any_letter_case(
    tmp_path: Path, opened: str, address: str, same: bool
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        visit = await visiting(desk, da.Inputs(ADA.id, 3, email=opened))
        context = await context_of(visit)
        assert await desk.engine.links.was_opened_by(context, address) is same
        assert not await desk.engine.links.was_opened_by(replace(context, flow_id="another"), address)


async def test_there_is_no_result_of_what_is_no_such_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for challenge_id in ("nothing", call.challenge_id):
            with pytest.raises(NoSuchFlowError):
                await desk.engine.device_pages.result(challenge_id)
