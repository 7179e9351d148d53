"""Whoever comes to a protected account is told only that, and raises an alert; agents are known by the audit."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent
from csrdesk.flows.kernel import Effect, Problem
from csrdesk.model.grants import Role
from csrdesk.model.people import Protection, directory_id
from tests.engine.roles import granted, signed_in
from tests.engine.world import ADA, HAL, desk_on, looked_up

READ = fx.ReadProtection(person_id=ADA.id)
WATCHED = Protection(("administrator in PingOne", "member of a protected group"), "CN=Ada")


async def test_r_39_a_look_up_of_a_protected_account_says_only_that_and_is_an_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        desk.world.replies[fx.ReadProtection] = r.ProtectionRead(WATCHED)
        call = await looked_up(desk)
        prompt = (await call.view()).prompt
        assert prompt == p.ProtectedPrompt(ADA.name, "This account is protected. Nobody at the help desk acts on it.")
        alerts = [row for row in await desk.engine.audit.list(limit=100) if row.kind == "alert"]
        assert [(row.action, row.person_id, row.agent) for row in alerts] == [("protected.touched", ADA.id, "grace")]
        assert alerts[0].details["why"] == "administrator in PingOne; member of a protected group"


async def test_a_look_up_that_pingone_did_not_answer_is_on_record_as_that(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        there = replace(ADA, id=directory_id("CN=Ada"))
        down = Problem("PingOne cannot be reached.", code="unreachable")
        desk.world.replies[fx.FindUser] = r.FoundInDirectory(there, Protection(dn="CN=Ada"), down)
        call = await looked_up(desk)
        assert isinstance((await call.view()).prompt, p.UnverifiableCardPrompt)
        (row,) = [row for row in await desk.engine.audit.list(limit=100) if row.kind == "lookup"]
        assert row.person_id == there.id
        assert row.details == {
            "identifier": "a***@h***.example",
            "found": 1,
            "pingone": "not asked",
            "code": "unreachable",
        }


async def test_an_ordinary_account_is_no_alert(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await looked_up(desk)
        assert not [row for row in await desk.said_of() if row[0] == "alert"]


async def test_where_no_alert_can_be_written_a_protected_account_is_as_protected(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with desk_on(path, busy_seconds=0.05) as desk:

        def meanwhile(_effect: Effect) -> r.ProtectionRead:
            """Another program holds the database for a moment."""
            del desk.world.replies[fx.ReadProtection]
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.4, other.close)
            desk.world.replies[fx.ReadProtection] = r.ProtectionRead(WATCHED)
            return r.ProtectionRead(WATCHED)

        desk.world.replies[fx.ReadProtection] = meanwhile
        call = await looked_up(desk)
        assert isinstance((await call.view()).prompt, p.ProtectedPrompt)
        await asyncio.sleep(0.5)
        assert await desk.engine.is_writable()
        assert [row.action for row in await desk.engine.audit.list(limit=100) if row.kind == "alert"] == [
            "protected.touched"
        ]


@pytest.mark.parametrize(("name", "is_agent"), [("grace", True), ("GRACE", True), ("hal", False), ("", False)])
async def test_r_39_whoever_is_in_the_audit_as_an_agent_works_at_this_desk(
    tmp_path: Path, name: str, *, is_agent: bool
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await looked_up(desk)
        assert await desk.engine.links.is_agent(name) is is_agent
        assert not await desk.engine.links.is_agent()
        await looked_up(desk, HAL)
        assert await desk.engine.links.is_agent("nobody", "hal")


@pytest.mark.parametrize(("roles", "is_agent"), [((), False), ((Role.VERIFIER,), True)])
async def test_r_39_a_customer_who_signs_in_without_a_role_keeps_nobody_off_their_account(
    tmp_path: Path, roles: tuple[Role, ...], *, is_agent: bool
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        await signed_in(desk, granted(desk, *roles), Agent("ada"))
        assert [row.agent for row in await desk.engine.audit.list() if row.action == "sign_in"] == ["ada"]
        assert await desk.engine.links.is_agent("ada") is is_agent
