"""A machine whose clock is half an hour off: its desk goes by the database's, says how far the two are apart, and tells
its consoles and pages the time that they count down by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.config.grants import grants_of
from csrdesk.engine.audit import Entry, Kind
from csrdesk.engine.shared_clock import SharedClock
from csrdesk.errors import NotSignedInError
from csrdesk.model.checkup import Level
from csrdesk.model.secret import Secret
from csrdesk.remote import Line
from csrdesk.sandbox import Options, Sandbox
from csrdesk.server.through_door import Way
from csrdesk.services import http as client_of
from csrdesk.services.keys import DOOR, door_secret
from csrdesk.wire.now import DeskTime
from csrdesk.wire.values import About
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.desk_api import desk_api_served
from csrdesk.wiring.elsewhere import RemoteDesk
from csrdesk.wiring.here import CLOCK, how_far_apart
from csrdesk.wiring.ops import Ops, desk_watched
from csrdesk.wiring.tokens import gate_of
from tests.postgres import Server
from tests.remote.conftest import GRACE, ROLES, FixedGate, token_of
from tests.server.test_tokens import settings_of
from tests.signing_on import tokens
from tests.wiring.test_ops import free_port, values
from tests.wiring.test_running_on_postgres import at_door, server_of

AHEAD = timedelta(minutes=30)
NEAR = timedelta(minutes=3)
"""What counts as the same moment, on a machine that is busy."""


def wrong() -> datetime:
    return datetime.now(UTC) + AHEAD


def is_now(moment: datetime) -> bool:
    return abs(moment - datetime.now(UTC)) < NEAR


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path, postgres: Server) -> Settings:
    made = at_door(server_of(box, tmp_path / "desk", postgres.new()), tmp_path / "desk", free_port())
    return replace(made, desk=replace(made.desk, api_url="http://localhost", api_port=0), roles=ROLES)


@pytest_asyncio.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """On PostgreSQL, on that machine."""
    async with open_desk(settings, serve_pages=True, clock=SharedClock(wall=wrong)) as opened:
        yield opened


@pytest.mark.needs("postgres")
async def test_a_desk_goes_by_its_databases_clock_and_tells_how_far_its_own_is_ahead(desk: Desk) -> None:
    await desk.audit.write(Entry(kind=Kind.EVENT, action="row", agent="grace"))
    (row,) = await desk.audit.list(limit=1)
    assert is_now(row.at)
    assert is_now(desk.now())
    assert [is_now(outside.now()) for outside in desk.world] == [True]
    ops = Ops("127.0.0.1", free_port())
    async with desk_watched(ops, desk), httpx.AsyncClient(timeout=30) as client:
        ready = (await client.get(f"{ops.url}/ready")).json()
        figures = values((await client.get(f"{ops.url}/metrics")).text)
    assert abs(timedelta(seconds=ready["clock_seconds_apart"]) - AHEAD) < NEAR
    assert abs(timedelta(seconds=figures["csrdesk_clock_apart_seconds"]) - AHEAD) < NEAR


@pytest.mark.needs("postgres")
async def test_consoles_and_pages_are_told_what_time_it_is_at_their_desk(desk: Desk, settings: Settings) -> None:
    async def token() -> Secret:
        return Secret(token_of(GRACE))

    async with desk_api_served(desk, FixedGate(), lambda signed: grants_of(signed, settings.roles)) as port:
        line = Line(f"http://localhost:{port}", token)
        line.time = DeskTime(wall=wrong)
        assert not is_now(line.now())
        about = await line.get("/about", About)
        assert is_now(line.now())
        assert is_now(RemoteDesk(line, about, ahead=False).now())
        await line.close()
    secret = door_secret(DOOR, settings.serve.door_secret_file)
    way = Way(client_of.open_door(settings.serve.door), secret)
    way.time = DeskTime(wall=wrong)
    await way.about()
    assert is_now(way.time.now())
    await way.close()


async def test_whoever_asks_slowly_keeps_what_they_learned_before() -> None:
    passed = 0.0
    told, noon = DeskTime(wall=wrong, elapsed=lambda: passed), datetime(2030, 1, 1, 12, tzinfo=UTC)
    told.heard("not a moment", 0.0)
    told.heard("", 0.0)
    assert not is_now(told.now())
    told.heard("2030-01-01T12:00:00+00:00", 0.0)
    assert told.now() == noon
    passed = 25.0
    told.heard("2030-01-01T12:00:25", 0.0)  # known only after a long wait, and without a zone
    assert told.now() == noon + timedelta(seconds=25)


async def test_r_55_tokens_are_judged_by_the_desks_clock(box: Sandbox, settings_here: Settings) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        token = (await tokens(client, box.settings().sign_in))["access_token"]
    async with gate_of(settings_here, lambda: datetime.now(UTC)) as gate:
        assert (await gate.signed_in(token)).agent.id
    async with gate_of(settings_here, wrong) as gate:
        with pytest.raises(NotSignedInError, match="The token ended at"):
            await gate.signed_in(token)


@pytest.fixture
def settings_here(box: Sandbox) -> Settings:
    return Settings(sign_in=settings_of(box.settings().sign_in))


def test_the_check_up_says_how_far_this_machine_is_from_the_databases_server() -> None:
    assert how_far_apart(None) == ()
    (near,) = how_far_apart(timedelta(seconds=-0.2))
    assert (near.area, near.level) == (CLOCK, Level.OK)
    for apart, said in ((AHEAD, "1800 s ahead of"), (-AHEAD, "1800 s behind")):
        (found,) = how_far_apart(apart)
        assert found.level is Level.WARNING
        assert f"This machine is {said} the database's server." in found.what
