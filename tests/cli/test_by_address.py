"""The spoken address from the shell, as programs of their own against a running sandbox."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import Ran
from tests.cli.terminal import Customer, Terminal
from tests.server.visitor import Visitor

Csrdesk = Callable[..., Awaitable[Ran]]
WHO = people.LOST_MAILBOX
WAY = ("--way", "spoken-address", "--json")


@pytest.fixture
def without(settings: Path) -> Path:
    """Settings that do not have the way."""
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[ways]\nspoken_address = false\n", encoding="utf-8")
    return settings


async def address(agent: Terminal) -> str:
    """The address that the agent reads on standard error, or the terminal."""
    return (await agent.shows(r"Say the address: (http\S+)"))[1]


async def code(agent: Terminal) -> str:
    found = await agent.shows(r"Say the code: (\d{3}) (\d{3}) (\d{3})  \(")
    return "".join(found.groups())


async def caller(url: str, typed: str, passcode: str = "") -> str:
    """Type address and code in a browser, and the app's code where it is asked for; the last page."""
    where = httpx.URL(url)
    async with httpx.AsyncClient(base_url=where.join("/")) as client:
        visitor = Visitor(client, "")
        visitor.path = where.path
        await visitor.open()
        await visitor.press("CodeGiven", code=typed)
        if passcode and "PasscodeGiven" in visitor.page.text:
            visitor.path = visitor.page.url.path
            await visitor.press("PasscodeGiven", passcode=passcode)
        return visitor.page.text


async def test_the_code_is_on_the_terminal_alone_and_a_strong_device_verifies(box: Sandbox, settings: Path) -> None:
    async with Terminal(settings, "call", "start", WHO, *WAY, talk_here=True) as agent:
        shown = await code(agent)
        assert "That code opens nothing" in await caller(await address(agent), "000000000")
        await agent.shows("wrong code was typed there")
        passcode = str((await Customer(box, WHO).things("totp", to="tamar@mail.example"))[0]["code"])
        assert "You are confirmed" in await caller(await address(agent), shown, passcode)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"], ran.data["authMethod"]) == (0, True, "totp"), ran
    assert ran.data["evidence"] == "authentication: device alone (strong)"
    assert shown not in re.sub(r"\s", "", ran.out)


@pytest.mark.usefixtures("box")
async def test_without_a_strong_device_the_way_is_refused_with_the_reason(settings: Path) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, *WAY) as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran
    assert "no passkey and no authenticator app is registered" in ran.error["errorMessage"]


@pytest.mark.usefixtures("box")
async def test_settings_can_have_no_spoken_address(without: Path) -> None:
    async with Terminal(without, "call", "start", WHO, *WAY) as agent:
        ran = await agent.ended()
    assert (ran.code, "settings do not have this way" in ran.error["errorMessage"]) == (6, True), ran


@pytest.mark.usefixtures("box")
async def test_nobody_is_waited_for_with_no_wait(settings: Path, csrdesk: Csrdesk) -> None:
    async with Terminal(settings, "serve", talk_here=True) as server:
        await server.shows("Serving the customers' pages")
        async with Terminal(settings, "call", "start", WHO, *WAY, "--no-wait") as agent:
            ran = await agent.ended()
        assert (ran.code, ran.data["verified"]) == (0, False), ran
        async with Terminal(settings, "call", "show", ran.data["call"], talk_here=True) as again:
            await code(again)
            shown = await again.ended()
        assert (shown.code, "Link sent" in again.screen) == (0, False)
        resumed = await csrdesk("call", "resume", ran.data["call"])
        assert (resumed.code, "address opened, not verified yet" in resumed.out) == (0, True), resumed
        ended = await csrdesk("call", "end", ran.data["call"])
    assert ended.code == 0
