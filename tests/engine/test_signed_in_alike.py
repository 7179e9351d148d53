"""What a sign-in opens is its own: not what settings let an account of the operating system do that has the same name,
not more after a rehearsal, and nothing once a lead has ended it, also for whoever waits already.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csrdesk.engine import bulk_runs, standings
from csrdesk.engine.changes import flow_topic
from csrdesk.errors import NotSignedInError, StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import Agent
from csrdesk.model.grants import Role
from csrdesk.model.proofs import Act
from tests.engine.roles import EU, granted, signed_in
from tests.engine.world import GRACE, HAL, Desk, desk_on, disable

NIGHTLY = Agent("client:nightly")
BY_COMMAND = uf.Start("disableUser", "ada", "left the company", "T-1")


async def made_alone(desk: Desk, agent: Agent) -> bool:
    """Whether a command of that agent's disables an account with nobody verified."""
    session = await signed_in(desk, granted(desk, Role.AGENT), agent)
    ended = await session.settled((await session.start("user_functions", BY_COMMAND)).id)
    return isinstance(ended.outcome, uf.Outputs)


async def listened_to(desk: Desk, flow_id: str) -> None:
    """Until somebody who was let in waits for that flow."""
    waiters = desk.engine._desk.changes._waiters  # noqa: SLF001 - seen nowhere else
    async with asyncio.timeout(10):
        while flow_topic(flow_id) not in waiters:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("agent", "done"), [(GRACE, False), (NIGHTLY, True)])
async def test_r_30_settings_that_name_a_scripts_account_let_no_person_of_that_name_act_unverified(
    tmp_path: Path, agent: Agent, *, done: bool
) -> None:
    async with desk_on(tmp_path / "desk.db", scripts=frozenset({GRACE.id, NIGHTLY.id})) as desk:
        assert await made_alone(desk, agent) is done
        assert ("SetPingOneEnabled" in [name for name, _ in desk.world.done]) is done


async def test_r_30_a_run_of_the_operating_systems_account_is_not_a_signed_in_persons(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        run = (await desk.session().start("csr_main", csr_main.Start())).id
        async with desk.store.transaction() as tx:
            await bulk_runs.start(tx, bulk_runs.Run(run, GRACE.id, Act.DISABLE, desk.clock.now()))
        assert await desk.do(disable(), call_id=run) == ("PingOneEnabledSet",)
        await signed_in(desk, granted(desk, Role.AGENT))
        assert await desk.do(disable(), call_id=run) == ("Failed:not_verified",)


async def test_r_41_after_a_rehearsal_a_sign_in_opens_no_more_than_before_it(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        grants = granted(desk, Role.AGENT, populations=(EU,))
        session = await signed_in(desk, grants)
        call = await session.start("csr_main", csr_main.Start())
        await desk.engine.rehearse(BY_COMMAND, GRACE, call.id, grants)
        await desk.store.close()
        inner = desk.engine._desk  # noqa: SLF001 - whom the guard asks before it shows anybody
        with pytest.raises(StoreUnavailableError):
            await standings.granted_to(inner, GRACE.id)


async def test_r_55_whoever_waits_while_their_sign_in_is_ended_is_shown_nothing(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        session = await signed_in(desk, granted(desk, Role.AGENT))
        call = await session.settled((await session.start("csr_main", csr_main.Start())).id)
        waiting = asyncio.create_task(session.changed(call.id, call.rev))
        await listened_to(desk, call.id)
        async with desk.store.transaction() as tx:
            known = await standings.of(tx, GRACE.id)
            assert known is not None
            await standings.keep(tx, known.ended_at(desk.clock.now(), HAL.id))
        await desk.session().answer(call.id, call.rev, a.UsernameGiven("ada@home.example", "T-1"))
        with pytest.raises(NotSignedInError, match="ended by hal"):
            await waiting
