"""An invitation that an agent sends to a caller whom nobody knows: the mail, the page, and what the agent sees."""

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

NEW = "New.Nurse@mail.example"
PASSWORD = "Winding-7-Lanes"
WAY_IN = re.compile(r"https?://\S+/register")


@pytest.fixture
def page() -> bool:
    return True


@pytest.fixture
def settings(settings: Settings, page: bool) -> Settings:
    asked = replace(settings.registration, enabled=page, no_domains=("forbidden.example",))
    limits = replace(settings.limits, recovery_answer_seconds=0.1)
    return replace(settings, registration=asked, limits=limits)


async def until(call: Call, world: World, stage: Stage) -> Progress:
    """What the agent is shown once the person is that far."""
    session = world.desk.session(world.desk.agent)
    async with asyncio.timeout(10):
        while (found := call.sees(p.RegistrationWatchPrompt).progress).stage is not stage:
            await session.changed(call.view.id, call.view.rev)
            call.view = await session.settled(call.view.id)
    return found


async def test_an_address_that_nobody_has_is_invited_and_the_agent_sees_how_far_they_are(world: World) -> None:
    call = await world.looked_up(NEW)
    asked = call.sees(p.UsernamePrompt)
    assert asked.invitable
    assert "can be invited" in asked.note
    await call.say(a.InviteChosen())
    watch = await call.waits_for(p.RegistrationWatchPrompt)
    assert (watch.progress, watch.to) == (Progress(), "N***e@m***.example")
    async with Customer(NEW, world.box.settings().mailbox_url, user_agent="Mozilla/5.0 known") as caller:
        found = WAY_IN.search(await caller.mail("Make your account"))
        assert found
        assert found[0] == f"{world.desk.pages_url}/register"
        await caller.open(found[0])
        await caller.answer("RegisterEmailGiven", email=NEW.lower())
        opened = await until(call, world, Stage.CODE_SENT)
        assert opened.opened_at
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        await until(call, world, Stage.VERIFIED)
        await caller.answer("NamesGiven", given_name="Grace", family_name="Hopper")
        await caller.answer("FirstPasswordTyped", password=PASSWORD, again=PASSWORD)
        caller.reads("You are registered")
    done = await until(call, world, Stage.DONE)
    assert (done.tries, bool(done.ended_at)) == (1, True)
    assert PASSWORD not in repr(call.view)
    assert NEW.lower() not in repr(call.view).lower()
    rows = [(row.kind, row.result) for row in await world.desk.audit.list() if row.action == "registration.invite"]
    assert sorted(rows) == [("intent", ""), ("outcome", "done")]
    await call.say(a.BackChosen())
    assert not call.sees(p.UsernamePrompt).invitable
    await call.look_up(NEW)
    card = call.view.prompt
    assert isinstance(card, p.CardPrompt | p.UnverifiableCardPrompt)
    assert card.person.name == "Grace Hopper"


@pytest.mark.parametrize("page", [False])
async def test_where_settings_have_no_page_nobody_is_invited(world: World) -> None:
    call = await world.looked_up(NEW)
    assert not call.sees(p.UsernamePrompt).invitable
    await call.say(a.InviteChosen())
    assert call.sees(p.UsernamePrompt).note.startswith("Nobody was invited.")
    assert world.box.world.mails == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("somebody@forbidden.example", "Settings let no address of this domain register"),
        ("somebody@sub.forbidden.example", "Settings let no address of this domain register"),
    ],
)
async def test_a_domain_that_settings_forbid_is_not_invited(world: World, typed: str, words: str) -> None:
    call = await world.looked_up(typed)
    await call.say(a.InviteChosen())
    said = await call.waits_for(p.UsernamePrompt)
    assert said.note.startswith(words)
    assert world.box.world.mails == []


async def test_an_address_that_somebody_got_meanwhile_is_not_invited(world: World) -> None:
    call = await world.looked_up(NEW)
    world.box.world.user(people.ONLY_PINGONE).email = NEW
    await call.say(a.InviteChosen())
    assert "Somebody has this address already" in (await call.waits_for(p.UsernamePrompt)).note
    assert world.box.world.mails == []


async def test_only_what_is_a_mail_address_can_be_invited(world: World) -> None:
    call = await world.looked_up("new.nurse")
    assert not call.sees(p.UsernamePrompt).invitable


async def test_a_mail_that_is_refused_is_said_and_can_be_sent_after_another_look_up(world: World) -> None:
    call = await world.looked_up(NEW)
    world.box.faults.add(method="SMTP", status=450, times=1)
    await call.say(a.InviteChosen())
    assert "mail server" in (await call.waits_for(p.UsernamePrompt)).note
    await call.look_up(NEW)
    await call.say(a.InviteChosen())
    await call.waits_for(p.RegistrationWatchPrompt)


async def test_r_18_one_address_is_invited_no_more_often_than_links_are_sent_and_the_audit_has_an_alert(
    world: World,
) -> None:
    for _ in range(3):
        call = await world.looked_up(NEW)
        await call.say(a.InviteChosen())
        await call.waits_for(p.RegistrationWatchPrompt)
    call = await world.looked_up(NEW.upper())
    await call.say(a.InviteChosen())
    said = await call.waits_for(p.UsernamePrompt)
    assert said.code == "limit_reached"
    assert "As many invitations as may be were mailed to this address" in said.note
    assert len(world.box.world.mails) == 3
    alerts = [row for row in await world.desk.audit.list() if row.action == "limit.reached"]
    assert [row.details["limit"] for row in alerts] == ["links_per_person_in_ten_minutes"]
