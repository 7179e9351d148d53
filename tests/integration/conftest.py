"""A whole desk beside a sandbox, built as every program builds it; agents answer by `Session`, customers by HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.sandbox import Options, Sandbox
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for

PINGONE_TIMEOUT = 1.0
"""Seconds: short, so that a slow PingOne is met soon."""


@dataclass(frozen=True)
class World:
    """Both sides of the wire, and the people at either end."""

    box: Sandbox
    desk: Desk

    async def call(self) -> Call:
        """A new call of the desk's agent."""
        return await Call.begin(self.desk.session(self.desk.agent))

    async def looked_up(self, identifier: str) -> Call:
        call = await self.call()
        await call.look_up(identifier)
        return call

    async def sent(self, username: str) -> tuple[Call, str]:
        """A call whose link is out, and the code to say."""
        call = await self.looked_up(username)
        return call, await call.send_link()

    def customer(self, username: str) -> Customer:
        return Customer(self.box.world.user(username).email, self.box.settings().mailbox_url)


def seen(page: Customer) -> tuple[int, str]:
    """Status and words of a page, but for its clock: two pages do not begin in the same moment."""
    words, clocks = re.subn(r"stays open until \d\d:\d\d UTC \d+ minutes left", "", page.text)
    assert clocks == ("stays open" in page.text), page.text
    return page.status, words


def words_of(call: Call) -> str:
    """Everything in words that the agent's screen has to show beside names and fields."""
    names = ("note", "why", "error_message", "warning", "message")
    return " ".join(str(text) for name in names if (text := getattr(call.view.prompt, name, "")))


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as running:
        yield running


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    made = settings_for(box.settings(), folder)
    quick = {"timeout_seconds": PINGONE_TIMEOUT}
    return replace(
        made,
        pingone=replace(made.pingone, **quick),
        directory=replace(made.directory, **quick),
        mail=replace(made.mail, **quick),
    )


@pytest.fixture
async def world(box: Sandbox, settings: Settings) -> AsyncIterator[World]:
    async with open_desk(settings, serve_pages=True) as desk:
        yield World(box, desk)
