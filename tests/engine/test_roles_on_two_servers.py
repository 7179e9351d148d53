"""Two servers on one PostgreSQL: an approval and the end of a sign-in hold on both, wherever they were given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.errors import NotSignedInError
from csrdesk.flows import agents
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.model.grants import Role
from csrdesk.model.proofs import Act
from tests.engine.roles import EFFECTS, EU, US, granted, signed_in
from tests.engine.test_exceptions import RULES as EXCEPTIONAL
from tests.engine.test_exceptions import ZOE, asked, at_work, done_by
from tests.engine.test_exceptions import answer as decide
from tests.engine.test_exceptions import look as look_at_exceptions
from tests.engine.test_roles import IN_EU
from tests.engine.test_second_agents import SECOND, answer, look, waiting
from tests.engine.world import GRACE, HAL, Call, desk_on, disable
from tests.postgres import Server

pytestmark = pytest.mark.needs("postgres")


async def test_r_40_an_approval_of_one_server_lets_the_act_be_done_on_another(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url, rules=SECOND) as one, desk_on(url, rules=SECOND) as other:
        side, prompt = await look(other)
        assert prompt.approvals == ()
        rev = (await side.view()).rev
        call, approval = await waiting(one)
        shown = (await side.session.changed(side.id, rev)).prompt
        assert isinstance(shown, dp.ApprovalsPrompt)
        assert shown.approvals == (approval,)
        assert (await answer(other, approval)).note == "Approved: disable for Ada Byron."
        await call.until_stage(p.NoticePrompt)
        assert "SetPingOneEnabled" in {name for name, _ in one.world.done}
        assert await one.do(disable(), call_id=call.id) == ("Failed:forbidden",)
        await call.tell(a.NoticeRead())
        await call.tell(a.CallEnded())
        one.clock.move(hours=26)
        await one.engine.purge(GRACE)
        assert await other.store.all("SELECT 1 FROM approvals") == []


async def test_r_55_a_sign_in_that_was_ended_on_one_server_is_over_on_another(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url) as one, desk_on(url) as other:
        session = await signed_in(one, granted(one, Role.AGENT))
        lead = await signed_in(other, granted(other, Role.LEAD), HAL)
        begun = await lead.start("agents", agents.Start())
        after = (await Call(other, lead, begun.id).tell(da.SignInEndChosen(GRACE.id, "left"))).prompt
        assert isinstance(after, dp.AgentsPrompt)
        assert after.note.startswith("The sign-in of grace has ended.")
        with pytest.raises(NotSignedInError, match="ended by hal"):
            await session.calls()


async def test_r_41_a_scope_holds_on_every_server(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url) as one, desk_on(url) as other:
        until = one.clock.now() + timedelta(minutes=10)
        await signed_in(one, granted(one, Role.AGENT, populations=(EU,), until=until))
        for desk in (one, other):
            desk.world.replies[fx.FindUser] = r.UserFound(IN_EU)
            assert await desk.do(fx.FindUser(identifier="ada")) == ("UserFound",)
        await signed_in(one, granted(one, Role.AGENT, populations=(US,), until=until + timedelta(minutes=1)))
        assert await other.do(fx.FindUser(identifier="ada")) == ("NoSuchUser",)


async def test_r_40_a_lead_at_one_server_opens_what_settings_name_at_another(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url, rules=EXCEPTIONAL) as one, desk_on(url, rules=EXCEPTIONAL) as other:
        await at_work(one)
        call, request = await asked(one)
        assert (await look_at_exceptions(other))[1].approvals == (request,)
        assert (await decide(other, request)).note == "Approved: exception for Ada Byron."
        account = (await call.until_stage(p.AccountPrompt)).prompt
        assert isinstance(account, p.AccountPrompt)
        assert (account.evidence.label, account.evidence.gives) == ("exception, approved by Hal", request.gives)
        unlock = EFFECTS[Act.UNLOCK][1]
        one.world.replies[type(unlock)] = r.Unlocked(changed=True)
        assert await done_by(one, call, unlock, 90) == "Unlocked"
        assert await one.do(disable(), call_id=call.id) == ("Failed:not_verified",)
        lead = await signed_in(other, granted(other, Role.LEAD), ZOE)
        side = Call(other, lead, (await lead.start("agents", agents.Start())).id)
        await side.tell(da.SignInEndChosen(HAL.id, "left"))
        assert await done_by(one, call, unlock, 91) == "Failed:not_verified"
