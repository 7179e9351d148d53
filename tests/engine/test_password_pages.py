"""A new password through the engine: whose page asks, who may write, what a crash leaves, and where the secret goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine.challenges import Challenge, find
from csrdesk.engine.password_pages import going_on
from csrdesk.engine.runner import LEASE
from csrdesk.engine.views import is_settled
from csrdesk.errors import IllegalEventError, LinkOverError, NoSuchFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import new_password as np
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_replies as pr
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.challenge_acceptance import PageApproved, PageRefused
from csrdesk.flows.doors import Context, LinkView
from csrdesk.flows.kernel import AccountEffect, Answer, Effect, Failed, Reply
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.devices import WebAuthn
from csrdesk.model.link import LinkAbout, LinkStage, Purpose
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, BROWSER, GRACE, LONG_AGO, Call, Desk, desk_on, disable, linked

NEW = "Seven teal otters, 2 boats"
SETTERS = ("SetDirectoryPassword", "SetPingOnePassword")
AD = pfx.SetDirectoryPassword(person_id=ADA.id, dn="CN=Ada", act=Act.RESET, reason="r", ticket="t")
PINGONE = pfx.SetPingOnePassword(person_id=ADA.id, act=Act.RESET, reason="r", ticket="t")
LINES = (ResultLine("AD: password set"),)
NO_DEVICE_SHOWN = b'{"proofs":[{"method":"ml","strength":"none"}],"registered":true}'
REFUSED = pr.PasswordRefused(("It was used before.",))


def typed(password: str = NEW, elsewhere: str = "yes") -> a.NewPasswordTyped:
    return a.NewPasswordTyped(Secret(password), Secret(password), elsewhere)  # type: ignore[arg-type]


async def verified(desk: Desk) -> Call:
    call = await linked(desk)
    await call.verify()
    return call


async def resetting(desk: Desk) -> Call:
    """A verified call whose customer's page asks for the password."""
    call = await verified(desk)
    await begun(call)
    return call


async def begun(call: Call) -> pp.WaitingForNewPasswordPrompt:
    await call.tell(a.ResetChosen())
    await call.tell(a.Confirmed("Forgot it.", "T-1"))
    return await waiting(call)


async def waiting(call: Call) -> pp.WaitingForNewPasswordPrompt:
    prompt = (await call.until_stage(pp.WaitingForNewPasswordPrompt)).prompt
    assert isinstance(prompt, pp.WaitingForNewPasswordPrompt)
    return prompt


async def notice(call: Call) -> p.NoticePrompt:
    prompt = (await call.until_stage(p.NoticePrompt)).prompt
    assert isinstance(prompt, p.NoticePrompt)
    return prompt


async def page(call: Call, browser: str = BROWSER) -> LinkView:
    """The page, once it asks something or is over."""
    shown = await call.page(browser)
    if shown.view.working:
        await call.desk.engine._runner.until(shown.view.id, is_settled)  # noqa: SLF001
        shown = await call.page(browser)
    return shown


async def asks(call: Call) -> pp.NewPasswordPrompt:
    prompt = (await page(call)).view.prompt
    assert isinstance(prompt, pp.NewPasswordPrompt), prompt
    return prompt


async def row_of(desk: Desk, call: Call) -> Challenge:
    row = await going_on(desk.store, call.challenge_id)
    assert row
    return row


def bytes_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def written(desk: Desk) -> list[str]:
    return [name for name, _ in desk.world.done if name in SETTERS]


async def held(desk: Desk, effect: type[Effect]) -> None:
    """Wait until the world is asked for it; it keeps that until the gate opens."""
    async with asyncio.timeout(30):
        while effect.__name__ not in {name for name, _ in desk.world.done}:
            desk.world.begun.clear()
            await desk.world.begun.wait()


def texts(prompt: p.NoticePrompt) -> list[str]:
    return [line.text for line in prompt.lines]


async def perform(desk: Desk, effect: Effect, row: Challenge, *, flow: str = "") -> Reply:
    context = Context(flow or row.flow_id, 99, row.call_id, GRACE, secret=Secret(NEW))
    return await desk.engine._guard(effect, context)  # noqa: SLF001


async def test_the_page_that_verified_asks_for_the_password_and_ad_is_set_before_pingone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        assert (await waiting(call)).homes == (Home.DIRECTORY, Home.PINGONE)
        prompt = await asks(call)
        assert (prompt.about.account, prompt.about.purpose) == ("A*** B***, ending 41", "to choose a new password")
        async with asyncio.timeout(30):
            while not (seen := await waiting(call)).link.fetched:
                await call.session.changed(call.id, (await call.view()).rev)
        assert seen.link.fetched == 1
        ended = await call.customer(typed())
        assert ended.view.outcome == pp.PasswordChanged(prompt.about, signed_out=True)
        assert written(desk) == list(SETTERS)
        done = await notice(call)
        assert texts(done)[:4] == [
            "AD: password set",
            "AD: unlocked with it",
            "PingOne: password set",
            "PingOne: 2 sessions ended",
        ]
        assert not done.half_done
        assert len(desk.world.mails) == 1
        said = await desk.said_of(call_id=call.id)
        for action in ("ad.set_password", "pingone.set_password", "pingone.end_sessions"):
            assert said.index(("intent", action, "")) < said.index(("outcome", action, "done"))
        await call.tell(a.NoticeRead())
        assert isinstance((await call.view()).prompt, p.AccountPrompt)
        assert (await page(call)).goes_on


async def test_r_16_the_password_is_handed_from_one_write_to_the_next_in_memory_and_then_forgotten(
    tmp_path: Path,
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        desk.world.secrets.clear()
        desk.world.replies[pfx.SetPingOnePassword] = REFUSED
        await call.customer(typed("Refused otters, 3 boats"))
        del desk.world.replies[pfx.SetPingOnePassword]
        await call.customer(typed())
        await notice(call)
        assert desk.world.secrets == [Secret("Refused otters, 3 boats")] * 2 + [Secret(NEW)] * 2
        assert desk.engine._runner._typed == {}  # noqa: SLF001
        audit = str(await desk.engine.audit.list(limit=1000))
    stored = bytes_below(tmp_path)
    assert b"ad.set_password" in stored
    for secret in (NEW, "Refused otters", "otters"):
        assert secret.encode() not in stored
        assert secret not in audit


async def test_two_tabs_that_post_at_once_make_one_write(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        came = await asyncio.gather(*(call.customer(typed(f"{NEW} {n}")) for n in range(2)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in came) in (
            ["IllegalEventError", "LinkView"],
            ["LinkView", "StaleFlowError"],
        )
        await notice(call)
        assert written(desk) == list(SETTERS)


async def test_r_49_where_pingone_refuses_what_ad_took_the_page_asks_for_one_that_suits_both(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        desk.world.replies[pfx.SetPingOnePassword] = REFUSED
        again = (await call.customer(typed())).view.prompt
        assert isinstance(again, pp.NewPasswordPrompt)
        assert again.half_done
        assert again.refusals == REFUSED.reasons
        assert isinstance((await waiting(call)), pp.WaitingForNewPasswordPrompt)
        ended = await call.customer(a.Cancelled())
        assert isinstance(ended.view.outcome, pp.PasswordKept)
        assert ended.view.outcome.half_done
        told = await notice(call)
        assert told.half_done
        assert texts(told) == [
            "AD: password set",
            "AD: unlocked with it",
            "PingOne: password refused. It was used before.",
            "Then the reset ended, before the password was the same everywhere.",
        ]


async def test_r_18_passwords_that_are_refused_are_tried_only_so_often_on_one_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(passwords_per_page=3)) as desk:
        call = await resetting(desk)
        await asks(call)
        desk.world.replies[pfx.SetDirectoryPassword] = REFUSED
        for _ in range(3):
            again = (await call.customer(typed())).view.prompt
            assert isinstance(again, pp.NewPasswordPrompt)
            assert again.refusals == REFUSED.reasons
        for _ in range(2):
            again = (await call.customer(typed())).view.prompt
            assert isinstance(again, pp.NewPasswordPrompt)
            (why,) = again.refusals
            assert why == "3 passwords were tried on this page, which is the most. Ask the agent for a new link."
        assert [name for name, _ in desk.world.done].count("SetDirectoryPassword") == 3
        rows = [row for row in await desk.engine.audit.list(limit=100) if row.action == "limit.reached"]
        assert [row.details["limit"] for row in rows] == ["passwords_per_page"] * 2


async def test_r_30_a_hand_made_client_sets_no_password_not_even_in_a_verified_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        for effect in (AD, PINGONE):
            for flow in ("", "another"):
                assert failed(await perform(desk, effect, row, flow=flow)) == "forbidden"
        assert written(desk) == []
        assert ("refused", "ad.set_password", "refused") in await desk.said_of(call_id=call.id)


async def test_r_32_a_page_whose_window_has_ended_sets_nothing_and_says_so_to_the_agent(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE windows SET ended_at = started_at")
        ended = await call.customer(typed())
        assert ended.time_up
        assert written(desk) == []
        assert any("verified window has ended" in text for text in texts(await notice(call)))


def failed(reply: Reply) -> str:
    assert isinstance(reply, Failed), reply
    return reply.problem.code


@pytest.mark.parametrize("wrong", [Act.DISABLE, Act.UNLOCK])
async def test_r_52_a_password_is_set_as_a_reset_and_as_nothing_else(tmp_path: Path, wrong: Act) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        as_other: list[AccountEffect] = [
            pfx.SetDirectoryPassword(person_id=ADA.id, dn="CN=Ada", act=wrong, reason="r"),
            pfx.SetPingOnePassword(person_id=ADA.id, act=wrong, reason="r"),
            disable(Act.RESET),
        ]
        for effect in as_other:
            assert failed(await perform(desk, effect, row)) == "forbidden"


async def test_nothing_ends_a_page_while_its_password_is_written(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        desk.world.held.add(pfx.SetDirectoryPassword)
        posting = asyncio.create_task(call.customer(typed()))
        await held(desk, pfx.SetDirectoryPassword)
        shown = (await call.page()).view
        assert (shown.prompt, bool(shown.working)) == (None, True)
        await call.tell(a.Cancelled())
        assert "being written just now" in (await waiting(call)).note
        desk.clock.move(minutes=11)
        assert (await waiting(call)).link.stage is LinkStage.SETTING
        desk.world.gate.set()
        assert isinstance((await posting).view.outcome, pp.PasswordChanged)
        assert texts(await notice(call))[0] == "AD: password set"


async def test_what_was_begun_in_time_is_not_left_half_done_when_the_call_ends(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        desk.world.held.add(pfx.SetDirectoryPassword)
        posting = asyncio.create_task(call.customer(typed()))
        await held(desk, pfx.SetDirectoryPassword)
        await call.tell(a.LineDropped())
        desk.world.gate.set()
        assert isinstance((await posting).view.outcome, pp.PasswordChanged)
        assert written(desk) == list(SETTERS)
        done = {name for name, _ in desk.world.done}
        assert {"EndSessions", "TellCustomer"} <= done
        assert failed(await perform(desk, AD, await row_of(desk, call))) == "forbidden"


async def test_a_password_whose_write_a_crash_interrupted_is_read_back_and_never_written_twice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await resetting(first)
        await asks(call)
        first.world.held.add(pfx.SetPingOnePassword)
        posting = asyncio.create_task(call.customer(typed()))
        await held(first, pfx.SetPingOnePassword)
        async with desk_on(path, first.clock) as second:
            first.clock.move(seconds=int(LEASE.total_seconds()) + 1)
            there = Call(second, second.session(), call.id)
            second.world.mails = first.world.mails
            shown = await page(there)
            assert isinstance(shown.view.outcome, pp.PasswordChanged)
            assert written(second) == []
            assert ("ReadPasswordState") in {name for name, _ in second.world.done}
            told = texts(await notice(there))
            assert told[0] == "AD: password set"
            assert "PingOne: password set" in told
        first.world.gate.set()
        await asyncio.gather(posting, return_exceptions=True)


async def test_a_password_that_was_not_written_before_the_crash_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as first:
        call = await resetting(first)
        await asks(call)
        first.world.held.add(pfx.SetDirectoryPassword)
        posting = asyncio.create_task(call.customer(typed()))
        await held(first, pfx.SetDirectoryPassword)
        async with desk_on(path, first.clock) as second:
            state = PasswordState(Home.DIRECTORY, LONG_AGO)
            second.world.replies[pfx.ReadPasswordState] = pr.PasswordStateRead(state)
            first.clock.move(seconds=int(LEASE.total_seconds()) + 1)
            there = Call(second, second.session(), call.id)
            second.world.mails = first.world.mails
            again = await asks(there)
            assert again.note == "The password was not set. Type it once more."
            assert (await row_of(second, there)).stage is LinkStage.CODE_RIGHT
            assert isinstance((await there.customer(typed())).view.outcome, pp.PasswordChanged)
        first.world.gate.set()
        await asyncio.gather(posting, return_exceptions=True)


async def test_the_page_ends_with_the_verified_window_and_can_have_more_time_only_inside_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        desk.clock.move(minutes=4)
        opened = await begun(call)
        assert opened.link.page_until == desk.clock.now() + timedelta(minutes=10)
        await asks(call)
        more = (await call.customer(a.MoreTimeChosen())).view.prompt
        assert isinstance(more, pp.NewPasswordPrompt)
        assert (more.page.until, more.page.more_time) == (opened.verified_until, False)
        desk.clock.move(minutes=11, seconds=1)
        assert (await page(call)).time_up
        told = texts(await notice(call))
        assert told == ["Time ran out before a password was set."]


async def test_where_the_window_ends_with_the_page_there_is_no_more_time(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        desk.clock.move(minutes=10)
        opened = await begun(call)
        assert opened.link.page_until == opened.verified_until
        await asks(call)
        more = (await call.customer(a.MoreTimeChosen())).view.prompt
        assert isinstance(more, pp.NewPasswordPrompt)
        assert (more.page.until, more.page.more_time) == (opened.verified_until, False)
        async with desk.store.transaction() as tx:
            await tx.execute("DELETE FROM windows")
        row = await row_of(desk, call)
        more_time = fx.AddPageTime(person_id=ADA.id, challenge_id=row.id)
        assert isinstance(await perform(desk, more_time, row), r.NoMoreTime)


@pytest.mark.parametrize("why", ["the window ends", "no page", "no row", "not enough shown"])
async def test_a_link_of_its_own_verifies_again_where_the_page_cannot_go_on(tmp_path: Path, why: str) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        async with desk.store.transaction() as tx:
            if why == "no page":
                await tx.execute("UPDATE challenges SET browser = ''")
            elif why == "no row":
                await tx.execute("DELETE FROM challenges")
            elif why == "not enough shown":
                await tx.execute("UPDATE windows SET evidence = ?", NO_DEVICE_SHOWN)
        desk.clock.move(minutes=13 if why == "the window ends" else 0, seconds=30)
        await call.tell(a.ResetChosen())
        await call.tell(a.Confirmed("Forgot it.", "T-1"))
        form = (await call.until_stage(p.MagicLinkFormPrompt)).prompt
        assert isinstance(form, p.MagicLinkFormPrompt)
        assert form.note.endswith(
            ("Send a link for it.", "Send a link that starts a new one.", "Send a link for a new one.")
        )
        await call.tell(a.SendChosen())
        link = await find(desk.store, call.challenge_id)
        assert link
        assert link.purpose is Purpose.RESET
        prompt = (await call.page("cookie-2")).view.prompt
        assert isinstance(prompt, p.CodePrompt)
        assert prompt.about.purpose == "to verify that it is you, before you choose a new password"
        await call.customer(a.CodeGiven(Secret(await call.code())), "cookie-2")
        await call.customer(a.BrowserChecked(WebAuthn.FULL), "cookie-2")
        await call.customer(a.PasscodeGiven(Secret("123456")), "cookie-2")
        opened = await waiting(call)
        assert opened.verified_until == desk.clock.now() + timedelta(minutes=15)
        assert isinstance((await page(call, "cookie-2")).view.prompt, pp.NewPasswordPrompt)
        await call.customer(typed(), "cookie-2")
        done = await notice(call)
        assert done.verified_until == opened.verified_until
        assert texts(done)[0] == "AD: password set"


async def test_the_agent_sends_a_link_of_its_own_when_the_page_is_closed(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        before = await row_of(desk, call)
        await call.tell(a.OwnLinkChosen())
        form = (await call.until_stage(p.MagicLinkFormPrompt)).prompt
        assert isinstance(form, p.MagicLinkFormPrompt)
        after = await find(desk.store, before.id)
        assert after
        assert after.stage is LinkStage.ENDED
        shown = await page(call)
        assert isinstance(shown.view.outcome, PageApproved)
        assert shown.goes_on
        await call.tell(a.Cancelled())
        assert texts(await notice(call)) == ["The password was not reset: the caller was not verified again."]


async def test_r_21_this_wasnt_me_on_the_page_ends_the_verification_and_freezes_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        await call.customer(a.NotMeChosen())
        refused = await call.customer(a.NotMeAnswered("not_me"))
        assert isinstance(refused.view.outcome, PageRefused)
        assert not refused.goes_on
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert "This wasn't me" in card.note
        assert isinstance((await call.page()).view.outcome, PageRefused)
        said = await desk.said_of(call_id=call.id)
        assert ("alert", "link.not_me", "") in said
        assert ("event", "verification.ended", "") in said
        assert failed(await perform(desk, disable(), await row_of(desk, call))) == "not_verified"


async def test_r_21_a_push_denied_on_a_resets_own_link_is_said_as_that_and_not_as_pressed(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await call.tell(a.OwnLinkChosen())
        await call.until_stage(p.MagicLinkFormPrompt)
        await call.tell(a.SendChosen())
        await call.page("cookie-2")
        await call.customer(a.NotMeChosen(), "cookie-2")
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET denied = 2 WHERE id = ?", call.challenge_id)
        await call.customer(a.NotMeAnswered("not_me"), "cookie-2")
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert card.note.startswith("The request was denied on the phone.")
        rows = await desk.engine.audit.list(limit=1000, call_id=call.id)
        why = {row.details["why"] for row in rows if row.action == "verification.ended"}
        assert "a request was denied on the phone, twice" in why
        assert not [entry for entry in why if "the customer said" in str(entry)]


async def test_r_50_after_a_protective_disable_signing_out_is_fixed_for_a_month(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        await desk.do(disable(Act.PROTECT), call_id=call.id)
        await begun(call)
        assert (await asks(call)).sign_out_fixed
        await call.customer(typed(elsewhere="no"))
        assert "PingOne: 2 sessions ended" in texts(await notice(call))


async def test_who_keeps_the_sign_ins_keeps_them(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        await call.customer(typed(elsewhere="no"))
        told = texts(await notice(call))
        assert "PingOne: the customer kept their sign-ins elsewhere" in told
        assert "EndSessions" not in {name for name, _ in desk.world.done}


@pytest.mark.parametrize("leave", [a.LineDropped(), a.Cancelled()])
async def test_r_06_a_page_for_a_password_ends_with_what_the_agent_ends(tmp_path: Path, leave: Answer) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        await call.tell(leave)
        if isinstance(leave, a.LineDropped):
            await call.until_stage(p.CardPrompt)
            with pytest.raises(LinkOverError):
                await call.page()
        else:
            assert texts(await notice(call)) == ["The reset was cancelled; no password was set by it."]
            assert isinstance((await page(call)).view.outcome, PageApproved)
        with pytest.raises((LinkOverError, IllegalEventError)):
            await call.customer(typed())
        assert written(desk) == []


async def test_r_23_the_page_shows_itself_only_to_the_browser_that_verified(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        with pytest.raises(LinkOverError):
            await call.page("somebody else's")
        with pytest.raises(LinkOverError):
            await call.customer(typed(), "somebody else's")
        assert written(desk) == []


async def test_r_12_a_page_for_a_password_verifies_nobody_and_is_no_other_pages(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        verifying = (fx.StartWindow, fx.CheckCode, fx.NewCode, fx.NoteDevicePassed)
        for kind in verifying:
            effect = kind(person_id=ADA.id, challenge_id=row.id)
            assert failed(await perform(desk, effect, row)) == "forbidden"
        link = await find(desk.store, call.challenge_id)
        assert link
        for step in (pfx.BeginChange, pfx.AskAnother, pfx.ReadReset):
            assert failed(await perform(desk, step(person_id=ADA.id, challenge_id=link.id), link)) == "forbidden"
        own = pfx.BeginChange(person_id=ADA.id, challenge_id=row.id)
        assert failed(await perform(desk, own, row, flow=link.flow_id)) == "forbidden"


async def test_r_35_no_agent_starts_or_looks_into_the_customers_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        about = LinkAbout("c", "R", "Grace", "A***")
        start = np.Start(about, ADA.id, "CN=Ada", "r", "t", p.Page())
        with pytest.raises(NoSuchFlowError):
            await call.session.start("new_password", start, call_id=call.id)
        with pytest.raises(NoSuchFlowError):
            await call.session.view(row.flow_id)
        with pytest.raises(NoSuchFlowError):
            await call.session.answer(row.flow_id, 1, typed())


async def test_r_18_a_page_for_a_password_counts_as_no_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        for _ in range(4):
            await begun(call)
            await call.tell(a.Cancelled())
            await notice(call)
            await call.tell(a.NoticeRead())
            await call.until_stage(p.AccountPrompt)
        await begun(call)
        await call.tell(a.OwnLinkChosen())
        await call.until_stage(p.MagicLinkFormPrompt)
        await call.tell(a.SendChosen())
        assert isinstance((await call.until_stage(p.PollingPrompt)).prompt, p.PollingPrompt)


async def test_a_step_that_is_performed_again_after_a_crash_comes_to_the_same(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        begin = pfx.BeginChange(person_id=ADA.id, challenge_id=row.id)
        another = pfx.AskAnother(person_id=ADA.id, challenge_id=row.id, lines=LINES)
        for _ in range(2):
            assert isinstance(await perform(desk, begin, row), r.Noted)
        for _ in range(2):
            assert isinstance(await perform(desk, another, row), r.Noted)
        read = pfx.ReadReset(person_id=ADA.id, challenge_id=row.id)
        assert await perform(desk, read, row) == pr.ResetIs(LINES)
        later = Later("notice-1", "Busy.", desk.clock.now())
        done = pfx.FinishReset(
            person_id=ADA.id, challenge_id=row.id, stage=LinkStage.APPROVED, lines=LINES, later=later
        )
        for _ in range(2):
            assert isinstance(await perform(desk, done, row), r.Noted)
        assert await perform(desk, read, row) == pr.ResetIs(LINES, later)
        assert [one for one in await desk.said_of(call_id=call.id) if one[1] == "reset.approved"] == [
            ("event", "reset.approved", "")
        ]
        late = pfx.FinishReset(person_id=ADA.id, challenge_id=row.id, stage=LinkStage.CANCELLED)
        for one in (late, begin, another):
            assert await perform(desk, one, row) == r.LinkOver(LinkStage.APPROVED)


async def test_a_page_that_ran_out_while_it_was_written_asks_no_more(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        row = await row_of(desk, call)
        begin = pfx.BeginChange(person_id=ADA.id, challenge_id=row.id)
        another = pfx.AskAnother(person_id=ADA.id, challenge_id=row.id, lines=LINES)
        await perform(desk, begin, row)
        desk.clock.move(minutes=10)
        assert await perform(desk, another, row) == r.LinkOver(LinkStage.EXPIRED)


async def test_r_32_where_settings_ask_for_a_device_a_recovery_proof_opens_no_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(reset_needs_device=True)) as desk:
        call = await verified(desk)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE windows SET evidence = ?", b'{"proofs":[{"method":"ml","strength":"none"}]}')
        await call.tell(a.ResetChosen())
        await call.tell(a.Confirmed("Forgot it.", "T-1"))
        assert texts(await notice(call)) == [
            "A new password needs a device here, and this caller has shown none. Nothing was done."
        ]
        assert await going_on(desk.store, call.challenge_id) is None


async def test_without_a_verified_caller_no_page_is_opened(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        opening = pfx.OpenPasswordPage(person_id=ADA.id, reason="r")
        link = await find(desk.store, call.challenge_id)
        assert link
        assert failed(await perform(desk, opening, link)) == "not_verified"
        assert await going_on(desk.store, call.challenge_id) is None


async def test_a_disabled_account_is_offered_no_reset(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        off = Account(PingOneAccount(enabled=False), DirectoryAccount("CN=Ada", "ada"))
        desk.world.replies[fx.ReadAccount] = r.AccountRead(off)
        call = await verified(desk)
        prompt = (await call.view()).prompt
        assert isinstance(prompt, p.AccountPrompt)
        assert prompt.why_no_reset.startswith("The account is disabled")
        await call.tell(a.ResetChosen())
        prompt = (await call.view()).prompt
        assert isinstance(prompt, p.AccountPrompt)
        assert prompt.note.startswith("Reset is not possible now.")


async def test_a_script_resets_in_a_verified_call_by_its_own_flow(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        start = reset.Start("ada", "Forgot it.", "T-1")
        begun_by_script = await call.session.start("password_reset", start, call_id=call.id)
        shown = await call.session.settled(begun_by_script.id)
        assert isinstance(shown.prompt, pp.WaitingForNewPasswordPrompt)
        beside = next(one for one in await call.session.calls() if one.id == shown.id)
        assert (beside.call_id, beside.stage) == (call.id, "an act is being done")
        await asks(call)
        await call.customer(typed())
        async with asyncio.timeout(30):
            while shown.outcome is None:
                shown = await call.session.changed(shown.id, shown.rev)
        assert isinstance(shown.outcome, reset.Outputs)
        assert shown.outcome.subflow_result == "complete"
        rehearsed = await desk.engine.rehearse(start, GRACE, call.id)
        assert [type(one.effect).__name__ for one in rehearsed.planned] == [*SETTERS, "EndSessions"]
        assert not any(one.refusal for one in rehearsed.planned)
        assert written(desk) == list(SETTERS)


async def test_r_31_this_wasnt_me_ends_the_verification_also_where_a_script_opened_the_page(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        start = reset.Start("ada", "Forgot it.", "T-1")
        shown = await call.session.settled((await call.session.start("password_reset", start, call_id=call.id)).id)
        assert isinstance(shown.prompt, pp.WaitingForNewPasswordPrompt)
        await asks(call)
        await call.customer(a.NotMeChosen())
        await call.customer(a.NotMeAnswered("not_me"))
        assert ("event", "verification.ended", "") in await desk.said_of(call_id=call.id)
        assert failed(await perform(desk, disable(), await row_of(desk, call))) == "not_verified"


async def test_a_rehearsal_says_what_a_reset_still_needs(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await verified(desk)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE windows SET evidence = ?", NO_DEVICE_SHOWN)
        rehearsed = await desk.engine.rehearse(reset.Start("ada", "Forgot it."), GRACE, call.id)
        assert {one.refusal.code for one in rehearsed.planned if one.refusal} == {"not_verified"}
        assert len(rehearsed.planned) == 3


async def test_a_page_that_went_away_is_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await resetting(desk)
        await asks(call)
        await call.customer(typed())
        await notice(call)
        desk.clock.move(minutes=10, seconds=1)
        with pytest.raises(LinkOverError):
            await call.page()
