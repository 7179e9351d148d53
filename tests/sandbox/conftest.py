"""A running sandbox and clients for it, new for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from csrdesk.sandbox import Connection, Options, Sandbox

Json = dict[str, object]
DOMAIN = "DC=csrdesk,DC=example"


async def token(client: httpx.AsyncClient, connection: Connection) -> str:
    answer = await client.post(
        f"{connection.auth_url}/{connection.environment_id}/as/token",
        data={"grant_type": "client_credentials"},
        auth=(connection.client_id, connection.client_secret),
    )
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


@dataclass(frozen=True)
class Desk:
    """A client of PingOne, directory, mailbox and controls of one sandbox."""

    box: Sandbox
    http: httpx.AsyncClient

    @property
    def at(self) -> Connection:
        return self.box.settings()

    def api(self, path: str) -> str:
        return f"{self.at.api_url}/environments/{self.at.environment_id}{path}"

    def user_url(self, username: str, path: str = "") -> str:
        return self.api(f"/users/{self.box.world.user(username).id}{path}")

    @property
    def authentications(self) -> str:
        return f"{self.at.auth_url}/{self.at.environment_id}/deviceAuthentications"

    async def verb(self, url: str, verb: str, body: object = None, *, method: str = "POST") -> httpx.Response:
        headers = {"content-type": f"application/vnd.pingidentity.{verb}+json"}
        if body is None:
            return await self.http.request(method, url, headers=headers)
        request = httpx.Request(method, url, json=body)
        return await self.http.request(method, url, content=request.content, headers=headers)

    async def authenticate(self, username: str, *, policy: str = "", **more: object) -> httpx.Response:
        body = {"user": {"id": self.box.world.user(username).id}, "policy": {"id": policy or self.at.mfa_policy_id}}
        return await self.http.post(self.authentications, json={**body, **more})

    async def directory(self, act: str, body: object) -> Json:
        auth = (self.at.directory_user, self.at.directory_password)
        answer = await self.http.post(f"{self.at.directory_url}/{act}", json=body, auth=auth)
        result: Json = answer.json()
        return result

    async def entry(self, account: str, *attributes: str) -> dict[str, list[str]]:
        search = {
            "base": DOMAIN,
            "filter": {"attribute": "sAMAccountName", "value": account},
            "attributes": list(attributes),
        }
        answer = await self.http.post(
            f"{self.at.directory_url}/search", json=search, auth=(self.at.directory_user, self.at.directory_password)
        )
        (entry,) = answer.json()["entries"]
        found: dict[str, list[str]] = entry["attributes"]
        return found

    async def modify(self, account: str, *changes: tuple[str, str, list[str]]) -> Json:
        dn = self.box.world.entry(account).dn
        listed = [{"operation": what, "attribute": name, "values": values} for what, name, values in changes]
        return await self.directory("modify", {"dn": dn, "changes": listed})


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
async def desk(box: Sandbox) -> AsyncIterator[Desk]:
    async with httpx.AsyncClient(timeout=30, verify=False) as http:
        http.headers["authorization"] = f"Bearer {await token(http, box.settings())}"
        yield Desk(box, http)


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code, and the first detail's code."""
    body = answer.json()
    details = body.get("details", [])
    return answer.status_code, body["code"], details[0]["code"] if details else ""
