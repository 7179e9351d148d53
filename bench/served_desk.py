"""`python -m bench.served_desk SETTINGS FOLDER [AGENTS]`: a desk with its API, and a machine's settings and token in
FOLDER.

Its gate knows tokens by heart, so that what is measured is not how a token is judged.
"""

from __future__ import annotations

import asyncio
import os
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


class ByHeart:
    """A gate for Grace, and for as many others as are wanted: `token-0`, `token-1` ..."""

    def __init__(self, others: int) -> None:
        self._known = {TOKEN: Agent("grace", "Grace")} | {f"token-{n}": Agent(f"agent-{n}") for n in range(others)}

    async def signed_in(self, token: str) -> SignedIn:
        if token not in self._known:
            raise NotSignedInError("This is not a token of the measure.")
        return SignedIn(self._known[token], BEGAN, {})


def granted(signed: SignedIn) -> Grants:
    return replace(EVERYTHING, signed_in_at=signed.at, populations=(ANYWHERE,))


async def main(settings: Path, folder: Path, others: int) -> None:
    made = load(settings)
    made = replace(made, desk=replace(made.desk, api_url="http://localhost", api_port=0, data_dir=f"{folder}/data"))
    async with open_desk(made, serve_pages=True) as desk, desk_api_served(desk, ByHeart(others), granted) as port:
        write(folder, f"http://localhost:{port}")
        print(f"served: {folder}/config.toml", flush=True)
        await asyncio.Event().wait()


def write(folder: Path, url: str) -> None:
    (folder / "config.toml").write_text(f'[desk]\nserver = "{url}"\n', "utf-8")
    (folder / "pid").write_text(str(os.getpid()), "utf-8")
    (folder / "token").write_text(TOKEN, "utf-8")
    (folder / "token").chmod(0o600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(next(iter(sys.argv[3:]), "0"))))
