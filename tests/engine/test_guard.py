"""The guard in a running engine: a hand-made front end gets no further than policy, and nothing is done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.errors import IllegalEventError, StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent
from csrdesk.flows.kernel import AccountEffect, Answer, Failed, Problem, Reply
from csrdesk.model.people import directory_id
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.engine.world import (
    ADA,
    GRACE,
    HAL,
    Begin,
    Desk,
    Told,
    ToldToBreak,
    came,
    desk_on,
    disable,
    hold_after_next_commit,
    linked,
    looked_up,
)

AD = fx.SetDirectoryEnabled(person_id=ADA.id, act=Act.DISABLE, reason="r", ticket="t", dn="CN=Ada", enabled=False)
ENABLE = disable(Act.ENABLE, enabled=True)
SESSIONS = fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="r", ticket="t")


async def verified_call(desk: Desk) -> str:
    call = await linked(desk)
    await call.verify()
    return call.id


@pytest.mark.parametrize("effect", [disable(), AD, ENABLE, SESSIONS], ids=lambda e: type(e).__name__)
async def test_r_30_a_hand_made_client_changes_nothing_without_verification(
    tmp_path: Path, effect: AccountEffect
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        assert await desk.do(effect, call_id=call.id) == ("Failed:not_verified",)
        assert not {"SetPingOneEnabled", "SetDirectoryEnabled", "EndSessions"} & {name for name, _ in desk.world.done}
        assert ("refused", effect.action, "refused") in await desk.said_of(call_id=call.id)


async def test_r_30_after_verification_the_same_client_is_taken(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        assert await desk.do(disable(), AD, SESSIONS, call_id=call_id) == (
            "PingOneEnabledSet",
            "DirectoryEnabledSet",
            "SessionsEnded",
        )


async def test_r_12_a_verification_serves_no_other_call_and_no_other_person(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        other = await looked_up(desk)
        assert await desk.do(disable(), call_id=other.id) == ("Failed:not_verified",)
        assert await desk.do(disable(person="u-other"), call_id=call_id) == ("Failed:not_verified",)
        assert await desk.do(disable(), agent=HAL) == ("Failed:not_verified",)


async def test_r_31_the_engine_refuses_once_the_window_has_ended(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        proof = fx.RequireProof(person_id=ADA.id)
        desk.clock.move(minutes=14, seconds=59)
        assert await desk.do(proof, disable(), call_id=call_id) == ("Noted", "PingOneEnabledSet")
        desk.clock.move(seconds=1)
        assert await desk.do(proof, disable(), call_id=call_id) == ("Failed:not_verified", "Failed:not_verified")


@pytest.mark.parametrize("leave", [a.LineDropped(), a.BackChosen(), a.CallEnded()])
async def test_r_31_leaving_the_account_page_ends_the_verification(tmp_path: Path, leave: Answer) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await linked(desk)
        await call.verify()
        begun = await desk.session().start("told", Begin(), call_id=call.id)
        await call.tell(leave)
        assert came(await desk.tell(desk.session(), begun.id, Told((disable(),)))) == ("Failed:not_verified",)
        assert ("event", "verification.ended", "") in await desk.said_of(call_id=call.id)


async def test_only_what_this_desk_disabled_may_be_enabled(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        assert await desk.do(ENABLE, call_id=call_id) == ("Failed:forbidden",)
        desk.world.replies[fx.SetPingOneEnabled] = r.PingOneEnabledSet(enabled=False, changed=False)
        await desk.do(disable(), call_id=call_id)
        assert await desk.do(ENABLE, call_id=call_id) == ("Failed:forbidden",)
        del desk.world.replies[fx.SetPingOneEnabled]
        await desk.do(disable(), call_id=call_id)
        assert await desk.do(ENABLE, call_id=call_id) == ("PingOneEnabledSet",)
        assert await desk.do(ENABLE, call_id=call_id) == ("Failed:forbidden",)


async def test_protective_disables_are_marked_raised_as_an_alert_and_counted(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", limits=LimitSettings(protective_disables_an_hour=2)) as desk:
        protect = disable(Act.PROTECT)
        sessions = fx.EndSessions(person_id=ADA.id, act=Act.PROTECT, reason="r", ticket="t")
        call = await looked_up(desk)
        assert await desk.do(protect, sessions, call_id=call.id) == ("PingOneEnabledSet", "SessionsEnded")
        alerts = [row for row in await desk.engine.audit.list() if row.kind == "alert"]
        assert [(row.action, row.reason, row.ticket) for row in alerts] == [
            ("protective_disable", "asked for it", "T-1")
        ]
        await desk.do(disable(Act.PROTECT, person="u-2"))
        assert await desk.do(disable(Act.PROTECT, person="u-3")) == ("Failed:forbidden",)
        assert await desk.do(fx.RequireProof(person_id="u-3", act=Act.PROTECT)) == ("Failed:forbidden",)
        assert await desk.do(disable(Act.PROTECT, person="u-3"), agent=HAL) == ("PingOneEnabledSet",)
        desk.clock.move(hours=1, seconds=1)
        assert await desk.do(disable(Act.PROTECT, person="u-3")) == ("PingOneEnabledSet",)


async def test_together_each_is_checked_audited_and_keyed_by_itself(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.SetPingOneEnabled] = Failed(Problem("PingOne is slow.", code="timed_out"))
        said = await desk.do(disable(Act.PROTECT), AD, fx.FindUser(identifier="ada"))
        assert said == ("Failed:timed_out", "Failed:not_verified", "UserFound")
        rows = [(row.kind, row.action, row.result, row.key[-2:]) for row in await desk.engine.audit.list()]
        assert set(rows) == {
            ("alert", "protective_disable", "", ":0"),
            ("intent", "pingone.set_enabled", "", ":0"),
            ("outcome", "pingone.set_enabled", "failed", ":0"),
            ("refused", "ad.set_enabled", "refused", ":1"),
            ("lookup", "lookup", "done", ":2"),
        }


async def test_a_mistake_in_one_of_several_cancels_none_of_the_others(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.held = {fx.SetPingOneEnabled}

        def mistake(_: object) -> Reply:
            desk.world.gate.set()
            raise ZeroDivisionError

        desk.world.replies[fx.FindUser] = mistake
        with pytest.raises(ZeroDivisionError):
            await desk.do(disable(Act.PROTECT), fx.FindUser(identifier="ada"))
        assert ("outcome", "pingone.set_enabled", "done") in await desk.said_of()


async def test_a_secret_is_handed_over_and_never_saved(tmp_path: Path) -> None:
    check = fx.CheckPasscode(person_id=ADA.id, authentication_id="da", device_id="d-totp")
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        assert came(await desk.tell(session, begun.id, Told((check,), Secret("987654")))) == ("PasscodeRight",)
        assert desk.world.secrets == [Secret("987654")]
        assert came(await desk.tell(session, begun.id, Told((check,)))) == ("SecretLost",)
        assert len(desk.world.secrets) == 1


async def test_a_database_that_fails_inside_sending_is_a_failure_and_not_a_crash(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:

        def gone(_: object) -> Reply:
            raise StoreUnavailableError("The desk's database cannot be used.")

        desk.world.replies[fx.SendMagicLink] = gone
        send = fx.SendMagicLink(person_id=ADA.id, account="A*** B***")
        assert await desk.do(send) == ("Failed:store_unavailable",)


async def test_a_reply_that_no_state_takes_stops_the_flow_and_is_told_to_who_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = desk.session()
        begun = await session.start("told", Begin())
        with pytest.raises(IllegalEventError):
            await desk.tell(session, begun.id, ToldToBreak(fx.FindUser(identifier="ada")))
        assert f"flow {begun.id} stopped: IllegalEventError" in caplog.text


@pytest.mark.parametrize("agent", [GRACE, HAL])
async def test_r_60_each_row_names_the_agent_of_the_session(tmp_path: Path, agent: Agent) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await desk.do(fx.FindUser(identifier="ada"), agent=agent)
        assert [row.agent for row in await desk.engine.audit.list()] == [agent.id]


async def test_effects_under_way_are_brought_to_their_end_when_the_engine_stops(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path) as desk:
        desk.world.held = {fx.SetPingOneEnabled}
        begun = await desk.session().start("told", Begin((disable(Act.PROTECT),)))
        await desk.world.begun.wait()
        stopping = asyncio.ensure_future(desk.engine.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        desk.world.gate.set()
        await stopping
    async with desk_on(path) as desk:
        assert came(await desk.session().settled(begun.id)) == ("PingOneEnabledSet",)
        assert desk.world.done == []


async def test_a_desk_effect_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.4) as desk:
        hold_after_next_commit(desk, path)
        said = await desk.do(fx.StartWindow(person_id=ADA.id, challenge_id="any"))
        assert said == ("Failed:store_unavailable",)


async def test_r_53_what_the_desk_disabled_in_ad_while_pingone_was_down_the_desk_may_enable(tmp_path: Path) -> None:
    dn, act = "CN=Ada,OU=Staff,DC=example,DC=test", Act.PROTECT
    nameless = directory_id(dn)
    closed = fx.SetDirectoryEnabled(person_id=nameless, act=act, reason="r", ticket="t", dn=dn, enabled=False)
    opened = fx.SetDirectoryEnabled(person_id=ADA.id, act=Act.ENABLE, reason="r", ticket="t", dn=dn, enabled=True)
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        assert await desk.do(opened, call_id=call_id) == ("Failed:forbidden",)
        assert await desk.do(closed) == ("DirectoryEnabledSet",)
        elsewhere = replace(opened, dn="CN=Bo,OU=Staff,DC=example,DC=test")
        assert await desk.do(elsewhere, call_id=call_id) == ("Failed:forbidden",)
        assert await desk.do(opened, call_id=call_id) == ("DirectoryEnabledSet",)
