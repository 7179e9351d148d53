"""The desk's database goes away in the middle of a call, and comes back: the console says so, the call waits on, and
goes on with what its customer does then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import prompts as p
from csrdesk.sandbox import Sandbox, people
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.card import CardScreen
from csrdesk.screens.magic_link_form import MagicLinkFormScreen
from csrdesk.screens.polling import PollingScreen
from tests.postgres import Server, server
from tests.remote.conftest import Served, looked_up, served_at
from tests.remote.test_console import SIZE, console, first_line, until

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that these tests stop and start."""
    with server() as running:
        yield running


@pytest.fixture
async def on_postgres(box: Sandbox, settings: Settings, own: Server) -> AsyncIterator[Served]:
    desk = replace(settings.desk, database=own.new(by_socket=True))
    async with served_at(box, replace(settings, desk=desk)) as running:
        yield running


async def test_a_waiting_call_says_that_the_database_is_away_and_goes_on_when_it_is_back(
    on_postgres: Served, own: Server
) -> None:
    """Takes seconds: a server is stopped, missed, and started."""
    served = on_postgres
    async with served.session() as session:
        app = console(session)
        async with app.run_test(size=SIZE) as pilot, served.customer(people.ONE_DEVICE) as customer:
            await pilot.press(*people.ONE_DEVICE, "enter")
            await until(lambda: isinstance(app.screen, CardScreen))
            await pilot.press("l")
            await until(lambda: isinstance(app.screen, MagicLinkFormScreen))
            await pilot.press("s")
            await until(lambda: isinstance(app.screen, PollingScreen) and app.call.view.spoken_code)
            code = app.call.view.spoken_code
            assert code
            await asyncio.to_thread(own.stop)
            await until(lambda: "! Database away, trying again" in first_line(app))
            await asyncio.to_thread(own.start)
            await until(lambda: "Connected: desk-api.example" in first_line(app))
            assert isinstance(app.screen, PollingScreen)
            assert app.call.view.spoken_code == code
            await customer.open(await customer.newest_link())
            await customer.answer("CodeGiven", code=code.reveal())
            await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
            await until(lambda: isinstance(app.screen, AccountScreen))
            await pilot.press("ctrl+q")
            await pilot.press("e")


async def test_a_command_that_waits_for_a_caller_outlasts_a_database_that_is_away(
    on_postgres: Served, own: Server
) -> None:
    """Takes seconds, as above."""
    served, said = on_postgres, list[str]()
    async with (
        served.session() as impatient,
        served.session(patience=60, tell=said.append) as session,
        served.customer(people.ONE_DEVICE) as customer,
    ):
        call = await looked_up(session, people.ONE_DEVICE)
        code, before = await call.send_link(), call.view
        waiting = asyncio.create_task(session.changed(before.id, before.rev))
        await asyncio.to_thread(own.stop)
        with pytest.raises(StoreUnavailableError, match="The desk's database cannot be used"):
            await impatient.changed(before.id, before.rev)
        await until(lambda: said)
        await asyncio.to_thread(own.start)
        while len(said) < 2:
            assert not waiting.done()
            await asyncio.sleep(0.05)
            if len(said) == 1:
                await customer.open(await customer.newest_link())
        assert said == ["The desk's database is away; trying again. Nothing is lost.", "Connected again."]
        await customer.answer("CodeGiven", code=code)
        assert isinstance((await waiting).prompt, p.PollingPrompt)
