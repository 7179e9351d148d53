"""What a client of one's own making sends to hurt the desk API itself, and what an auditor's sends to act."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from csrdesk.config import RoleSettings, Settings
from csrdesk.engine.audit import Entry, Kind
from csrdesk.errors import StoreUnavailableError
from csrdesk.sandbox import Sandbox
from csrdesk.server.api_requests import told
from tests.remote.conftest import GRACE, HAL, Served, served_at, token_of

AS_JSON = {"content-type": "application/json"}
DEEP = 30_000


def client(served: Served) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token_of(GRACE)}"}
    return httpx.AsyncClient(base_url=f"{served.url}/desk/v1", headers=headers, timeout=20)


async def test_json_in_json_without_end_is_told_to_whoever_sent_it_and_is_no_crash(served: Served) -> None:
    """The call that it was meant for takes the next answer."""
    nested = b"[" * DEEP + b"]" * DEEP
    async with client(served) as http:
        begun = (await http.post("/flows?settle=1", json={"flow": "csr_main", "inputs": {}})).json()
        answers = f"/flows/{begun['id']}/answers"
        for path, body in (
            ("/flows", b'{"flow":"csr_main","inputs":' + nested + b"}"),
            (answers, b'{"rev":%d,"answer":' % begun["rev"] + nested + b"}"),
            (answers, b'{"rev":%d,"answer":{"type":"UsernameGiven","identifier":' % begun["rev"] + nested + b"}}"),
        ):
            came = await http.post(path, content=body, headers=AS_JSON)
            assert (came.status_code, came.json()["code"]) == (422, "invalid_value"), path
        good = {"type": "UsernameGiven", "identifier": "nobody.at.all"}
        assert (await http.post(answers, json={"rev": begun["rev"], "answer": good})).status_code == 200


async def test_r_16_where_the_database_is_and_who_asks_it_is_no_agents_business() -> None:
    said = 'connection to server at "10.1.2.3", port 5432 failed for user "csrdesk"'
    body = bytes(told(StoreUnavailableError("The desk's database cannot be used.", details=said)).body)
    assert b"10.1.2.3" not in body
    assert msgspec.json.decode(body)["code"] == "store_unavailable"


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("lead", 200)])
async def test_r_41_an_auditor_reads_what_was_left_unknown_and_settles_none_of_it(
    box: Sandbox, settings: Settings, role: str, status: int
) -> None:
    roles = RoleSettings(auditor=("leads",)) if role == "auditor" else RoleSettings(lead=("leads",))
    async with served_at(box, replace(settings, roles=roles)) as served, client(served) as http:
        begun = Entry(kind=Kind.INTENT, action="pingone.set_enabled", agent=HAL.id, call_id="c", key="c:1:0")
        await served.desk.audit.write(begun)
        (row,) = (await http.get("/rows?unknown=1")).json()
        left = await http.post(f"/rows/{row['seq']}/left", json={"reason": "looked at by hand"})
        assert left.status_code == status
        still = (await http.get("/rows?unknown=1")).json()
        assert len(still) == (0 if status == 200 else 1)
