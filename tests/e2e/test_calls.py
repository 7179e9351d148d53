"""A desk of several processes: one serves the pages, one runs the agent's call; the customer is at a real Chromium."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser

from csrdesk.sandbox import Sandbox, people
from csrdesk.server import texts
from tests.cli.conftest import change
from tests.cli.terminal import Terminal
from tests.e2e.conftest import csrdesk, serving
from tests.e2e.customer import AtBrowser

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]
ADDRESS = "ada@mail.example"


def customer(browser: Browser, box: Sandbox) -> AtBrowser:
    return AtBrowser(browser, box.settings().mailbox_url, ADDRESS)


async def verified(settings: Path, browser: Browser, box: Sandbox) -> str:
    """A call in which Ada proves who she is; its id."""
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--wait", "--json") as agent:
        code = await agent.code()
        async with customer(browser, box) as ada:
            await ada.follow_link()
            await ada.type_code(code)
            await ada.type_passcode()
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"]) == (0, True), ran
    return str(ran.data["call"])


async def test_a_verified_call_lets_scripts_disable_show_and_enable_and_its_end_ends_that(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with serving(settings):
        call = await verified(settings, browser, box)
        listed = (await csrdesk(settings, "call", "list", "--json")).data
        assert [(one["id"], one["customer"]) for one in listed] == [(call, "Ada Lindqvist")]
        why = ("--call", call, "--reason", "The phone was stolen", "--ticket", "INC-7", "--yes", "--json")
        disabled = await csrdesk(settings, "user", "disable", "ada", *why)
        assert (disabled.code, disabled.data["accountStatus"]) == (0, "DISABLED"), disabled
        assert not box.world.user("ada").enabled
        assert box.world.user("ada").sessions == []
        shown = await csrdesk(settings, "user", "show", "ada", "--call", call, "--json")
        assert (shown.data["accountStatus"], shown.data["buttonValue"]) == ("DISABLED", "enableUser")
        enabled = await csrdesk(settings, "user", "enable", "ada", *why)
        assert (enabled.code, enabled.data["accountStatus"]) == (0, "ACTIVE")
        assert box.world.user("ada").enabled
        detail = (await csrdesk(settings, "call", "show", call, "--json")).data
        assert detail["call"]["stage"].startswith("verified until")
        assert (await csrdesk(settings, "call", "end", call)).code == 0
        late = await csrdesk(settings, "user", "disable", "ada", *why)
        assert (late.code, late.error["code"]) == (1, "no_such_flow")
        assert box.world.user("ada").enabled


async def test_this_was_not_me_ends_with_6_and_the_next_link_is_refused(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    async with serving(settings):
        async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
            await agent.code()
            async with customer(browser, box) as ada:
                await ada.follow_link()
                await ada.was_not_me()
                assert "hang up" in await ada.page.inner_text("main")
            ran = await agent.ended()
        assert (ran.code, ran.error["code"]) == (6, "not_verified")
        assert 'pressed "This wasn\'t me"' in ran.error["errorMessage"]
        async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
            again = await agent.ended()
        assert again.code == 6
        assert "Verification of this person is frozen until" in again.error["errorMessage"]
        assert again.error["errorMessage"].endswith("Nothing was sent.")


async def test_a_link_whose_time_is_up_ends_with_6_and_opens_nothing(
    settings: Path, browser: Browser, box: Sandbox
) -> None:
    change(settings, "[flow]", "[limits]\nlink_seconds = 30\nlink_total_seconds = 30\n\n[flow]")
    async with serving(settings):
        async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
            code = await agent.code()
            async with customer(browser, box) as ada:
                await ada.follow_link()
                ran = await asyncio.wait_for(agent.process.communicate(), 60)
                await ada.type_code(code)
                await ada.heading(texts.OVER_TITLE)
        assert agent.process.returncode == 6
        assert b"Time ran out before the caller was verified. Nothing was approved." in ran[0]
    assert box.world.passcodes == []


async def test_several_found_ends_with_4_and_the_names_to_choose_from(settings: Path) -> None:
    async with Terminal(settings, "call", "start", "berg@family.example", "--json") as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (4, "needs_answer")
    assert [who["username"] for who in ran.data["candidates"]] == ["jonas", "jonna"]
