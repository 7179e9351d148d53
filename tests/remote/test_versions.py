"""A csrdesk and a desk that do not understand each other say so, and which of the two has to be updated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from csrdesk import __version__
from csrdesk.errors import CsrdeskError, NotSignedInError, OtherVersionError, UnavailableError, UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.remote import Line, RemoteSession
from csrdesk.server.serve import listen, serve
from csrdesk.wire.version import PREFIX, WIRE, WIRE_HEADER, check_client, check_desk, spoken
from tests.remote.conftest import GRACE, Served, token_of

SIGNED_IN = {"authorization": f"Bearer {token_of(GRACE)}"}
OLDER, NEWER = f"{WIRE - 1}; csrdesk 0.0.1", f"{WIRE + 1}; csrdesk 9.9.9"
HERE, THERE = "Update csrdesk on this machine. Nothing was done.", "The desk has to be updated first"


@pytest.mark.parametrize(("header", "told"), [(OLDER, HERE), (NEWER, THERE), ("nonsense", HERE)])
async def test_a_desk_tells_a_csrdesk_of_another_version_what_to_do(served: Served, header: str, told: str) -> None:
    async with httpx.AsyncClient(base_url=served.url + PREFIX, headers=SIGNED_IN) as client:
        refused = await client.post("/flows", json={"flow": "csr_main", "inputs": {}}, headers={WIRE_HEADER: header})
        assert (refused.status_code, refused.json()["code"]) == (400, "other_version")
        assert told in refused.json()["message"]
        assert (await client.get("/calls?all=1", headers={WIRE_HEADER: spoken()})).json() == {"calls": []}
        assert refused.headers[WIRE_HEADER] == spoken() == f"{WIRE}; csrdesk {__version__}"


@asynccontextmanager
async def answering(status: int, headers: dict[str, str], body: str = '{"calls":[]}') -> AsyncIterator[RemoteSession]:
    """A session at a server that answers everything so."""

    async def answer(_request: Request) -> Response:
        return PlainTextResponse(body, status, headers)

    async def token() -> Secret:
        return Secret("t")

    async with serve(Starlette(routes=[Route("/{path:path}", answer)]), listen()) as port:
        line = Line(f"http://localhost:{port}", token)
        try:
            yield RemoteSession(GRACE, line)
        finally:
            await line.close()


@pytest.mark.parametrize(("header", "told"), [(OLDER, THERE), (NEWER, HERE)])
async def test_a_csrdesk_tells_whoever_uses_it_that_the_desk_is_another_version(header: str, told: str) -> None:
    async with answering(200, {WIRE_HEADER: header}) as session:
        with pytest.raises(OtherVersionError) as caught:
            await session.calls()
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (200, {}, OtherVersionError),
        (200, {WIRE_HEADER: "x"}, OtherVersionError),
        (404, {}, OtherVersionError),
        (404, {WIRE_HEADER: spoken()}, UnexpectedAnswerError),
        (401, {}, NotSignedInError),
        (502, {}, UnavailableError),
        (503, {}, UnavailableError),
    ],
)
async def test_what_is_no_desk_is_not_taken_for_one(
    status: int, headers: dict[str, str], kind: type[CsrdeskError]
) -> None:
    async with answering(status, headers, "<h1>Welcome</h1>") as session:
        with pytest.raises(kind):
            await session.calls()


@pytest.mark.parametrize("body", ["", "{}", '{"calls":[{}]}', '{"calls":', "[]"])
async def test_an_answer_of_another_shape_says_that_it_was_not_understood(body: str) -> None:
    async with answering(200, {WIRE_HEADER: spoken()}, body) as session:
        with pytest.raises(UnexpectedAnswerError, match=r"not understood"):
            await session.calls()


async def test_a_prompt_that_this_csrdesk_does_not_know_says_so() -> None:
    texts = {"id": "f", "flow": "csr_main", "working": "", "trouble": "", "spoken_code": ""}
    view = texts | {"rev": 1, "prompt": {"type": "NewPrompt"}, "outcome": None}
    async with answering(200, {WIRE_HEADER: spoken()}, json.dumps(view)) as session:
        with pytest.raises(UnexpectedAnswerError) as caught:
            await session.view("f")
    assert caught.value.details == "type='NewPrompt'"


def test_whoever_says_no_version_is_a_script_and_a_desk_always_says_one() -> None:
    check_client("")
    check_client(spoken())
    check_desk(spoken())
    with pytest.raises(OtherVersionError, match=r"no csrdesk desk"):
        check_desk("")
