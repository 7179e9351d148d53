"""The demo's calls, played by an agent whose desk is elsewhere: whole journeys over real HTTP, customers included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import cast

import pytest

from csrdesk.demo.beside import SandboxSide
from csrdesk.demo.calls import protective_disable, verified_call
from csrdesk.demo.resets import reset_by_own_link, reset_in_page
from csrdesk.demo.spoken import spoken_address
from csrdesk.demo.stage import Stage
from csrdesk.demo.telling import Step
from csrdesk.demo.without_link import led_push
from csrdesk.model.sign_in import Agent
from csrdesk.remote import RemoteSession
from csrdesk.wiring import Desk
from csrdesk.wiring.pages import Pages
from tests.remote.conftest import GRACE, STRANGER, Served

Scene = Callable[[Stage], AsyncIterator[Step]]


class Elsewhere:
    """What the demo's scenes use of a desk, where its sessions are at the other end of a line."""

    def __init__(self, desk: Desk, sessions: dict[Agent, RemoteSession]) -> None:
        self.agent = GRACE
        self.pages: Pages = desk.pages
        self.session = sessions.__getitem__


@pytest.mark.parametrize(
    "scene", [verified_call, protective_disable, reset_in_page, reset_by_own_link, spoken_address, led_push]
)
async def test_a_whole_call_is_played_through_the_desk_api(served: Served, scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        sessions = {agent: await stack.enter_async_context(served.session(agent)) for agent in (GRACE, STRANGER)}
        desk = cast("Desk", Elsewhere(served.desk, sessions))
        told = [step async for step in scene(Stage(served.box, desk, SandboxSide(served.box)))]
    assert len(told) >= 3
    by = {row.agent for row in await served.desk.audit.list(limit=200) if row.call_id}
    assert by <= {GRACE.id, STRANGER.id}
    assert GRACE.id in by
