"""What a client of somebody's own making can do over the desk API: what a prompt offers its owner, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.account_task import ACTIONS
from csrdesk.flows.graph import answers
from csrdesk.flows.kernel import Answer, Reply
from csrdesk.sandbox import people
from csrdesk.wire.codec import prompts
from tests.remote.conftest import GRACE, HAL, Served, looked_up, token_of

PREFIX = "/desk/v1"


def below(kind: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    return [found for child in kind.__subclasses__() for found in (child, *below(child))]


EVERY_EVENT = sorted({kind.__name__ for base in (Answer, Reply) for kind in below(base)})
"""Whatever can be said to any flow, by a person or by the world."""
FIELDS = {
    **dict.fromkeys(("reason", "ticket", "user_id", "device_id", "name", "number", "key", "password", "secret"), "x"),
    **dict.fromkeys(("code", "passcode"), "123456"),
    "identifier": people.TOTP,
    "on": "2030-01-01",
    "ends": "never",
}
"""What the answers hold, so that none is refused for what it lacks."""


@pytest.fixture
async def by_hand(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {token_of(GRACE)}"}
    async with httpx.AsyncClient(base_url=served.url + PREFIX, headers=headers) as client:
        yield client


async def given(client: httpx.AsyncClient, view: dict[str, Any], answer: object) -> httpx.Response:
    return await client.post(f"/flows/{view['id']}/answers", json={"rev": view["rev"], "answer": answer})


async def seen(client: httpx.AsyncClient, flow_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/flows/{flow_id}/settled")).json()
    return found


async def on_card(client: httpx.AsyncClient, identifier: str) -> dict[str, Any]:
    """A call whose caller was looked up and shown nothing yet."""
    begun = (await client.post("/flows", json={"flow": "csr_main", "inputs": {}})).json()
    asks = await seen(client, begun["id"])
    assert asks["prompt"]["type"] == "UsernamePrompt"
    taken = await given(client, asks, {"type": "UsernameGiven", "identifier": identifier})
    assert taken.status_code == 200
    card = await seen(client, begun["id"])
    assert card["prompt"]["type"] == "CardPrompt"
    return card


async def test_r_30_before_verification_no_answer_but_those_of_the_card_is_taken(
    served: Served, by_hand: httpx.AsyncClient
) -> None:
    card = await on_card(by_hand, people.ONE_DEVICE)
    offered = {kind.__name__ for kind in answers(p.CardPrompt)}
    for name in EVERY_EVENT:
        if name not in offered:
            refused = await given(by_hand, card, {"type": name, **FIELDS})
            assert (name, refused.status_code, refused.json()["code"]) == (name, 409, "illegal_event")
    assert await seen(by_hand, card["id"]) == card
    changes = [row for row in await served.desk.audit.list(limit=500) if row.kind == "intent"]
    assert changes == []
    assert served.box.world.user(people.ONE_DEVICE).enabled


@pytest.mark.parametrize("action", [*ACTIONS, "resetPassword", "deleteUser"])
async def test_r_30_no_act_begun_by_hand_touches_an_account_before_verification(
    served: Served, by_hand: httpx.AsyncClient, action: str
) -> None:
    card = await on_card(by_hand, people.ONE_DEVICE)
    inputs = {"action": action, "identifier": people.ONE_DEVICE, "reason": "r", "ticket": "t", "ends": "2030-01-01"}
    for call_id in (card["id"], ""):
        began = await by_hand.post("/flows", json={"flow": "user_functions", "inputs": inputs, "call_id": call_id})
        came = await seen(by_hand, began.json()["id"])
        assert came["outcome"]["type"] == "Refusal", came
        assert "responseData" not in came["outcome"]
    reset = {"identifier": people.ONE_DEVICE, "reason": "r"}
    began = await by_hand.post("/flows", json={"flow": "password_reset", "inputs": reset, "call_id": card["id"]})
    assert (await seen(by_hand, began.json()["id"]))["outcome"]["errorMessage"]
    user = served.box.world.user(people.ONE_DEVICE)
    assert (user.enabled, len(served.box.world.mails)) == (True, 0)
    assert not [row for row in await served.desk.audit.list(limit=500) if row.kind == "intent"]


@pytest.mark.parametrize(
    "flow", ["challenge_acceptance", "new_password", "account_recovery", "registration", "magic_link_page", "told", ""]
)
async def test_r_30_flows_of_customers_pages_cannot_be_begun_here(by_hand: httpx.AsyncClient, flow: str) -> None:
    refused = await by_hand.post("/flows", json={"flow": flow, "inputs": {}})
    assert refused.status_code in (409, 422)
    assert refused.json()["code"] in ("no_such_flow", "invalid_value")


async def test_r_12_another_agents_call_is_not_there(served: Served, by_hand: httpx.AsyncClient) -> None:
    card = await on_card(by_hand, people.ONE_DEVICE)
    hal = {"authorization": f"Bearer {token_of(HAL)}"}
    flow = f"/flows/{card['id']}"
    body = {"rev": card["rev"], "answer": {"type": "CallEnded"}}
    act = {"flow": "user_functions", "inputs": {"action": "disableUser", "identifier": "x"}, "call_id": card["id"]}
    tries = [
        by_hand.get(flow, headers=hal),
        by_hand.get(f"{flow}/changed?rev=0", headers=hal),
        by_hand.get(f"{flow}/settled", headers=hal),
        by_hand.post(f"{flow}/resume", headers=hal),
        by_hand.post(f"{flow}/answers", json=body, headers=hal),
        by_hand.get(f"/calls/{card['id']}/record", headers=hal),
        by_hand.post("/flows", json=act, headers=hal),
        by_hand.post("/rehearsals", json=act, headers=hal),
    ]
    unknown = await by_hand.get("/flows/0000000000000000")
    for attempt in tries:
        refused = await attempt
        assert (refused.status_code, refused.json()["code"]) == (409, "no_such_flow")
        assert refused.json()["message"] == unknown.json()["message"]
    assert (await by_hand.get("/calls", headers=hal)).json() == {"calls": []}
    rows = [row for row in await served.desk.audit.list(limit=500) if row.action == "call.foreign"]
    assert {row.agent for row in rows} == {"hal"}
    assert len(rows) == len(tries)
    assert await seen(by_hand, card["id"]) == card


async def test_r_02_the_code_to_say_goes_to_the_owner_of_the_call_alone(
    served: Served, by_hand: httpx.AsyncClient
) -> None:
    async with served.session() as session, served.session(HAL) as hals:
        call = await looked_up(session, people.ONE_DEVICE)
        code = await call.send_link()
        own = await by_hand.get(f"/flows/{call.view.id}")
        assert own.json()["spoken_code"] == code
        assert code not in json.dumps(own.json()["prompt"])
        assert own.headers["cache-control"] == "no-store"
        other = await looked_up(hals, people.TOTP)
        for path in ("/about", "/state", "/calls?all=1", "/history", "/audit", "/rows", f"/flows/{other.view.id}"):
            for agent in (GRACE, HAL):
                if (path, agent) != (f"/flows/{other.view.id}", GRACE):
                    got = await by_hand.get(path, headers={"authorization": f"Bearer {token_of(agent)}"})
                    assert got.status_code == 200
                    assert code not in got.text


async def test_r_16_no_token_and_no_code_is_in_the_log_or_the_database(
    served: Served, by_hand: httpx.AsyncClient
) -> None:
    async with served.session() as session:
        call = await looked_up(session, people.ONE_DEVICE)
        code = await call.send_link()
        async with served.customer(people.ONE_DEVICE) as customer:
            await customer.open(await customer.newest_link())
            await customer.answer("CodeGiven", code=code)
        await by_hand.get("/calls", headers={"authorization": "Bearer not-a-token"})
        await by_hand.post("/flows", content=b"{" * 100, headers={"content-type": "application/json"})
        await call.say(a.Cancelled())
        await call.end()
    folder = served.desk.data_dir
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"call.ended" in held
    for secret in (code, token_of(GRACE), "not-a-token"):
        assert secret.encode() not in held


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {token_of(GRACE)}"}, {"authorization": token_of(GRACE)},
        {"cookie": f"token={token_of(GRACE)}"},
    ],
)  # fmt: skip
async def test_r_42_without_a_sign_in_that_counts_there_is_nothing(served: Served, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=served.url + PREFIX, headers=headers) as nobody:
        for method, path in (("GET", "/about"), ("GET", "/calls"), ("POST", "/flows"), ("GET", "/rows/1")):
            refused = await nobody.request(method, path, json={"flow": "csr_main", "inputs": {}})
            expected = (403, "forbidden") if "cookie" in headers else (401, "not_signed_in")
            assert (refused.status_code, refused.json()["code"]) == expected
            assert refused.headers.get("www-authenticate") == (None if "cookie" in headers else "Bearer")
    assert await served.desk.audit.list() == ()


async def test_r_55_a_sign_in_that_ends_in_the_middle_of_a_call_is_the_end(
    served: Served, by_hand: httpx.AsyncClient
) -> None:
    card = await on_card(by_hand, people.ONE_DEVICE)
    served.gate.over.add(token_of(GRACE))
    refused = await given(by_hand, card, {"type": "ProtectiveDisableChosen"})
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
    served.gate.over.clear()
    assert await seen(by_hand, card["id"]) == card


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "same-origin"}]
)
async def test_no_web_page_gets_anything_with_whosever_token(
    by_hand: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    refused = await by_hand.get("/calls", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    asked_first = await by_hand.options(
        "/calls", headers={"origin": "https://evil.example", "access-control-request-method": "GET"}
    )
    assert asked_first.status_code == 405
    for answer in (refused, asked_first):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "set-cookie" not in answer.headers


async def test_r_56_neither_origin_answers_what_belongs_to_the_other(served: Served) -> None:
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token_of(GRACE)}"}) as client:
        for path in ("/about", "/calls", "/flows/x", "/openapi.json", "/rows"):
            assert (await client.get(f"{served.desk.pages_url}{PREFIX}{path}")).status_code == 404
        for path in (
            "/",
            "/v/x",
            "/c",
            "/healthz",
            "/recover",
            "/register",
            "/static/x/y",
            "/logo/x",
            "/health",
            "/metrics",
        ):
            found = await client.get(served.url + path)
            assert (found.status_code, found.json()["code"]) == (404, "not_found")


def test_every_prompt_of_an_agent_says_what_it_takes() -> None:
    assert all(answers(prompt) for prompt in prompts().values())
    assert {kind.__name__ for prompt in prompts().values() for kind in answers(prompt)} <= set(EVERY_EVENT)
    assert issubclass(a.CallEnded, Answer)
