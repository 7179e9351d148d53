"""A rehearsal: the flow is walked, policy is asked, nothing is done and no intent is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from csrdesk.errors import NoSuchFlowError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Effect
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.proofs import Act
from tests.engine.world import ADA, GRACE, HAL, Desk, desk_on, disable, linked

AD = fx.SetDirectoryEnabled(person_id=ADA.id, act=Act.DISABLE, reason="r", ticket="t", dn="CN=Ada", enabled=False)
WRITES: set[type[Effect]] = {fx.SetPingOneEnabled, fx.SetDirectoryEnabled, fx.EndSessions}
DISABLED = Account(
    PingOneAccount(enabled=False), DirectoryAccount("CN=Ada", "ada", user_account_control=0x202, disabled=True)
)


def start(action: str = "disableUser", *, protective: bool = False) -> uf.Start:
    return uf.Start(action, "ada", "laptop stolen", "T-1", protective)


async def verified_call(desk: Desk) -> str:
    call = await linked(desk)
    await call.verify()
    return call.id


def was_written(desk: Desk) -> set[str]:
    return {kind.__name__ for kind in WRITES} & {name for name, _ in desk.world.done}


async def test_a_dry_run_of_a_disable_names_each_write_and_makes_none(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        before = [row for row in await desk.said_of() if row[0] in ("intent", "outcome", "alert")]
        came = await desk.engine.rehearse(start(), GRACE, call_id)
        assert came.person == ADA
        assert {type(one.effect) for one in came.planned} == WRITES
        assert (len(came.planned), [one.refusal for one in came.planned]) == (3, [None] * 3)
        assert came.outcome is None
        assert was_written(desk) == set()
        assert [row for row in await desk.said_of() if row[0] in ("intent", "outcome", "alert")] == before


async def test_r_53_a_dry_run_asks_the_policy_that_the_act_would_meet(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        desk.world.replies[fx.ReadAccount] = r.AccountRead(DISABLED)
        (refused,) = (await desk.engine.rehearse(start("enableUser"), GRACE, call_id)).planned
        assert isinstance(refused.effect, fx.SetDirectoryEnabled)
        assert refused.refusal
        assert refused.refusal.code == "forbidden"
        await desk.do(disable(), AD, call_id=call_id)
        both = (await desk.engine.rehearse(start("enableUser"), GRACE, call_id)).planned
        assert [(type(one.effect), one.refusal) for one in both] == [
            (fx.SetDirectoryEnabled, None),
            (fx.SetPingOneEnabled, None),
        ]


async def test_r_52_a_dry_run_of_an_unlock_names_each_lock_that_would_be_ended(tmp_path: Path) -> None:
    locked = Account(
        PingOneAccount(enabled=True, locked=True, password="PASSWORD_LOCKED_OUT"),
        DirectoryAccount("CN=Ada", "ada", locked=True),
    )
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        desk.world.replies[fx.ReadAccount] = r.AccountRead(locked)
        planned = (await desk.engine.rehearse(start("unlockUser"), GRACE, call_id)).planned
        kinds = [fx.UnlockDirectory, fx.UnlockPingOne, fx.UnlockPassword]
        assert [(type(one.effect), one.refusal) for one in planned] == [(kind, None) for kind in kinds]


async def test_r_30_a_dry_run_shows_nothing_of_an_account_that_nobody_verified(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        came = await desk.engine.rehearse(start(), GRACE)
        assert came.planned == ()
        assert isinstance(came.outcome, uf.Refusal)
        assert came.outcome.code == "not_verified"


async def test_a_dry_run_of_a_protective_disable_raises_no_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        came = await desk.engine.rehearse(start(protective=True), GRACE)
        assert [one.refusal for one in came.planned] == [None] * 3
        assert "alert" not in {kind for kind, _, _ in await desk.said_of()}


async def test_where_nothing_is_to_be_written_a_dry_run_says_so(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.ReadAccount] = r.AccountRead(DISABLED)
        came = await desk.engine.rehearse(start(protective=True), GRACE)
        assert came.planned == ()
        assert isinstance(came.outcome, uf.Outputs)


async def test_a_dry_run_in_another_agents_call_is_refused(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call_id = await verified_call(desk)
        with pytest.raises(NoSuchFlowError):
            await desk.engine.rehearse(start(), HAL, call_id)
