"""`python -m bench.served_desk SETTINGS FOLDER`: a desk with its API, and a machine's settings and token in FOLDER.

Its gate knows one token, so that what is measured is not how a token is judged.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from csrdesk.config import load
from csrdesk.errors import NotSignedInError
from csrdesk.model.grants import ANYWHERE, EVERYTHING, Grants
from csrdesk.model.sign_in import Agent, SignedIn
from csrdesk.wiring import open_desk
from csrdesk.wiring.desk_api import desk_api_served

TOKEN = "token-of-the-measure"
BEGAN = datetime.now(UTC)


class OneToken:
    """A gate for one agent."""

    async def signed_in(self, token: str) -> SignedIn:
        if token != TOKEN:
            raise NotSignedInError("This is not the measure's token.")
        return SignedIn(Agent("grace", "Grace"), BEGAN, {})


def granted(signed: SignedIn) -> Grants:
    return replace(EVERYTHING, signed_in_at=signed.at, populations=(ANYWHERE,))


async def main(settings: Path, folder: Path) -> None:
    made = load(settings)
    made = replace(made, desk=replace(made.desk, api_url="http://localhost", api_port=0, data_dir=f"{folder}/data"))
    async with open_desk(made, serve_pages=True) as desk, desk_api_served(desk, OneToken(), granted) as port:
        write(folder, f"http://localhost:{port}")
        print(f"served: {folder}/config.toml", flush=True)
        await asyncio.Event().wait()


def write(folder: Path, url: str) -> None:
    (folder / "config.toml").write_text(f'[desk]\nserver = "{url}"\n', "utf-8")
    (folder / "token").write_text(TOKEN, "utf-8")
    (folder / "token").chmod(0o600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
