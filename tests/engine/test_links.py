"""A link's life from both sides: clocks, tries, single use, whose it is, and what ends it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine.challenges import find
from csrdesk.errors import IllegalEventError, LinkOverError, NoSuchFlowError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.challenge_acceptance import PageApproved, PageNoFactor, PageOver, PageRefused
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Answer, Effect, Failed, Prompt, Reply
from csrdesk.model.devices import Devices, WebAuthn
from csrdesk.model.link import LinkStage
from csrdesk.model.secret import Secret
from tests.engine.world import (
    ADA,
    ADDRESS,
    BROKEN,
    GRACE,
    HAL,
    PROVED,
    TOTP,
    Call,
    Desk,
    desk_on,
    linked,
    looked_up,
)


def wrong(n: int = 0) -> a.CodeGiven:
    return a.CodeGiven(Secret(f"x{n}"))


async def stage(desk: Desk, challenge_id: str) -> LinkStage:
    row = await find(desk.store, challenge_id)
    assert row
    return row.stage


async def context_of(desk: Desk, challenge_id: str, **other: object) -> Context:
    """The customer's step of that link, as the engine would perform it."""
    row = await find(desk.store, challenge_id)
    assert row
    return Context(row.flow_id, 99, row.call_id, GRACE, **other)  # type: ignore[arg-type]


async def perform(desk: Desk, effect: Effect, context: Context) -> Reply:
    return await desk.engine._guard(effect, context)  # noqa: SLF001


def said(prompt: Prompt | None) -> type[Prompt] | None:
    return type(prompt) if prompt else None


async def test_r_01_the_token_is_in_the_mail_and_only_its_hash_in_the_store(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        dump = str(await desk.store.all("SELECT * FROM challenges")) + str(await desk.store.all("SELECT * FROM flows"))
    assert call.token not in dump
    assert len(call.token) == 43


async def test_r_02_only_the_agent_who_owns_the_call_sees_the_spoken_code(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        view = await call.view()
        code = await call.code()
        assert view.spoken_code == Secret(code)
        assert code not in str(view)
        with pytest.raises(NoSuchFlowError):
            await desk.session(HAL).view(call.id)
        page = await call.page()
        assert page.view.spoken_code is None
        await call.enter_code()
        async with asyncio.timeout(30):
            while view.spoken_code is not None:  # until the agent's side has heard of it
                view = await call.session.changed(call.id, view.rev)
        everything = [str(await desk.store.all(f"SELECT * FROM {table}")) for table in ("flows", "challenges", "audit")]
        # Six digits of a hash are no code.
        assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", "".join(everything))


async def test_r_04_fifty_concurrent_right_answers_make_one_success(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as one, desk_on(path) as two:
        call = await linked(one)
        right = a.CodeGiven(Secret(await call.code()))
        posts = [call.customer(right, at=(one, two)[n % 2]) for n in range(50)]
        ended = await asyncio.gather(*posts, return_exceptions=True)
        assert sum(not isinstance(e, BaseException) for e in ended) == 1
        assert {type(e) for e in ended if isinstance(e, BaseException)} <= {StaleFlowError, IllegalEventError}
        await call.customer(a.BrowserChecked(WebAuthn.FULL))
        context = await context_of(one, call.challenge_id)
        await perform(one, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), context)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        replies = await asyncio.gather(*(perform((one, two)[n % 2], approve, context) for n in range(50)))
        approved = [reply for reply in replies if isinstance(reply, r.ChallengeApproved)]
        assert len(approved) == 1
        assert {type(reply) for reply in replies} == {r.ChallengeApproved, r.LinkOver}
        assert [row[1] for row in await one.said_of()].count("link.approved") == 1


async def test_r_05_the_links_clock_runs_from_the_mail_servers_yes(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        assert (await call.polling()).link.expires_at == desk.clock.now() + timedelta(seconds=150)
        desk.clock.move(seconds=149)
        await call.page()
        desk.clock.move(seconds=1)
        view = await call.until_stage(p.MagicLinkFormPrompt)
        assert isinstance(view.prompt, p.MagicLinkFormPrompt)
        assert await stage(desk, call.challenge_id) is LinkStage.EXPIRED
        with pytest.raises(LinkOverError):
            await call.page()
        assert ("event", "link.expired", "") in await desk.said_of()


async def test_r_05_one_extension_and_600_seconds_in_all(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(link_seconds=400)) as desk:
        call = await linked(desk)
        begun = desk.clock.now()
        await call.tell(a.MoreTimeChosen())
        link = (await call.polling()).link
        assert link.extended
        assert link.expires_at == begun + timedelta(seconds=600)
        await call.tell(a.MoreTimeChosen())
        assert "cannot have more time" in (await call.polling()).note
        desk.clock.move(seconds=599)
        await call.enter_code()


async def test_r_05_no_extension_where_the_clock_is_the_longest_already(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(link_seconds=600)) as desk:
        call = await linked(desk)
        await call.tell(a.MoreTimeChosen())
        assert "cannot have more time" in (await call.polling()).note


async def test_r_05_the_page_lasts_ten_minutes_from_the_right_code_and_once_more(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        desk.clock.move(seconds=140)
        begun = desk.clock.now()
        assert (await call.enter_code()).page_until == begun + timedelta(minutes=10)
        await call.customer(a.BrowserChecked(WebAuthn.FULL))
        longer = await call.customer(a.MoreTimeChosen())
        assert longer.page_until == begun + timedelta(minutes=20)
        refused = await call.customer(a.MoreTimeChosen())
        assert refused.page_until == begun + timedelta(minutes=20)
        desk.clock.move(minutes=20)
        assert (await call.page()).time_up
        assert (await call.customer(a.PasscodeGiven(Secret("123456")))).time_up
        with pytest.raises(LinkOverError):
            await call.page("another browser")
        desk.clock.move(minutes=10)
        with pytest.raises(LinkOverError):
            await call.page()


async def test_a_step_after_the_pages_clock_finds_the_link_over(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        context = await context_of(desk, call.challenge_id)
        desk.clock.move(minutes=10)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        assert await perform(desk, approve, context) == r.LinkOver(LinkStage.EXPIRED)


ENDINGS = {
    "resend": a.ResendChosen(),
    "cancel": a.Cancelled(),
}


@pytest.mark.parametrize("answer", ENDINGS.values(), ids=ENDINGS)
async def test_r_06_resend_and_cancel_end_the_link(tmp_path: Path, answer: Answer) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        first, token = call.challenge_id, call.token
        await call.tell(answer)
        assert await stage(desk, first) is LinkStage.ENDED
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(token, "cookie")


async def test_r_06_the_end_of_the_call_ends_the_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        assert await desk.do(fx.EndCall(), call_id=call.id) == ("CallClosed",)
        assert await stage(desk, call.challenge_id) is LinkStage.ENDED


async def test_r_06_a_new_link_ends_the_older_ones_of_that_person_in_every_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        first = await linked(desk)
        older = first.challenge_id
        await linked(desk, HAL)
        assert await stage(desk, older) is LinkStage.ENDED
        assert (await first.until_stage(p.MagicLinkFormPrompt)).prompt


@pytest.mark.parametrize("leave", [a.AnotherCustomerChosen(), a.CallEnded()])
async def test_r_06_leaving_the_customer_ends_the_calls_links(tmp_path: Path, leave: Answer) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.customer(a.NotMeChosen())
        effect = fx.SendMagicLink(person_id="u-other", account="O*** O***")
        context = Context("other", 1, call.id, GRACE)
        other = await desk.engine.links.open(effect, context, to="o***@o***.example", address="o@o.example")
        assert not isinstance(other, r.LinkNotSent)
        await call.tell(a.Cancelled())
        await call.tell(leave)
        assert await stage(desk, other.challenge_id) is LinkStage.ENDED


async def test_r_06_a_dropped_line_ends_the_link_and_keeps_customer_and_ticket(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        card = (await call.tell(a.LineDropped())).prompt
        assert isinstance(card, p.CardPrompt)
        assert (card.person, "line dropped" in card.note) == (ADA, True)
        with pytest.raises(LinkOverError):
            await call.page()
        (ended,) = [row for row in await desk.engine.audit.list() if row.action == "link.ended"]
        assert (ended.call_id, ended.details["why"]) == (call.id, "the line dropped")
        (open_call,) = await call.session.calls()
        assert (open_call.customer, open_call.ticket) == (ADA.name, "T-1")


async def test_r_06_a_disable_ends_every_open_link_of_the_person(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        other = await looked_up(desk, HAL)
        await other.tell(a.ProtectiveDisableChosen())
        await other.tell(a.Confirmed("taken over", "T-9"))
        assert await stage(desk, call.challenge_id) is LinkStage.ENDED


async def test_r_06_a_change_of_the_address_ends_the_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await desk.engine.links.saw_address(ADA.id, ADDRESS.upper())
        assert await stage(desk, call.challenge_id) is LinkStage.SENT
        await desk.engine.links.saw_address(ADA.id, "new@home.example")
        assert await stage(desk, call.challenge_id) is LinkStage.ENDED


async def test_r_06_an_approval_ends_the_other_links(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        context = await context_of(desk, call.challenge_id)
        async with desk.store.transaction() as tx:
            # Two open links of one person cannot come about any more; one is put there by hand.
            await tx.execute(
                "INSERT INTO challenges SELECT 'other', call_id, agent, person_id, purpose, flow_id, 'hash', reference,"
                " sent_to, address_hash, stage, rev, attempt, tries, created_at, accepted_at, expires_at, extended,"
                " browser, page_until, page_extended, fetched, fetched_by, fetched_at, second_browser, used_at,"
                " ended_at, evidence, denied, risk, passcodes_wrong, passcodes_left FROM challenges"
            )
        await perform(desk, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), context)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        assert isinstance(await perform(desk, approve, context), r.ChallengeApproved)
        assert await stage(desk, "other") is LinkStage.ENDED


async def test_another_tab_that_looks_just_after_the_approval_waits_for_the_last_word(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        await call.customer(a.BrowserChecked(WebAuthn.FULL))
        desk.world.held.add(fx.CheckPasscode)
        passing = asyncio.create_task(call.customer(a.PasscodeGiven(Secret("123456"))))
        async with asyncio.timeout(30):
            while "CheckPasscode" not in desk.world.contexts:  # noqa: ASYNC110 - an effect that began tells nobody
                await asyncio.sleep(0.01)
        context = await context_of(desk, call.challenge_id)
        await perform(desk, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), context)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        assert isinstance(await perform(desk, approve, context), r.ChallengeApproved)
        other_tab = asyncio.create_task(call.page(fetch=False))
        await asyncio.sleep(0.1)
        assert not other_tab.done()
        desk.world.gate.set()
        assert (await other_tab).view.outcome == (await passing).view.outcome
        assert isinstance((await passing).view.outcome, PageApproved | PageOver)


async def test_r_11_a_link_takes_exactly_five_tries_and_a_new_code_gives_none_back(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for n in range(4):
            page = await call.customer(wrong(n))
            assert isinstance(page.view.prompt, p.CodePrompt)
            assert f"Tries left: {4 - n}" in page.view.prompt.note
            if n == 1:
                await call.tell(a.NewCodeChosen())
        assert (await call.until_stage(p.PollingPrompt)).prompt
        over = await call.customer(wrong(4))
        assert over.view.outcome == PageOver(LinkStage.TOO_MANY_CODES)
        assert isinstance((await call.until_stage(p.MagicLinkFormPrompt)).prompt, p.MagicLinkFormPrompt)
        with pytest.raises(LinkOverError):
            await call.page()
        assert [row[1] for row in await desk.said_of()].count("link.code_wrong") == 5


async def test_r_11_the_fifth_try_may_be_the_right_one(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for n in range(4):
            await call.customer(wrong(n))
        await call.enter_code()
        assert await stage(desk, call.challenge_id) is LinkStage.CODE_RIGHT


async def test_r_11_a_person_has_ten_tries_a_day_over_all_links_and_calls(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        for _ in range(2):
            call = await linked(desk)
            for n in range(5):
                await call.customer(wrong(n))
        other = await looked_up(desk, HAL)
        await other.tell(a.MagicLinkChosen())
        refused = await other.tell(a.SendChosen())
        assert isinstance(refused.prompt, p.MagicLinkFormPrompt)
        assert "Too many codes" in refused.prompt.note
        assert ("outcome", "link.send", "refused") in await desk.said_of()
        desk.clock.move(hours=24, seconds=1)
        await linked(desk, HAL)


async def test_r_11_the_persons_limit_ends_a_link_that_has_tries_of_its_own_left(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(codes_per_person_a_day=2)) as desk:
        call = await linked(desk)
        await call.customer(wrong())
        assert (await call.customer(wrong())).view.outcome == PageOver(LinkStage.TOO_MANY_CODES)


async def test_r_11_a_try_is_counted_before_it_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, limits=LimitSettings(codes_per_link=1)) as desk:
        call = await linked(desk)
        async with desk.store.transaction() as tx:
            # As a crash between counting and comparing leaves it.
            await tx.execute("UPDATE challenges SET tries = 1")
        over = await call.customer(a.CodeGiven(Secret(await call.code())))
        assert over.view.outcome == PageOver(LinkStage.TOO_MANY_CODES)


async def test_the_code_before_a_new_one_is_wrong(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        before = await call.code()
        await call.tell(a.NewCodeChosen())
        page = await call.customer(a.CodeGiven(Secret(before)))
        assert isinstance(page.view.prompt, p.CodePrompt)
        assert page.view.prompt.note
        await call.enter_code()


@pytest.mark.parametrize(
    "effect",
    [
        fx.StartWindow,
        fx.EndChallenge,
        fx.NewCode,
        fx.ExtendLink,
        fx.RefuseChallenge,
        fx.AddPageTime,
        fx.NoteDevicePassed,
        fx.GiveUpFactor,
    ],
)
@pytest.mark.parametrize("foreign", ["call", "agent", "person", "unknown"])
async def test_r_12_a_link_serves_no_other_call_agent_or_person(
    tmp_path: Path, effect: type[fx.StartWindow], foreign: str
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        row = await find(desk.store, call.challenge_id)
        assert row
        context = Context(
            row.flow_id, 99, "other" if foreign == "call" else call.id, HAL if foreign == "agent" else GRACE
        )
        challenge_id = "unknown" if foreign == "unknown" else call.challenge_id
        person_id = "u-other" if foreign == "person" else ADA.id
        reply = await perform(desk, effect(person_id=person_id, challenge_id=challenge_id), context)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
        assert await find(desk.store, call.challenge_id) == row
        assert (await desk.engine.audit.list())[-1].kind == "refused"


async def test_r_12_a_page_serves_no_other_pages_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        context = Context("another flow", 1, call.id, GRACE, secret=Secret(await call.code()), browser="b")
        reply = await perform(desk, fx.CheckCode(person_id=ADA.id, challenge_id=call.challenge_id), context)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"


async def test_r_12_a_link_of_another_purpose_verifies_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        context = await context_of(desk, call.challenge_id)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET purpose = 'password', stage = 'approved', used_at = created_at")
        reply = await perform(desk, fx.StartWindow(person_id=ADA.id, challenge_id=call.challenge_id), context)
        assert isinstance(reply, Failed)


async def test_that_a_link_was_opened_at_all_is_noted_once_also_where_a_page_of_ours_led_there(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        for _ in range(3):
            await call.page(fetch=False)
        row = await find(desk.store, call.challenge_id)
        assert row
        assert row.fetched == 1


async def test_r_07_fetching_a_link_is_noted_and_changes_nothing_else(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        before = await find(desk.store, call.challenge_id)
        for _ in range(100):
            await desk.engine.customers.open(call.token, "scanner", user_agent="Scan\x1bner/1 " + "x" * 100)
        await call.page(fetch=False)
        after = await find(desk.store, call.challenge_id)
        assert before
        assert after
        assert (after.stage, after.tries, after.browser) == (before.stage, before.tries, before.browser)
        link = (await call.until_stage(p.PollingPrompt)).prompt
        assert isinstance(link, p.PollingPrompt)
        assert after.fetched == 100
        assert len(after.fetched_by) == 60
        assert after.fetched_by.isprintable()
        await call.verify()


async def test_r_23_the_right_code_binds_the_link_to_its_browser(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        assert isinstance((await call.page("other")).view.prompt, p.CodePrompt)
        await call.enter_code()
        for _ in range(2):
            with pytest.raises(LinkOverError):
                await call.page("other")
        with pytest.raises(LinkOverError):
            await call.customer(a.BrowserChecked(WebAuthn.FULL), "other")
        assert isinstance((await call.page()).view.prompt, p.BrowserPrompt)
        view = await call.until_stage(p.PollingPrompt)
        while not (isinstance(view.prompt, p.PollingPrompt) and view.prompt.link.second_browser):
            view = await call.session.changed(call.id, view.rev)
        assert [row[1] for row in await desk.said_of()].count("link.second_browser") == 1


async def test_r_17_unknown_expired_used_ended_and_foreign_links_raise_the_same(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        words: list[tuple[str, str]] = []

        async def turned_away(token: str, browser: str = "somebody") -> None:
            with pytest.raises(LinkOverError) as caught:
                await desk.engine.customers.open(token, browser)
            words.append((caught.value.message, caught.value.details))

        await turned_away("unknown")
        call = await linked(desk)
        ended = call.token
        await call.tell(a.ResendChosen())
        await turned_away(ended)
        desk.clock.move(seconds=150)
        await turned_away(call.token)
        await call.until_stage(p.MagicLinkFormPrompt)
        for _ in range(2):  # the first is answered by a warning: it is the third link today
            await call.tell(a.SendChosen())
        await call.enter_code()
        await turned_away(call.token)
        assert len(words) == 4
        assert len(set(words)) == 1


async def test_the_page_that_verified_lives_until_the_window_ends(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        assert isinstance((await call.page()).view.outcome, PageApproved)
        with pytest.raises(LinkOverError):
            await call.page("other")
        with pytest.raises(IllegalEventError):
            await call.customer(a.BrowserChecked())
        desk.clock.move(minutes=15)
        with pytest.raises(LinkOverError):
            await call.page()


async def test_r_06_this_wasnt_me_ends_every_link_warns_and_freezes_the_person(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.customer(a.NotMeChosen())
        refused = await call.customer(a.NotMeAnswered("not_me"))
        assert isinstance(refused.view.outcome, PageRefused)
        assert isinstance((await call.page()).view.outcome, PageRefused)
        with pytest.raises(LinkOverError):
            await call.page("other")
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert "This wasn't me" in card.note
        assert ("alert", "link.not_me", "") in await desk.said_of()
        other = await looked_up(desk, HAL)
        await other.tell(a.MagicLinkChosen())
        frozen = (await other.tell(a.SendChosen())).prompt
        assert isinstance(frozen, p.MagicLinkFormPrompt)
        assert "for 4 hours" in frozen.note
        desk.clock.move(hours=4, seconds=1)
        await other.tell(a.SendChosen())
        await other.polling()


async def test_r_21_a_person_whose_phone_said_no_twice_is_frozen_in_those_words(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.customer(a.NotMeChosen())
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET denied = 2")
        await call.customer(a.NotMeAnswered("not_me"))
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert card.note.startswith("The request was denied on the phone.")
        ended = [row for row in await desk.engine.audit.list(limit=1000) if row.action == "link.not_me"]
        assert [row.details["why"] for row in ended if "why" in row.details] == [
            "a request was denied on the phone, twice"
        ]
        other = await looked_up(desk, HAL)
        await other.tell(a.MagicLinkChosen())
        frozen = (await other.tell(a.SendChosen())).prompt
        assert isinstance(frozen, p.MagicLinkFormPrompt)
        assert frozen.note.startswith("This person's phone said no to a request.")


async def test_refusing_a_link_that_is_over_says_how_it_ended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        context = await context_of(desk, call.challenge_id)
        await call.tell(a.Cancelled())
        refuse = fx.RefuseChallenge(person_id=ADA.id, challenge_id=call.challenge_id)
        assert await perform(desk, refuse, context) == r.LinkOver(LinkStage.ENDED)
        check = fx.CheckCode(person_id=ADA.id, challenge_id=call.challenge_id)
        typed = await context_of(desk, call.challenge_id, secret=Secret("123456"))
        assert await perform(desk, check, typed) == r.LinkOver(LinkStage.ENDED)
        again = fx.EndChallenge(person_id=ADA.id, challenge_id=call.challenge_id)
        assert isinstance(await perform(desk, again, context), r.LinkChanged)
        assert [row[1] for row in await desk.said_of()].count("link.ended") == 1


async def test_a_link_that_ends_between_counting_and_comparing_takes_no_code(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        check = fx.CheckCode(person_id=ADA.id, challenge_id=call.challenge_id)
        typed = await context_of(desk, call.challenge_id, secret=Secret(await call.code()), browser="b")
        tell = desk.store.committed

        def end_it(topics: frozenset[str]) -> None:
            desk.store.committed = tell
            desk.clock.move(seconds=150)

        desk.store.committed = end_it
        assert await perform(desk, check, typed) == r.LinkOver(LinkStage.EXPIRED)


async def test_who_can_use_no_device_ends_the_link_and_the_agent_is_told(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        await call.customer(a.BrowserChecked(WebAuthn.FULL))
        over = await call.customer(a.CannotUseAnyChosen())
        assert isinstance(over.view.outcome, PageNoFactor)
        assert isinstance((await call.page()).view.outcome, PageNoFactor)
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert "cannot use any" in card.note
        assert card.ways


async def test_r_32_an_approval_without_the_registered_device_is_refused(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        context = await context_of(desk, call.challenge_id)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        reply = await perform(desk, approve, context)
        assert isinstance(reply, Failed)
        assert reply.problem.code == "not_verified"
        assert await stage(desk, call.challenge_id) is LinkStage.CODE_RIGHT


async def test_r_32_where_no_device_is_registered_link_and_code_are_a_recovery_proof(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices(()))
        call = await linked(desk)
        await call.enter_code()
        account = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        assert account.evidence.label == "recovery proof: link and code, no device"


async def test_an_approval_needs_a_bound_browser(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        typed = await context_of(desk, call.challenge_id, secret=Secret(await call.code()))
        check = fx.CheckCode(person_id=ADA.id, challenge_id=call.challenge_id)
        assert isinstance(await perform(desk, check, typed), r.CodeRight)
        await perform(desk, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), typed)
        approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
        assert await perform(desk, approve, typed) == r.LinkOver(LinkStage.DEVICE_PASSED)


async def test_a_mail_that_is_not_taken_ends_the_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await looked_up(desk)
        effect = fx.SendMagicLink(person_id=ADA.id, account="A*** B***")
        opened = await desk.engine.links.open(effect, Context("f", 1, call.id, HAL), to="a***", address=ADDRESS)
        assert not isinstance(opened, r.LinkNotSent)
        page = await desk.engine.customers.open(opened.token.reveal(), "early")
        assert page.view.prompt
        await desk.engine.links.failed(opened.challenge_id)
        assert (await desk.engine.links.accepted(opened.challenge_id)).stage is LinkStage.ENDED
        with pytest.raises(LinkOverError):
            await desk.engine.customers.open(opened.token.reveal(), "early")
        for told in (desk.engine.links.failed, desk.engine.links.accepted):
            with pytest.raises(NoSuchFlowError):
                await told("unknown")


async def test_at_most_three_verified_calls_an_agent(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(verified_calls=1)) as desk:
        first = await linked(desk)
        await first.verify()
        second = await linked(desk)
        await second.enter_code()
        await second.customer(a.BrowserChecked(WebAuthn.FULL))
        await second.customer(a.PasscodeGiven(Secret("123456")))
        form = (await second.until_stage(p.MagicLinkFormPrompt)).prompt
        assert isinstance(form, p.MagicLinkFormPrompt)
        assert "1 verified calls open" in form.note
        assert ("refused", "verification.started", "refused") in await desk.said_of()


async def approved(desk: Desk) -> tuple[Call, Context]:
    """A link that was approved while the agent's console was away."""
    call = await linked(desk)
    await call.enter_code()
    context = await context_of(desk, call.challenge_id)
    await perform(desk, fx.NoteDevicePassed(person_id=ADA.id, challenge_id=call.challenge_id), context)
    approve = fx.ApproveChallenge(person_id=ADA.id, challenge_id=call.challenge_id, evidence=PROVED)
    assert isinstance(await perform(desk, approve, context), r.ChallengeApproved)
    return call, context


async def test_a_window_is_started_once_and_an_interrupted_step_finds_the_same(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call, context = await approved(desk)
        await call.until_stage(p.AccountPrompt)
        start = fx.StartWindow(person_id=ADA.id, challenge_id=call.challenge_id)
        first = await perform(desk, start, context)
        assert isinstance(first, r.WindowStarted)
        desk.clock.move(minutes=1)
        assert await perform(desk, start, context) == first
        await perform(desk, fx.EndVerification(person_id=ADA.id), context)
        assert isinstance(await perform(desk, start, context), r.WindowRefused)


async def test_an_approval_is_not_good_for_ever(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        context = await context_of(desk, call.challenge_id)
        async with desk.store.transaction() as tx:
            await tx.execute("UPDATE challenges SET stage = 'approved', browser = 'b', used_at = created_at")
        start = fx.StartWindow(person_id=ADA.id, challenge_id=call.challenge_id)
        desk.clock.move(minutes=15)
        assert isinstance(await perform(desk, start, context), r.WindowRefused)


async def test_the_approved_page_is_there_before_the_agents_window_is(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        async with desk.store.transaction() as tx:
            await tx.execute("DELETE FROM windows")
        assert isinstance((await call.page()).view.outcome, PageApproved)
        desk.clock.move(minutes=15)
        with pytest.raises(LinkOverError):
            await call.page()


async def test_a_page_whose_flow_never_got_to_its_end_is_over_with_its_link(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call, _ = await approved(desk)
        with pytest.raises(LinkOverError):
            await call.page()


async def test_a_new_code_or_more_time_for_a_link_whose_code_was_right_changes_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        context = await context_of(desk, call.challenge_id)
        before = await find(desk.store, call.challenge_id)
        for effect in (fx.NewCode, fx.ExtendLink):
            reply = await perform(desk, effect(person_id=ADA.id, challenge_id=call.challenge_id), context)
            assert isinstance(reply, r.LinkChanged)
        assert await find(desk.store, call.challenge_id) == before


async def test_nothing_verified_is_one_row_and_no_act(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await looked_up(desk)
        await call.tell(a.CannotVerifyChosen())
        assert ("event", "verification.none", "") in await desk.said_of(call_id=call.id)


async def test_a_customer_whose_step_takes_long_is_told_one_moment(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        desk.world.held = {fx.ReadDevices}
        desk.world.begun.clear()
        posting = asyncio.ensure_future(call.enter_code())
        await desk.world.begun.wait()
        page = await call.page()
        assert (page.view.prompt, page.view.working) == (None, "One moment")
        desk.world.gate.set()
        assert isinstance((await posting).view.prompt, p.BrowserPrompt)


async def test_a_factor_that_fails_approves_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        desk.world.replies[fx.ReadDevices] = BROKEN
        page = await call.enter_code()
        assert said(page.view.prompt) is p.TryAgainPrompt
        desk.world.replies[fx.ReadDevices] = r.DevicesRead(Devices((TOTP,)))
        assert await stage(desk, call.challenge_id) is LinkStage.CODE_RIGHT


async def test_a_push_denied_on_the_phone_is_told_to_the_agent_and_alerted_each_time(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.enter_code()
        context = await context_of(desk, call.challenge_id)
        denied = dx.NotePushDenied(person_id=ADA.id, challenge_id=call.challenge_id)
        for times in (1, 2):
            step = replace(context, rev=context.rev + times)
            for _after_a_crash in (False, True):
                assert await perform(desk, denied, step) == dr.PushDenialNoted(times)
        row = await find(desk.store, call.challenge_id)
        assert row
        assert row.link(LimitSettings()).denied == 2
        rows = [row for row in await desk.engine.audit.list() if row.action == "link.push_denied"]
        assert [(row.kind, row.details["times"]) for row in rows] == [("alert", 1), ("alert", 2)]
        await call.tell(a.Cancelled())
        assert isinstance(await perform(desk, denied, context), r.LinkOver)
