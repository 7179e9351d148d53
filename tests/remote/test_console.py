"""The console at a desk elsewhere: its first line says whose desk it is, who the agent is and how the connection is; a
network that goes away in the middle of a call costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.flows.doors import Session
from csrdesk.sandbox import people
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.card import CardScreen
from csrdesk.screens.magic_link_form import MagicLinkFormScreen
from csrdesk.screens.polling import PollingScreen
from tests.remote.conftest import GRACE, Served, token_of
from tests.remote.test_network import Network, network
from tests.tui.reading import words

__all__ = ["network"]
INFO = ConsoleInfo("Grace", "Example Health", server="desk-api.example")
SIZE = (80, 24)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a person would wait for, on a machine that may be busy."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.02)


@pytest.fixture
async def session(served: Served, network: Network) -> AsyncIterator[Session]:
    async with served.session(url=network.url) as running:
        yield running


def console(session: Session, info: ConsoleInfo = INFO) -> CsrdeskApp:
    async def connect() -> Session:
        return session

    app = CsrdeskApp(connect, info)
    app.animation_level = "none"
    return app


def first_line(app: CsrdeskApp) -> str:
    return words(app).partition("\n")[0]


async def test_a_call_goes_on_where_it_was_after_the_network_was_gone(
    served: Served, network: Network, session: Session
) -> None:
    app = console(session)
    async with app.run_test(size=SIZE) as pilot, served.customer(people.ONE_DEVICE) as customer:
        await until(lambda: "Connected: desk-api.example" in first_line(app))
        assert first_line(app).startswith(" Example Health   Agent: Grace ")
        await pilot.press(*people.ONE_DEVICE, "enter")
        await until(lambda: isinstance(app.screen, CardScreen))
        await pilot.press("l")
        await until(lambda: isinstance(app.screen, MagicLinkFormScreen))
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, PollingScreen) and app.call.view.spoken_code)
        code = app.call.view.spoken_code
        assert code
        await network.stop()
        await until(lambda: "! Not connected, trying again" in first_line(app))
        assert isinstance(app.screen, PollingScreen)
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code.reveal())
        await pilot.press("x")
        await until(lambda: "The desk cannot be reached" in words(app))
        async with network:
            await until(lambda: "Connected: desk-api.example" in first_line(app))
            await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
            await until(lambda: isinstance(app.screen, AccountScreen))
            await pilot.press("ctrl+q")
            await pilot.press("e")


async def test_a_sign_in_that_is_over_is_said_on_the_first_line(served: Served, session: Session) -> None:
    app = console(session)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "Connected" in first_line(app))
        await pilot.press(*people.ONE_DEVICE, "enter")
        await until(lambda: isinstance(app.screen, CardScreen))
        served.gate.over.add(token_of(GRACE))
        await pilot.press("v")
        await until(lambda: "This sign-in does not count. Run: csrdesk login" in words(app))


async def test_whose_desk_it_is_is_said_as_soon_as_the_desk_says_so(session: Session) -> None:
    app = console(session, ConsoleInfo("not known yet", "Help desk", server="desk-api.example"))
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: "Connected" in first_line(app))
        assert "Help desk   Agent: not known yet" in first_line(app)
        app.say_who("Example Health", "Grace Hopper")
        await until(lambda: "Example Health   Agent: Grace Hopper " in first_line(app))
        await pilot.press(*people.ONE_DEVICE, "enter")
        await until(lambda: isinstance(app.screen, CardScreen))
        assert "Agent: Grace Hopper" in first_line(app)
