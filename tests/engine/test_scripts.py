"""Scripts that settings let act without a call: what they may do in a running engine, and how the audit marks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from csrdesk.engine.audit import Kind
from csrdesk.flows import effects as fx
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Agent
from csrdesk.model.proofs import Act
from tests.engine.world import ADA, GRACE, Desk, desk_on, disable, linked

SWEEPER = Agent("sweeper")
SCRIPTS = frozenset({"sweeper"})
ENABLE = disable(Act.ENABLE, enabled=True)
SESSIONS = fx.EndSessions(person_id=ADA.id, act=Act.DISABLE, reason="left the company", ticket="T-1")


async def acts(desk: Desk) -> list[tuple[Kind, str, object, object]]:
    rows = await desk.engine.audit.list(limit=1000)
    return [(r.kind, r.action, r.details.get("verified"), r.details.get("script")) for r in rows if "act" in r.details]


async def test_what_a_script_does_is_audited_as_unverified_and_a_scripts(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=SCRIPTS) as desk:
        assert await desk.do(disable(), SESSIONS, agent=SWEEPER) == ("PingOneEnabledSet", "SessionsEnded")
        assert sorted(await acts(desk)) == [
            (kind, action, False, True)
            for kind in (Kind.INTENT, Kind.OUTCOME)
            for action in ("pingone.end_sessions", "pingone.set_enabled")
        ]


async def test_r_30_an_agent_whom_settings_do_not_name_is_refused_outside_a_call(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=SCRIPTS) as desk:
        assert await desk.do(disable(), agent=GRACE) == ("Failed:not_verified",)
        assert [(kind, script) for kind, _, _, script in await acts(desk)] == [(Kind.REFUSED, None)]
        assert desk.world.done == []


async def test_r_30_within_a_call_a_script_is_held_to_what_everybody_is(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=SCRIPTS) as desk:
        call = await linked(desk, agent=SWEEPER)
        assert await desk.do(disable(), agent=SWEEPER, call_id=call.id) == ("Failed:not_verified",)


async def test_r_53_a_script_enables_what_the_desk_disabled_and_nothing_else(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=SCRIPTS) as desk:
        assert await desk.do(ENABLE, agent=SWEEPER) == ("Failed:forbidden",)
        assert await acts(desk) == [(Kind.REFUSED, "pingone.set_enabled", False, True)]
        await desk.do(disable(), agent=SWEEPER)
        assert await desk.do(ENABLE, agent=SWEEPER) == ("PingOneEnabledSet",)


@pytest.mark.parametrize(("scripts", "outcome"), [(SCRIPTS, uf.Outputs), (frozenset[str](), uf.Refusal)])
async def test_a_whole_flow_runs_for_a_script_and_for_nobody_else(
    tmp_path: Path, scripts: frozenset[str], outcome: type[object]
) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=scripts) as desk:
        session = desk.session(SWEEPER)
        start = uf.Start("disableUser", "ada", "left the company", "T-1")
        view = await session.settled((await session.start("user_functions", start)).id)
        assert type(view.outcome) is outcome
        assert ("SetPingOneEnabled" in [name for name, _ in desk.world.done]) is bool(scripts)
