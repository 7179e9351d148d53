"""The network between a console and its desk goes away, at the worst moments, and comes back: nothing is lost, and
nothing is done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from csrdesk.errors import CsrdeskError, NotFoundError, StaleFlowError, UnreachableError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import prompts as p
from csrdesk.sandbox import people
from tests.ad.relay import Relay
from tests.remote.conftest import HAL, Served, looked_up


class Network(Relay):
    """The relay of the directory's tests, before a desk."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def lose_one_answer(self) -> None:
        """The next request arrives and its answer does not; what comes after that does."""
        self.answers, before = 0, self.opened
        while self.opened == before:  # noqa: ASYNC110 - a socket rings no event here
            await asyncio.sleep(0.005)
        self.answers = -1


@pytest.fixture
async def network(served: Served) -> AsyncIterator[Network]:
    port = urlsplit(served.url).port
    assert port
    async with Network("127.0.0.1", port) as relay:
        yield relay


async def test_an_answer_whose_result_was_lost_is_taken_once(served: Served, network: Network) -> None:
    async with served.session(url=network.url) as session:
        call = await looked_up(session, people.ONE_DEVICE)
        await call.say(a.MagicLinkChosen())
        form = call.view
        losing = asyncio.create_task(network.lose_one_answer())
        after = await session.answer(form.id, form.rev, a.SendChosen())
        await losing
        assert after.rev > form.rev
        settled = await session.settled(form.id)
        assert isinstance(settled.prompt, p.PollingPrompt)
        assert len(served.box.world.mails) == 1
        assert network.opened >= 2


async def test_a_flow_whose_beginning_was_lost_is_begun_once(served: Served, network: Network) -> None:
    async with served.session(url=network.url) as session:
        await session.calls()
        losing = asyncio.create_task(network.lose_one_answer())
        view = await session.start("csr_main", csr_main.Start("HD-7"))
        await losing
        assert [call.id for call in await session.calls()] == [view.id]


async def test_an_answer_that_never_arrived_is_given_as_soon_as_there_is_a_way(
    served: Served, network: Network
) -> None:
    async with served.session(url=network.url) as session:
        call = await looked_up(session, people.ONE_DEVICE)
        await network.stop()
        with pytest.raises(UnreachableError, match=r"The desk cannot be reached"):
            await session.answer(call.view.id, call.view.rev, a.MagicLinkChosen())
        async with network:
            view = await session.answer(call.view.id, call.view.rev, a.MagicLinkChosen())
            assert view.rev == call.view.rev + 1
            with pytest.raises(StaleFlowError):
                await session.answer(call.view.id, call.view.rev, a.MagicLinkChosen())


async def test_whoever_waits_for_news_gets_it_after_the_network_was_gone(served: Served, network: Network) -> None:
    said: list[str] = []
    async with served.session(url=network.url, patience=30, tell=said.append) as session:
        call = await looked_up(session, people.ONE_DEVICE)
        code = await call.send_link()
        waiting = asyncio.create_task(session.changed(call.view.id, call.view.rev))
        await asyncio.sleep(0.1)
        await network.stop()
        async with served.customer(people.ONE_DEVICE) as customer:
            await customer.open(await customer.newest_link())
            await customer.answer("CodeGiven", code=code)
        async with network:
            view = await waiting
        assert view.rev > call.view.rev
        assert said == ["The desk cannot be reached; trying again. Nothing is lost.", "Connected again."]


async def test_without_patience_it_is_said_at_once_that_the_desk_is_not_there(served: Served, network: Network) -> None:
    async with served.session(url=network.url) as session:
        call = await looked_up(session, people.ONE_DEVICE)
        await network.stop()
        with pytest.raises(UnreachableError):
            await session.changed(call.view.id, call.view.rev)


async def test_what_fails_behind_the_desk_is_the_desks_to_try_again(served: Served, network: Network) -> None:
    async with served.session(url=network.url) as session:
        before = network.passed
        with pytest.raises(NotFoundError):
            await session.audit_row(10**9)
        assert network.passed == before + 1
        for wrong in (
            session.view("nobody"),
            session.record("nobody"),
            session.start("registration", csr_main.Start()),
        ):
            with pytest.raises(CsrdeskError):
                await wrong


async def test_a_command_asks_once_for_each_step_and_gets_the_next_question_with_it(
    served: Served, network: Network
) -> None:
    async with served.session(url=network.url, ahead=True) as session, served.session(HAL, ahead=True) as other:
        call = await looked_up(session, people.ONE_DEVICE)
        assert isinstance(call.view.prompt, p.CardPrompt)
        begun = await session.start("csr_main", csr_main.Start())
        before = network.passed
        assert (await session.settled(begun.id)).prompt == p.UsernamePrompt()
        assert network.passed == before
        assert (await session.settled(begun.id)).prompt == p.UsernamePrompt()
        assert network.passed == before + 1
        await session.answer(begun.id, begun.rev, a.UsernameGiven(people.TOTP))
        assert (await session.view(begun.id)).rev <= (await session.settled(begun.id)).rev
        assert (await looked_up(other, people.TOTP)).view.prompt is not None
