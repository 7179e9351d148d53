"""An agent who signs in at the identity provider, and a desk that looks at the token: nothing between is left out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.errors import ForbiddenError, NotSignedInError
from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.staff import AGENT, AUDITOR, WITHOUT_ROLE
from csrdesk.services.sign_in import only_this_run
from csrdesk.services.sign_in.browser import by_browser
from csrdesk.services.sign_in.current import opened
from csrdesk.wire.version import PREFIX, WIRE_HEADER, spoken
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.desk_api import desk_api_of
from csrdesk.wiring.elsewhere import open_remote
from csrdesk.wiring.trial import settings_for
from tests.signing_on import tokens


@dataclass(frozen=True)
class Team:
    """A desk, its identity provider, and what an agent's machine knows of both."""

    box: Sandbox
    desk: Desk
    theirs: Settings

    async def sign_in(self, who: str) -> None:
        """As `csrdesk login --once` does."""
        going: list[asyncio.Task[None]] = []

        async def browse(url: str) -> None:
            async with httpx.AsyncClient(timeout=10) as browser:
                back = await browser.post(url, data={"agent": who})
                await browser.get(back.headers["location"])

        async with opened(self.theirs) as provider:
            kept = await by_browser(provider, lambda url: going.append(asyncio.create_task(browse(url))))
        await going[0]
        only_this_run(self.theirs, kept)

    async def asked(self, token: str) -> httpx.Response:
        """What the desk says to whoever shows that token."""
        headers = {"authorization": f"Bearer {token}", WIRE_HEADER: spoken()}
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.get(f"{self.theirs.desk.server}{PREFIX}/about", headers=headers)


@asynccontextmanager
async def team(tmp_path: Path, *, introspect: bool = False) -> AsyncIterator[Team]:
    async with Sandbox(Options()) as box:
        for name in ("desk", "agent"):
            (tmp_path / name).mkdir(mode=0o700)
        made = settings_for(box.settings(), tmp_path / "desk")
        secret = tmp_path / "resource-secret"
        secret.write_text(box.settings().sign_in.resource_secret)
        secret.chmod(0o600)
        asking = replace(
            made.sign_in,
            introspect=introspect,
            resource_id=box.settings().sign_in.resource_id,
            resource_secret_file=str(secret),
        )
        ours = replace(made, desk=replace(made.desk, api_url="http://localhost", api_port=0), sign_in=asking)
        async with open_desk(ours, serve_pages=True) as desk, desk_api_of(desk) as port:
            at = replace(made.desk, server=f"http://localhost:{port}", data_dir=str(tmp_path / "agent"))
            yield Team(box, desk, replace(made, desk=at))


async def test_r_42_whoever_signed_in_is_the_agent_of_what_they_do(tmp_path: Path) -> None:
    async with team(tmp_path) as at:
        await at.sign_in(AGENT)
        async with open_remote(at.theirs) as desk:
            assert (desk.agent.id, desk.agent.name) == (AGENT, "Oskar Nyström")
            await desk.session(desk.agent).calls()
        rows = await at.desk.audit.list(limit=50)
        assert {row.agent for row in rows if row.action == "sign_in"} == {AGENT}


@pytest.mark.parametrize("who", [WITHOUT_ROLE, AUDITOR])
async def test_r_41_a_sign_in_without_a_role_for_callers_starts_no_call(tmp_path: Path, who: str) -> None:
    async with team(tmp_path) as at:
        await at.sign_in(who)
        with pytest.raises(ForbiddenError):
            async with open_remote(at.theirs) as desk:
                await Call.begin(desk.session(desk.agent))


async def test_r_55_tokens_that_are_not_for_csrdesk_get_401_and_stand_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with team(tmp_path) as at, httpx.AsyncClient(timeout=10) as http:
        provider, connection = at.box.settings().sign_in, at.box.settings()
        worker = await http.post(
            f"{provider.issuer}/token",
            data={"grant_type": "client_credentials"},
            auth=(connection.client_id, connection.client_secret),
        )
        right = await tokens(http, provider)
        shown = [worker.json()["access_token"], right["id_token"], right["refresh_token"]]
        with caplog.at_level(logging.DEBUG):
            assert [(await at.asked(token)).status_code for token in shown] == [401, 401, 401]
        assert (await at.asked(right["access_token"])).status_code == 200
        kept = caplog.text + (tmp_path / "desk" / "data" / "csrdesk.log").read_text("utf-8")
        assert "token refused: audience" in kept
        assert not [piece for token in shown for piece in token.split(".") if len(piece) > 8 and piece in kept]
        rows = repr(await at.desk.audit.list(limit=100))
        assert not [token for token in shown if token in rows]


async def test_r_55_whoever_is_removed_is_out_at_the_next_request(tmp_path: Path) -> None:
    async with team(tmp_path, introspect=True) as at:
        await at.sign_in(AGENT)
        async with open_remote(at.theirs) as desk:
            session = desk.session(desk.agent)
            await session.calls()
            at.box.provider.sign_ons.removed.add(AGENT)
            with pytest.raises(NotSignedInError, match="Sign in again"):
                await session.calls()
