"""The whole of it as it is run: `csrdesk serve` with a desk API, an identity provider, and agents' machines that hold a
sign-in and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.options import SignIn
from csrdesk.sandbox.staff import AGENT, AUDITOR, LEAD, VERIFIER, WITHOUT_ROLE
from csrdesk.wiring.trial import write_settings
from tests.cli.conftest import CSRDESK, Ran, change
from tests.remote.conftest import box
from tests.signing_on import tokens

__all__ = ["box"]
ROLES = """
[roles]
verifier = ["Help desk verifiers"]
agent = ["Help desk agents"]
lead = ["Help desk leads"]
auditor = ["Audit"]

[roles.populations]
"Help desk agents" = ["*"]
"Help desk verifiers" = ["*"]
"Help desk leads" = ["*"]

[roles.ous]
"Help desk agents" = ["*"]
"Help desk verifiers" = ["*"]
"Help desk leads" = ["*"]
"""


def sign_in(at: SignIn, **other: object) -> str:
    """The settings' section of that name."""
    keys = {"issuer": at.issuer, "client_id": at.client_id, "audience": at.audience, **other}
    return "\n[sign_in]\n" + "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in keys.items())


def take_away(settings: Path, *sections: str) -> None:
    """Leave these tables out, whoever wrote them."""
    tables = re.split(r"(?=^\[)", settings.read_text("utf-8"), flags=re.MULTILINE)
    kept = [table for table in tables if not table.startswith(tuple(f"[{name}" for name in sections))]
    settings.write_text("".join(kept), "utf-8")


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    path = write_settings(box.settings(), folder)
    change(path, "[desk]\n", '[desk]\napi_url = "http://localhost"\napi_port = 0\n')
    take_away(path, "sign_in", "roles")
    path.write_text(path.read_text("utf-8") + sign_in(box.settings().sign_in) + ROLES, "utf-8")
    return path


@asynccontextmanager
async def serving(settings: Path) -> AsyncIterator[str]:
    """`csrdesk serve`, which must end well; the origin of its desk API."""
    server = await asyncio.create_subprocess_exec(
        CSRDESK, "serve", stderr=PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    assert server.stderr
    try:
        said = (await asyncio.wait_for(server.stderr.readline(), 60)).decode()
        port = re.fullmatch(r"Serving the desk API at http://localhost \(here: port (\d+)\)\.\n", said)
        assert port, said
        yield f"http://localhost:{port[1]}"
    finally:
        server.terminate()
        await asyncio.wait_for(server.communicate(), 60)
    assert server.returncode == 0


async def run(env: dict[str, str], *words: str) -> Ran:
    process = await asyncio.create_subprocess_exec(
        CSRDESK, *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=os.environ | env, start_new_session=True
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def test_agents_do_at_a_served_desk_what_their_role_lets_them(
    box: Sandbox, settings: Path, tmp_path: Path
) -> None:
    """Takes some seconds: a server and a command of each role, all as programs."""
    at = box.settings().sign_in
    async with serving(settings) as url, httpx.AsyncClient() as http:

        async def machine(who: str, **other: object) -> dict[str, str]:
            folder = tmp_path / who
            folder.mkdir()
            (folder / "config.toml").write_text(f'[desk]\nserver = "{url}"\n' + sign_in(at, **other), "utf-8")
            env = {"CSRDESK_CONFIG": str(folder / "config.toml"), "XDG_DATA_HOME": str(folder)}
            if who != "script":
                (folder / "token").write_text((await tokens(http, at, who))["access_token"], "utf-8")
                (folder / "token").chmod(0o600)
                env["CSRDESK_TOKEN_FILE"] = str(folder / "token")
            return env

        at_desks = {who: await machine(who) for who in (AGENT, VERIFIER, LEAD, AUDITOR, WITHOUT_ROLE)}
        shown = {who: await run(env, "user", "show", people.TOTP, "--json") for who, env in at_desks.items()}
        assert {who: ran.code for who, ran in shown.items()} == {
            AGENT: 0, VERIFIER: 0, LEAD: 0, AUDITOR: 6, WITHOUT_ROLE: 6,
        }  # fmt: skip
        protect = ("user", "disable", people.TOTP, "--protective", "--reason", "stolen", "--ticket", "INC-1", "--yes")
        refused = await run(at_desks[VERIFIER], *protect, "--json")
        assert (refused.code, refused.error["code"], box.world.user(people.TOTP).enabled) == (6, "forbidden", True)
        done = await run(at_desks[AGENT], *protect, "--json")
        assert (done.code, box.world.user(people.TOTP).enabled) == (0, False), done.err
        rows = (await run(at_desks[LEAD], "audit", "list", "--limit", "200", "--json")).data
        assert {AGENT, VERIFIER, LEAD} <= {row["agent"] for row in rows}
        own = (await run(at_desks[AGENT], "audit", "list", "--limit", "200", "--json")).data
        assert {row["agent"] for row in own} == {AGENT}

        (tmp_path / "secret").write_text(at.script_client_secret, "utf-8")
        (tmp_path / "secret").chmod(0o600)
        script = await machine("script", client_id=at.script_client_id, client_secret_file=str(tmp_path / "secret"))
        nothing = await run(script, "user", "show", people.TOTP, "--json")
        assert (nothing.code, nothing.error["code"]) == (6, "forbidden")
        checked = await run(at_desks[AGENT], "doctor", "--json")
        assert [one["what"] for one in checked.data if one["area"] == "Desk"] == [
            f"{url} answers, and knows you as oskar."
        ]


async def test_a_desk_api_without_a_sign_in_is_not_served(settings: Path) -> None:
    take_away(settings, "sign_in")
    ran = await run({"CSRDESK_CONFIG": str(settings)}, "serve")
    assert ran.code == 2
    assert "sign_in.issuer is required where desk.api_url is set" in ran.err
