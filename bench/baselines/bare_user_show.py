"""What `csrdesk user show IDENTIFIER` asks for, by httpx alone: the same requests in the same order, side by side where
csrdesk asks side by side. No store, no audit, no flow, nothing checked; it prints a name.
"""

from __future__ import annotations

import asyncio
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx


async def show(settings: dict[str, Any], identifier: str, secret: str, password: str) -> str:
    pingone, directory = settings["pingone"], settings["directory"]
    api = f"{pingone['api_url']}/environments/{pingone['environment_id']}"
    async with httpx.AsyncClient() as client:

        async def search(attribute: str, value: str) -> httpx.Response:
            wanted = {"base": "", "filter": {"attribute": attribute, "value": value}, "attributes": ["sAMAccountName"]}
            return await client.post(f"{directory['url']}/search", json=wanted, auth=(directory["user"], password))

        async def signed_in() -> dict[str, str]:
            signed = (pingone["client_id"], secret)
            url = f"{pingone['auth_url']}/{pingone['environment_id']}/as/token"
            asked = await client.post(url, data={"grant_type": "client_credentials"}, auth=signed)
            return {"authorization": f"Bearer {asked.json()['access_token']}"}

        beside = asyncio.create_task(search("sAMAccountName", identifier))
        headers = await signed_in()

        async def get(path: str) -> httpx.Response:
            return await client.get(f"{api}/{path}", headers=headers)

        named = " or ".join(f'{name} eq "{identifier}"' for name in ("username", "email", "externalId"))
        users, *_ = await asyncio.gather(
            client.get(f"{api}/users", params={"filter": named, "limit": 21}, headers=headers),
            get("populations"),
            beside,
        )
        user = users.json()["_embedded"]["users"][0]["id"]

        async def protection() -> None:
            found = await get(f"users/{user}")
            await search("employeeID", found.json()["externalId"])

        await asyncio.gather(
            get(f"users/{user}/devices"),
            get(f"users/{user}/bypassMFA"),
            get(f"deviceAuthenticationPolicies/{settings['flow']['p1MFAPolicyId']}"),
            get(f"users/{user}/roleAssignments"),
            protection(),
        )
        return str(users.json()["_embedded"]["users"][0]["username"])


if __name__ == "__main__":
    read = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))
    held = [
        Path(read[table][key]).read_text("utf-8")
        for table, key in (("pingone", "client_secret_file"), ("directory", "password_file"))
    ]
    print(asyncio.run(show(read, sys.argv[2], *held)))
