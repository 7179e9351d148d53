"""Verifying without a link, in a running engine: whose try it is, how often, how it ends, and what it opens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csrdesk.config import LimitSettings
from csrdesk.engine import addresses
from csrdesk.engine.challenges import find, open_ones
from csrdesk.flows import answers as a
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import try_effects as te
from csrdesk.flows import try_prompts as tp
from csrdesk.flows import try_replies as tr
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Failed, Reply
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import Age, Device, Devices, Strength
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.proofs import CALL_BACK, Act, Evidence, Proof
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, ADDRESS, BROKEN, GRACE, HAL, Call, Desk, desk_on, disable, linked, looked_up

APP = Device("d-app", "MOBILE", nickname="Pixel")
NUMBER = "+44 *** *** 43"
BOTH = r.DevicesRead(Devices((APP,), phone=NUMBER, phone_age=Age.OLD, numbered=True))
PUSHED = r.AuthenticationIs(r.DeviceAuthentication("da-1", "PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"))
ASKED = r.AuthenticationIs(r.DeviceAuthentication("da-2", "OTP_REQUIRED"))
CANCELLED = r.AuthenticationIs(r.DeviceAuthentication("da-1", "DEVICE_SELECTION_REQUIRED"))
RULES = Rules(call_back=True)
SHOWN = Evidence((Proof("mobile", Strength.STRONG, APP.id, APP.label),), registered=True)
HEARD = Evidence((Proof(CALL_BACK, Strength.WEAK, label=f"call-back to {NUMBER}"),), registered=True)
OFTEN = LimitSettings(
    links_per_person_in_ten_minutes=10, links_per_person_a_day=50, pushes_per_person_an_hour=20, passcodes_per_link=5
)


def outside(desk: Desk, answer: Reply | None = None, heard: Reply | None = None) -> None:
    """PingOne, where the phone answers so; without an answer it goes on ringing."""
    desk.world.replies |= {
        fx.ReadDevices: BOTH,
        fx.StartDeviceAuthentication: PUSHED,
        dx.AwaitPush: answer or dr.PushTimedOut(),
        dx.CancelPush: CANCELLED,
        te.RingNumber: ASKED,
        te.CheckHeard: heard or tr.PasscodeHeardRight(),
    }
    if answer is None:
        desk.world.held.add(dx.AwaitPush)


async def at_phones(desk: Desk, way: a.PushChosen | a.CallBackChosen, call: Call | None = None) -> Call:
    call = call or await looked_up(desk)
    await call.tell(way)
    assert isinstance((await call.view()).prompt, tp.PhonesPrompt)
    return call


async def pushing(desk: Desk, call: Call | None = None) -> Call:
    """A call whose push is on the phone, or has its answer."""
    call = await at_phones(desk, a.PushChosen(), call)
    await call.tell(a.DeviceChosen(APP.id))
    return call


async def ringing(desk: Desk, call: Call | None = None) -> Call:
    call = await at_phones(desk, a.CallBackChosen(), call)
    await call.tell(a.DeviceChosen("on-record"))
    return call


async def the_try(desk: Desk, call: Call) -> str:
    (row,) = await open_ones(desk.store, call_id=call.id)
    return row.id


async def stage(desk: Desk, challenge_id: str) -> LinkStage:
    row = await find(desk.store, challenge_id)
    assert row
    return row.stage


def note(prompt: object) -> str:
    assert isinstance(prompt, tp.PhonesPrompt), prompt
    return prompt.note


async def perform(desk: Desk, effect: Effect, context: Context) -> Reply:
    return await desk.engine._guard(effect, context)  # noqa: SLF001


async def test_a_push_that_was_approved_verifies_by_a_device_alone(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk, dr.PushApproved(APP.id))
        call = await pushing(desk)
        account = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        assert account.evidence == SHOWN
        said = await desk.said_of(call_id=call.id)
        assert await desk.do(disable(), call_id=call.id) == ("PingOneEnabledSet",)
    assert ("event", "try.push", "") in said
    assert ("intent", "mfa.start", "") in said
    assert ("event", "try.approved", "") in said
    assert ("event", "verification.started", "") in said


async def test_r_32_a_call_back_opens_what_link_and_code_open_without_a_device_and_no_more(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await ringing(desk)
        await call.tell(a.PasscodeHeard(Secret("654321")))
        account = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        assert account.evidence == HEARD
        assert await desk.do(disable(), call_id=call.id) == ("PingOneEnabledSet",)
        assert await desk.do(disable(Act.ENABLE, enabled=True), call_id=call.id) == ("Failed:not_verified",)
        assert await desk.do(fx.RequireProof(person_id=ADA.id, act=Act.RESET), call_id=call.id) == (
            "Failed:not_verified",
        )


async def test_r_21_a_denied_push_freezes_verification_alerts_and_ends_what_is_open(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk, dr.PushDenied())
        call = await pushing(desk)
        card = (await call.until_stage(p.CardPrompt)).prompt
        assert isinstance(card, p.CardPrompt)
        assert "denied on the phone" in card.note
        assert ("alert", "link.not_me", "") in await desk.said_of(call_id=call.id)
        call = await pushing(desk, call)
        said = note((await call.view()).prompt)
        assert said.startswith("This person's phone said no to a request. They cannot be verified for 4 hours.")
        desk.clock.move(hours=4, seconds=1)
        other = await linked(desk, HAL)
        assert await open_ones(desk.store, call_id=other.id)


async def test_r_21_a_denial_stands_also_where_the_try_has_ended_meanwhile(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await pushing(desk)
        challenge_id = await the_try(desk, call)
        context = Context(call.id, 99, call.id, GRACE)
        await perform(desk, fx.EndChallenge(person_id=ADA.id, challenge_id=challenge_id), context)
        refuse = te.RefuseTry(person_id=ADA.id, challenge_id=challenge_id)
        assert [await perform(desk, refuse, context) for _ in range(2)] == [r.ChallengeRefused()] * 2
        assert await stage(desk, challenge_id) is LinkStage.NOT_ME
        alerts = [row for row in await desk.said_of(call_id=call.id) if row[1] == "link.not_me"]
    assert len(alerts) == 1


async def test_r_21_a_denial_ends_the_verification_of_its_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk, dr.PushApproved(APP.id))
        call = await pushing(desk)
        await call.until_stage(p.AccountPrompt)
        (row,) = await desk.store.all("SELECT id FROM challenges WHERE call_id = ?", call.id)
        context = Context(call.id, 99, call.id, GRACE)
        await perform(desk, te.RefuseTry(person_id=ADA.id, challenge_id=str(row["id"])), context)
        assert await desk.do(disable(), call_id=call.id) == ("Failed:not_verified",)


@pytest.mark.parametrize(
    ("purpose", "evidence"),
    [
        (Purpose.PUSH, HEARD),
        (Purpose.PUSH, Evidence()),
        (Purpose.PUSH, Evidence((Proof("mobile", Strength.WEAK, APP.id),))),
        (Purpose.PUSH, Evidence((Proof("mobile", Strength.STRONG),))),
        (Purpose.PUSH, Evidence((*SHOWN.proofs, Proof("ml", Strength.NONE)))),
        (Purpose.CALL_BACK, SHOWN),
        (Purpose.CALL_BACK, Evidence((Proof(CALL_BACK, Strength.STRONG),))),
        (Purpose.CALL_BACK, Evidence((Proof(CALL_BACK, Strength.WEAK, "d-voice"),))),
    ],
)
async def test_r_30_a_try_is_approved_by_what_its_way_shows_and_by_nothing_else(
    tmp_path: Path, purpose: Purpose, evidence: Evidence
) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await (pushing(desk) if purpose is Purpose.PUSH else ringing(desk))
        challenge_id = await the_try(desk, call)
        effect = te.ApproveTry(person_id=ADA.id, challenge_id=challenge_id, evidence=evidence)
        reply = await perform(desk, effect, Context(call.id, 99, call.id, GRACE))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "not_verified"
        assert await stage(desk, challenge_id) is LinkStage.SENT


@pytest.mark.parametrize(
    "other",
    [{"flow_id": "another"}, {"call_id": "another"}, {"agent": HAL}],
    ids=["another flow", "another call", "another agent"],
)
async def test_r_12_a_try_belongs_to_its_flow_call_agent_and_person(tmp_path: Path, other: dict[str, object]) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await pushing(desk)
        challenge_id = await the_try(desk, call)
        ours = Context(call.id, 99, call.id, GRACE)
        for who, context in ((ADA.id, replace_context(ours, other)), ("somebody", ours)):
            for effect in (
                te.ApproveTry(person_id=who, challenge_id=challenge_id, evidence=SHOWN),
                te.RefuseTry(person_id=who, challenge_id=challenge_id),
            ):
                reply = await perform(desk, effect, context)
                assert isinstance(reply, Failed)
                assert reply.problem.code == "forbidden"
        assert await stage(desk, challenge_id) is LinkStage.SENT


def replace_context(context: Context, other: dict[str, object]) -> Context:
    names = ("flow_id", "rev", "call_id", "agent")
    return Context(*(other.get(name, getattr(context, name)) for name in names))  # type: ignore[arg-type]


async def test_r_12_what_was_heard_in_one_call_counts_in_no_other(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await ringing(desk)
        effect = te.CheckHeard(person_id=ADA.id, challenge_id=await the_try(desk, call), authentication_id="da-2")
        reply = await perform(desk, effect, Context("another", 99, call.id, GRACE, secret=Secret("654321")))
        assert isinstance(reply, Failed)
        assert reply.problem.code == "forbidden"
        assert ("refused", "mfa.check", "refused") in await desk.said_of(call_id=call.id)


async def test_a_try_is_used_once_and_the_step_may_be_performed_again(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await pushing(desk)
        challenge_id = await the_try(desk, call)
        context = Context(call.id, 99, call.id, GRACE)
        effect = te.ApproveTry(person_id=ADA.id, challenge_id=challenge_id, evidence=SHOWN)
        assert [await perform(desk, effect, context) for _ in range(2)] == [r.ChallengeApproved()] * 2
        other = te.ApproveTry(
            person_id=ADA.id,
            challenge_id=challenge_id,
            evidence=Evidence((Proof("mobile", Strength.STRONG, "d-other"),), registered=True),
        )
        assert await perform(desk, other, context) == r.LinkOver(LinkStage.APPROVED)


async def test_r_05_an_answer_after_the_tries_clock_verifies_nobody(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        desk.world.replies[dx.AwaitPush] = dr.PushApproved(APP.id)
        call = await pushing(desk)
        desk.clock.move(seconds=151)
        desk.world.gate.set()
        view = await call.until_stage(tp.PhonesPrompt)
        assert note(view.prompt) == "It came after the time was up. Nothing was verified."


async def test_r_05_a_call_back_ends_with_its_clock_which_is_extended_once(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await ringing(desk)
        await call.tell(a.MoreTimeChosen())
        prompt = (await call.tell(a.MoreTimeChosen())).prompt
        assert isinstance(prompt, tp.HeardPrompt)
        assert "cannot have more time" in prompt.note
        desk.clock.move(seconds=301)
        assert note((await call.until_stage(tp.PhonesPrompt)).prompt).startswith("Time is up.")


async def test_r_06_a_newer_try_or_link_ends_the_one_before(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=OFTEN) as desk:
        outside(desk)
        first = await ringing(desk)
        ended = await the_try(desk, first)
        other = await ringing(desk, await looked_up(desk, HAL))
        assert await stage(desk, ended) is LinkStage.ENDED
        assert note((await first.until_stage(tp.PhonesPrompt)).prompt).startswith("That try has ended.")
        link = await looked_up(desk)
        ended = await the_try(desk, other)
        await link.tell(a.MagicLinkChosen())
        await link.tell(a.SendChosen())
        await link.tell(a.SendChosen())
        assert await stage(desk, ended) is LinkStage.ENDED


async def test_r_06_whoever_reads_the_address_anew_ends_no_try(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await pushing(desk)
        await desk.engine.links.saw_address(ADA.id, ADDRESS)
        assert await stage(desk, await the_try(desk, call)) is LinkStage.SENT


async def test_cancelling_takes_the_push_back_and_ends_the_try(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await pushing(desk)
        challenge_id = await the_try(desk, call)
        assert isinstance((await call.tell(a.Cancelled())).prompt, p.CardPrompt)
        assert await stage(desk, challenge_id) is LinkStage.ENDED
        assert "CancelPush" in {name for name, _ in desk.world.done}


@pytest.mark.parametrize("way", ["push", "call back"])
async def test_a_line_that_drops_ends_the_try_and_keeps_the_customer(tmp_path: Path, way: str) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await (pushing(desk) if way == "push" else ringing(desk))
        challenge_id = await the_try(desk, call)
        card = (await call.tell(a.LineDropped())).prompt
        assert isinstance(card, p.CardPrompt)
        assert card.person == ADA
        assert await stage(desk, challenge_id) is LinkStage.ENDED


async def test_r_51_the_third_try_in_a_day_warns_before_anything_goes_out(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=OFTEN) as desk:
        outside(desk, dr.PushTimedOut())
        call = await looked_up(desk)
        for _ in range(2):
            call = await pushing(desk, call)
            await call.until_stage(tp.PhonesPrompt)
            await call.tell(a.Cancelled())
        sent = [name for name, _ in desk.world.done].count("StartDeviceAuthentication")
        call = await pushing(desk, call)
        prompt = (await call.view()).prompt
        assert isinstance(prompt, tp.PhonesPrompt)
        assert prompt.warned
        assert prompt.note.startswith("2 requests were sent to this person in the last 24 hours, by one agent.")
        assert [name for name, _ in desk.world.done].count("StartDeviceAuthentication") == sent == 2
        await call.tell(a.DeviceChosen(APP.id))
        assert [name for name, _ in desk.world.done].count("StartDeviceAuthentication") == 3


async def test_r_18_a_person_gets_three_pushes_an_hour_whoever_sends_them(tmp_path: Path) -> None:
    limits = LimitSettings(links_per_person_in_ten_minutes=10, links_per_person_a_day=50)
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=limits) as desk:
        outside(desk, dr.PushTimedOut())
        last = ""
        for _ in range(4):
            call = await pushing(desk)
            prompt = (await call.until_stage(tp.PhonesPrompt)).prompt
            if isinstance(prompt, tp.PhonesPrompt) and prompt.warned:
                await call.tell(a.DeviceChosen(APP.id))
            last = note((await call.until_stage(tp.PhonesPrompt)).prompt)
        assert "3 requests were sent to this person's phone in an hour" in last
        assert [name for name, _ in desk.world.done].count("StartDeviceAuthentication") == 3
        assert await open_ones(desk.store, person_id=ADA.id) == []


async def test_r_18_a_number_is_rung_five_times_in_a_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=OFTEN) as desk:
        outside(desk)
        call = await ringing(desk)
        prompt = (await call.view()).prompt
        while isinstance(prompt, tp.HeardPrompt) or (isinstance(prompt, tp.PhonesPrompt) and prompt.warned):
            again = a.RingAgainChosen() if isinstance(prompt, tp.HeardPrompt) else a.DeviceChosen("on-record")
            prompt = (await call.tell(again)).prompt
        assert "rung 5 times in this call" in note(prompt)
        assert ("alert", "limit.reached", "refused") in await desk.said_of(call_id=call.id)
        assert [name for name, _ in desk.world.done].count("RingNumber") == 5


async def test_r_11_passcodes_are_counted_before_they_are_checked_and_five_are_taken(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk, heard=r.PasscodeWrong())
        call = await ringing(desk)
        challenge_id = await the_try(desk, call)
        for left in (4, 3, 2, 1, 0):
            await call.tell(a.PasscodeHeard(Secret("111111")))
            row = await find(desk.store, challenge_id)
            assert row
            assert 5 - row.tries == left
        desk.world.replies[te.CheckHeard] = tr.PasscodeHeardRight()
        await call.tell(a.PasscodeHeard(Secret("654321")))
        assert note((await call.until_stage(tp.PhonesPrompt)).prompt).startswith("Too many wrong passcodes.")
        assert await stage(desk, challenge_id) is LinkStage.TOO_MANY_CODES
        assert len(desk.world.secrets) == 5


async def test_r_11_ten_passcodes_a_day_are_taken_of_a_person_over_all_calls(tmp_path: Path) -> None:
    limits = LimitSettings(codes_per_person_a_day=3, links_per_person_in_ten_minutes=10)
    async with desk_on(tmp_path / "desk.db", rules=RULES, limits=limits) as desk:
        outside(desk, heard=r.PasscodeWrong())
        call = await ringing(desk)
        for _ in range(4):
            await call.tell(a.PasscodeHeard(Secret("111111")))
        await call.until_stage(tp.PhonesPrompt)
        other = await ringing(desk, await looked_up(desk, HAL))
        assert "Too many codes were tried" in note((await other.view()).prompt)


async def test_a_passcode_that_comes_after_the_tries_end_is_not_checked(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        call = await ringing(desk)
        challenge_id = await the_try(desk, call)
        context = Context(call.id, 99, call.id, GRACE, secret=Secret("654321"))
        await perform(desk, fx.EndChallenge(person_id=ADA.id, challenge_id=challenge_id), context)
        effect = te.CheckHeard(person_id=ADA.id, challenge_id=challenge_id, authentication_id="da-2")
        assert await perform(desk, effect, context) == r.LinkOver(LinkStage.ENDED)
        assert desk.world.secrets == []


def files_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_r_16_the_passcode_that_was_heard_is_nowhere_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, rules=RULES) as desk:
        outside(desk, heard=r.PasscodeWrong())
        call = await ringing(desk)
        await call.tell(a.PasscodeHeard(Secret("918273645")))
        assert desk.world.secrets == [Secret("918273645")]
    assert not any(b"918273645" in file.read_bytes() for file in files_of(tmp_path))


async def test_nothing_goes_out_where_the_try_cannot_be_written_down(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, rules=RULES, busy_seconds=0.05) as desk:
        outside(desk)
        context = Context("flow", 1, "call", GRACE)
        async with desk_on(path) as other, other.store.transaction() as held:
            await held.all("SELECT 1")
            effect = te.OpenTry(person_id=ADA.id, purpose=Purpose.PUSH, to="Pixel")
            assert isinstance(await perform(desk, effect, context), Failed)


async def test_a_push_without_pingones_answer_proves_nothing_and_ends_its_try(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk, BROKEN)
        call = await pushing(desk)
        said = note((await call.until_stage(tp.PhonesPrompt)).prompt)
        assert said == "PingOne is down. Nothing was verified."
        assert await open_ones(desk.store, person_id=ADA.id) == []


async def test_the_list_of_calls_says_what_is_waited_for(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", rules=RULES) as desk:
        outside(desk)
        await pushing(desk)
        (summary,) = await desk.session().calls()
        assert summary.stage == "waiting for the phone"


async def test_r_38_the_desk_remembers_since_when_it_has_seen_a_number_by_its_hash(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        seen = desk.engine.links.saw_number
        assert await seen(ADA.id, "+44.7700900143") is Age.UNKNOWN
        desk.clock.move(hours=72)
        assert await seen(ADA.id, "+44.7700900143") is Age.OLD
        assert await seen(ADA.id, "+44.7700900144") is Age.NEW
        desk.clock.move(hours=72)
        assert await seen(ADA.id, "+44.7700900144") is Age.OLD
        assert await desk.engine.links.saw_address(ADA.id, ADDRESS) is Age.UNKNOWN
        kept = str(await desk.store.all(f"SELECT * FROM {addresses.Record.NUMBER.value}"))
    assert "7700900" not in kept


async def test_a_try_ends_when_its_call_is_taken_up_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, rules=RULES) as desk:
        outside(desk)
        call = await ringing(desk)
        challenge_id = await the_try(desk, call)
    async with desk_on(path, rules=RULES) as again:
        outside(again)
        again.clock.move(seconds=timedelta(seconds=61).total_seconds())
        resumed = await again.session().resume(call.id)
        assert resumed.links_ended <= 1
        assert await stage(again, challenge_id) in (LinkStage.ENDED, LinkStage.SENT)
