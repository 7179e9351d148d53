"""A recovery that an agent starts for a caller: the mail, the public page, and what the agent sees meanwhile."""

from __future__ import annotations

import asyncio
import re

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.model.recovery import Progress, Stage
from csrdesk.sandbox import people
from tests.integration.conftest import World

WHO = people.ONLY_PINGONE
NEW = "Winding-7-Lanes"
CODE = re.compile(r"recovery code is (\w{8})")
WAY_IN = re.compile(r"https?://\S+/recover")


@pytest.fixture
def recovery() -> bool:
    return True


@pytest.fixture
def settings(settings: Settings, recovery: bool) -> Settings:
    return replace(
        settings,
        flow=replace(settings.flow, ciam_account_recovery_enabled=recovery),
        limits=replace(settings.limits, recovery_answer_seconds=0.1),
    )


async def until(call: Call, world: World, stage: Stage) -> Progress:
    """What the agent is shown once the person is that far."""
    session = world.desk.session(world.desk.agent)
    async with asyncio.timeout(10):
        while (found := call.sees(p.RecoveryWatchPrompt).progress).stage is not stage:
            await session.changed(call.view.id, call.view.rev)
            call.view = await session.settled(call.view.id)
    return found


async def test_the_caller_chooses_a_new_password_and_the_agent_sees_how_far_they_are(world: World) -> None:
    user = world.box.world.user(WHO)
    call = await world.looked_up(WHO)
    assert call.sees(p.CardPrompt).recovery
    await call.say(a.RecoveryChosen())
    watch = await call.waits_for(p.RecoveryWatchPrompt)
    assert (watch.progress, watch.doubt) == (Progress(), "")
    assert user.email not in watch.to
    async with Customer(user.email, world.box.settings().mailbox_url, user_agent="Mozilla/5.0 known") as caller:
        found = WAY_IN.search(await caller.mail("Choose a new password"))
        assert found
        assert found[0] == f"{world.desk.pages_url}/recover"
        await caller.open(found[0])
        await caller.answer("EmailGiven", email=user.email)
        sent = await until(call, world, Stage.CODE_SENT)
        assert sent.opened_at
        code = CODE.search(await caller.mail("Your recovery code"))
        assert code
        await caller.answer("RecoveryTyped", code="WRONG234", password=NEW, again=NEW)
        await caller.answer("RecoveryTyped", code=code[1], password=NEW, again=NEW)
        caller.reads("Your new password is set")
    done = await until(call, world, Stage.DONE)
    assert done.tries == 2
    assert done.ended_at
    shown = repr(call.view)
    assert not any(secret in shown for secret in (code[1], NEW, user.email))
    await call.say(a.BackChosen())
    assert isinstance(call.view.prompt, p.CardPrompt)
    invited = [row for row in await world.desk.audit.list(person_id=user.id) if row.action == "recovery.invite"]
    assert [row.result for row in invited] == ["", "done"]


@pytest.mark.parametrize("recovery", [False])
async def test_where_settings_have_no_page_it_is_not_offered_and_nothing_is_mailed(world: World) -> None:
    call = await world.looked_up(WHO)
    assert not call.sees(p.CardPrompt).recovery
    await call.say(a.RecoveryChosen())
    assert call.sees(p.CardPrompt).note == "This caller cannot be mailed the way to a recovery page."
    assert world.box.world.mails == []


async def test_a_mail_that_is_refused_is_said_on_the_card_and_can_be_sent_again(world: World) -> None:
    call = await world.looked_up(WHO)
    world.box.faults.add(method="SMTP", status=503, times=1)
    await call.say(a.RecoveryChosen())
    card = await call.waits_for(p.CardPrompt)
    assert card.note
    await call.say(a.RecoveryChosen())
    await call.waits_for(p.RecoveryWatchPrompt)
