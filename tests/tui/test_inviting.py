"""Inviting somebody to register, by key: offered where nobody has the address, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from csrdesk.app import CsrdeskApp
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.screens.registration_watch import RegistrationWatchScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import AGENT, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeSession
from tests.tui.reading import words


def console(session: Session) -> CsrdeskApp:
    async def connect() -> Session:
        return session

    app = CsrdeskApp(connect, INFO, now=lambda: NOW)
    app.animation_level = "none"
    return app


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("name", "offered"), [("username_invitable", True), ("username", False)])
async def test_an_invitation_is_given_by_a_key_while_somebody_types_and_only_where_it_is_offered(
    name: str, offered: bool
) -> None:
    session = FakeSession(View("call-1", "csr_main", 0, AGENT[name]))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, UsernameScreen) and {"Connected", "End"} <= set(words(app).split()))
        await until(lambda: ("Ctrl+R" in words(app)) is offered)
        await pilot.press("x", "ctrl+r")
        if offered:
            await until(lambda: session.answers)
        await pilot.pause()
    assert session.answers == ([a.InviteChosen()] if offered else [])


async def test_back_leaves_the_page_of_whoever_was_invited_to_itself() -> None:
    session = FakeSession(View("call-1", "csr_main", 0, AGENT["registration_watch_created"]))
    app = console(session)
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, RegistrationWatchScreen) and "Account made" in words(app))
        await pilot.press("b")
        await until(lambda: session.answers)
    assert session.answers == [a.BackChosen()]
