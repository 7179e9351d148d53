"""The OpenAPI description is true: it names what is served, and what is served keeps to it, whatever is sent."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from csrdesk.engine.links import CUSTOMER_FLOWS
from csrdesk.errors import UnexpectedAnswerError
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.graph import answers, expanded, graph
from csrdesk.flows.kernel import AccountEffect, Audience, Outcome, Prompt
from csrdesk.sandbox import people
from csrdesk.server.desk_api import DeskApi, routes
from csrdesk.wire import codec
from csrdesk.wire.openapi import document
from csrdesk.wire.operations import IN_PATHS, OPERATIONS, PARAMETERS
from csrdesk.wire.values import NOTHING
from csrdesk.wire.version import PREFIX
from tests.remote.conftest import GRACE, Served, looked_up, token_of

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case

SIGNED_IN = {"authorization": f"Bearer {token_of(GRACE)}"}
AGENTS = tuple(name for name in FLOWS if name not in CUSTOMER_FLOWS)


@cache
def operations() -> list[APIOperation[Any, Any, Any, Any]]:
    """Those of the description. Loaded where a test runs, because it takes a second."""
    import schemathesis
    from schemathesis.core.result import Ok

    found = schemathesis.openapi.from_dict(read_whole(document("http://localhost"))).get_all_operations()
    return [one.ok() for one in found if isinstance(one, Ok)]


def read_whole(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Tuples as lists of whatever their places hold: Schemathesis 4.32 does not read `prefixItems` in an answer."""
    if isinstance(schema, list | tuple):
        return [read_whole(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: read_whole(value) for key, value in schema.items()}
    return found | {"items": {"anyOf": found.pop("prefixItems")}} if "prefixItems" in found else found


def test_what_is_described_is_what_is_served() -> None:
    served = {(method, path) for method, path, _ in routes(DeskApi.__new__(DeskApi))}
    assert served == {(one.method, one.path) for one in OPERATIONS}
    used = {name for one in OPERATIONS for name in one.query} | set(IN_PATHS)
    assert used == PARAMETERS.keys()


def test_every_prompt_and_outcome_of_an_agents_flow_is_known_at_the_other_end() -> None:
    asked: set[type[Prompt]] = set()
    for name in AGENTS:
        for _, node in expanded(FLOWS[name].states):
            asked |= {prompt for prompt in node.prompts if prompt.audience is Audience.AGENT}
        ends = {end for node in graph(FLOWS[name].states).values() for end in node.outcomes}
        assert set(codec.outcomes(name).values()) == ends
    assert set(codec.prompts().values()) >= asked
    assert {kind.__name__ for kind in codec.prompts().values()} == codec.prompts().keys()
    assert set(codec.OUTCOMES) == set(AGENTS)


def test_an_outcome_that_is_not_of_its_flow_is_not_understood() -> None:
    for content in (b'{"type":"CallOver"}', b'{"type":"Nothing"}', b"{}", b"[]"):
        with pytest.raises(UnexpectedAnswerError):
            codec.outcome_of("user_functions", content)
    assert codec.outcome_of("nothing", NOTHING) is None
    assert issubclass(codec.outcomes("csr_main")["CallOver"], Outcome)


def test_every_change_that_an_agents_act_can_make_is_known_to_a_rehearsal() -> None:
    made: set[type[AccountEffect]] = set()
    for name in ("user_functions", "password_reset"):
        for _, node in expanded(FLOWS[name].states):
            made |= {effect for effect in node.effects if issubclass(effect, AccountEffect)}
    assert made <= set(codec.acts().values())


async def test_the_description_is_served_to_anybody(served: Served) -> None:
    async with httpx.AsyncClient() as nobody:
        found = await nobody.get(f"{served.url}{PREFIX}/openapi.json")
    described = found.json()
    assert (found.status_code, described["openapi"]) == (200, "3.1.0")
    assert described["servers"] == [{"url": f"http://localhost{PREFIX}"}]
    for prompt in codec.prompts().values():
        assert prompt.__name__ in described["components"]["schemas"]
        assert all(kind.__name__ in described["components"]["schemas"] for kind in answers(prompt))


async def test_a_call_is_answered_as_described(served: Served) -> None:
    async with (
        served.session() as session,
        httpx.AsyncClient(base_url=served.url + PREFIX, headers=SIGNED_IN) as client,
    ):
        call = await looked_up(session, people.ONE_DEVICE)
        paths = [f"/flows/{call.view.id}", f"/flows/{call.view.id}/settled?wait=1", "/calls?all=1", "/about", "/state"]
        await call.send_link()
        records = [
            f"/calls/{call.view.id}/record",
            "/history",
            "/audit?limit=5",
            "/rows?limit=5",
            "/audit/1",
            "/rows/1",
        ]
        act = {"flow": "user_functions", "inputs": {"action": "disableUser", "identifier": "ada"}}
        tried = await client.post("/rehearsals", json=act | {"call_id": call.view.id})
        found = [*[await client.get(path) for path in (*paths, *records)], tried]
    for answer in found:
        assert answer.status_code == 200
        method, path = answer.request.method.lower(), answer.request.url.path
        operation = next(one for one in operations() if one.method == method and fits(one.path, path))
        operation.validate_response(answer)


def fits(described: str, path: str) -> bool:
    """Whether a path is one of an operation's."""
    parts, asked = described.split("/"), path.removeprefix(PREFIX).split("/")
    return len(parts) == len(asked) and all(a == b or a.startswith("{") for a, b in zip(parts, asked, strict=True))


@pytest.mark.parametrize("mode", ["positive", "negative"])
async def test_whatever_is_sent_is_answered_as_described(served: Served, mode: str) -> None:
    """Takes some seconds: a dozen requests of each operation, made up from its description, and as many against it."""
    async with served.session() as session:
        real = (await looked_up(session, people.ONE_DEVICE)).view.id
    await asyncio.to_thread(send_made_up, served.url + PREFIX, real, mode)
    rows = await served.desk.audit.list(limit=2000)
    assert not [row for row in rows if row.kind == "intent"]


def send_made_up(url: str, real: str, mode: str) -> None:
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks as c

    checks = [
        not_a_server_error, c.status_code_conformance, c.content_type_conformance, c.response_schema_conformance
    ]  # fmt: skip
    for operation in operations():

        @settings(
            max_examples=12, deadline=None, database=None, derandomize=True, verbosity=Verbosity.quiet,
            phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(GenerationMode(mode)), known=st.booleans())
        def once(case: Case[Any], known: bool) -> None:
            if known and "id" in case.path_parameters:
                case.path_parameters["id"] = real
            if case.path.endswith(("changed", "settled")):
                case.query["wait"] = 0
            case.call_and_validate(base_url=url, headers=SIGNED_IN, checks=checks, timeout=30)

        once()
