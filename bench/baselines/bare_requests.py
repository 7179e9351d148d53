"""The baseline of `lists`: requests with httpx alone. Arguments: settings, how many, how many at the same time."""

from __future__ import annotations

import asyncio
import sys
import tomllib
from pathlib import Path

import httpx


async def main(settings: dict[str, str], secret: str, count: int, parallel: int) -> None:
    environment = settings["environment_id"]
    async with httpx.AsyncClient() as client:
        token = await client.post(
            f"{settings['auth_url']}/{environment}/as/token",
            data={"grant_type": "client_credentials"},
            auth=(settings["client_id"], secret),
        )
        client.headers["authorization"] = f"Bearer {token.json()['access_token']}"
        url = f"{settings['api_url']}/environments/{environment}/users?limit=1"
        left = iter(range(count))

        async def work() -> None:
            for _ in left:
                (await client.get(url)).raise_for_status()

        await asyncio.gather(*(work() for _ in range(parallel)))


given = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))["pingone"]
kept = Path(given["client_secret_file"]).read_text("utf-8").strip()
asyncio.run(main(given, kept, int(sys.argv[2]), int(sys.argv[3])))
