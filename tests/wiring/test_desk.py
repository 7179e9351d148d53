"""Opening desks: one serves the pages, another takes over, and what is missing is said before a link is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio

from csrdesk.config import Settings
from csrdesk.engine.clock import SystemClock
from csrdesk.errors import ConfigError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Answer
from csrdesk.model.proofs import Act
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.desk import rules_of
from csrdesk.wiring.pages import NO_PUBLIC_URL, NOBODY_SERVES
from csrdesk.wiring.trial import settings_for


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    return settings_for(box.settings(), tmp_path)


async def asked(desk: Desk, *answers: Answer) -> object:
    """What a new call asks after these answers."""
    session = desk.session(desk.agent)
    view = await session.start("csr_main", csr_main.Start())
    view = await session.settled(view.id)
    for answer in answers:
        await session.answer(view.id, view.rev, answer)
        view = await session.settled(view.id)
    return view.prompt


SENDING = (a.UsernameGiven(people.ONE_DEVICE), a.MagicLinkChosen(), a.SendChosen())


async def is_up(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{url}/healthz")).status_code == 200
        except httpx.TransportError:
            return False


async def test_one_desk_serves_the_pages_and_the_other_sends_links_to_them(settings: Settings) -> None:
    async with open_desk(settings, serve_pages=True) as first, open_desk(settings, serve_pages=True) as second:
        assert (first.pages.ours, second.pages.ours) == (True, False)
        assert first.pages_url == second.pages_url
        assert first.pages_url.startswith("http://localhost:")
        assert await is_up(first.pages_url)
        assert isinstance(await asked(second, *SENDING), p.PollingPrompt)
    assert not await is_up(first.pages_url)


async def test_a_desk_takes_over_when_the_one_that_served_is_gone(settings: Settings) -> None:
    async with AsyncExitStack() as second_stack:
        async with open_desk(settings, serve_pages=True) as first:
            second = await second_stack.enter_async_context(open_desk(settings, serve_pages=True))
            assert first.pages.ours
        async with asyncio.timeout(10):
            while not (second.pages.ours and await is_up(second.pages_url)):  # noqa: ASYNC110 - as a customer sees it
                await asyncio.sleep(0.05)
        assert second.pages.why_no_link() == ""


async def test_where_nobody_serves_no_link_is_sent_and_the_reason_is_said(box: Sandbox, settings: Settings) -> None:
    async with open_desk(settings, serve_pages=False) as desk:
        prompt = await asked(desk, *SENDING)
    assert isinstance(prompt, p.MagicLinkFormPrompt)
    assert prompt.note == NOBODY_SERVES
    assert not box.world.mails


async def test_without_a_public_url_no_link_is_sent_outside_the_demo(box: Sandbox, settings: Settings) -> None:
    async with open_desk(msgspec.structs.replace(settings, demo=False), serve_pages=True) as desk:
        assert (desk.pages.ours, desk.pages_url) == (False, "")
        prompt = await asked(desk, *SENDING)
    assert isinstance(prompt, p.MagicLinkFormPrompt)
    assert prompt.note == NO_PUBLIC_URL
    assert not box.world.mails


async def test_r_05_all_of_the_desk_goes_by_the_clock_that_it_is_given(box: Sandbox, settings: Settings) -> None:
    clock = SystemClock(wall=box.clock.now)
    async with open_desk(settings, serve_pages=True, clock=clock) as desk, httpx.AsyncClient() as client:
        assert isinstance(await asked(desk, *SENDING), p.PollingPrompt)
        found = re.search(r"https?://\S+/v/\S+", box.world.mails[-1].text)
        assert found
        assert (await client.get(found[0])).status_code == 200
        box.clock.move(timedelta(hours=73))
        assert (await client.get(found[0])).status_code == 410
        newest = (await desk.audit.list(limit=1))[0]
        for moment in (newest.at, desk.world[0].now()):
            assert moment - datetime.now(UTC) > timedelta(hours=72)


async def test_a_taken_port_is_a_settings_error_that_names_the_key(settings: Settings) -> None:
    async with open_desk(settings, serve_pages=True) as desk:
        port = int(desk.pages_url.rpartition(":")[2])
        other = msgspec.structs.replace(
            settings.desk, listen_port=port, data_dir=f"{settings.desk.data_dir}-other", log_file=""
        )
        with pytest.raises(ConfigError, match=r"listen_port"):
            async with open_desk(msgspec.structs.replace(settings, desk=other), serve_pages=True):
                pass


def forget(file: str) -> None:
    Path(file).unlink()


async def test_a_desk_that_does_not_reach_out_needs_no_secret(settings: Settings) -> None:
    forget(settings.pingone.client_secret_file)
    async with open_desk(settings, serve_pages=False, reach_out=False) as desk:
        assert await desk.audit.list() == ()
        prompt = await asked(desk, a.UsernameGiven(people.ONE_DEVICE))
        assert isinstance(prompt, p.UsernamePrompt)
        assert "does not reach outside" in prompt.note
    with pytest.raises(ConfigError, match=r"client_secret_file"):
        async with open_desk(settings, serve_pages=False):
            pass


async def test_a_desk_opened_in_one_task_can_be_closed_in_another(settings: Settings) -> None:
    desks = AsyncExitStack()
    await asyncio.create_task(desks.enter_async_context(open_desk(settings, serve_pages=True)))
    await desks.aclose()


def test_the_settings_become_the_flows_rules(settings: Settings) -> None:
    flow = msgspec.structs.replace(settings.flow, ciam_require_mfa=True, allowed_device_types=(" SMS ",))
    rules = rules_of(msgspec.structs.replace(settings, flow=flow))
    assert rules.flow_require_mfa
    assert rules.spoken_address
    assert rules.allowed_device_types == ("SMS",)
    assert rules.mfa_policy_id == settings.flow.mfa_policy_id


def test_an_exception_gives_what_settings_name_and_only_where_it_is_on(settings: Settings) -> None:
    replace = msgspec.structs.replace
    named = replace(settings.ways, exception_gives=("unlock", "must_change"))
    assert rules_of(replace(settings, ways=named)).exception_gives == ()
    on = replace(settings, ways=replace(named, exception=True))
    assert rules_of(on).exception_gives == (Act.UNLOCK, Act.MUST_CHANGE)
    assert on.ways.any_other


def test_a_device_is_required_where_there_is_any_other_way_unless_settings_say_otherwise(settings: Settings) -> None:
    replace = msgspec.structs.replace
    unsaid = replace(settings.flow, require_mfa=None, ciam_require_mfa=None)
    link_alone = replace(settings.ways, spoken_address=False, push="off", call_back=False)
    for ways, required in (
        (settings.ways, True),
        (link_alone, False),
        (replace(link_alone, spoken_address=True), True),
        (replace(link_alone, push="auto"), True),
        (replace(link_alone, call_back=True), True),
    ):
        assert rules_of(replace(settings, flow=unsaid, ways=ways)).flow_require_mfa is required
    for flow in (replace(unsaid, require_mfa=False, ciam_require_mfa=True), replace(unsaid, ciam_require_mfa=False)):
        assert not rules_of(replace(settings, flow=flow)).flow_require_mfa
