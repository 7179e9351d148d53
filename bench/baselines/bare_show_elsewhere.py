"""What `csrdesk user show IDENTIFIER` asks of a desk that is elsewhere, by httpx alone: the same four requests in
that order. No prompts, no versions, nothing tried again; it prints a name.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx


def show(server: str, token: str, identifier: str) -> str:
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server}/desk/v1", headers=headers) as client:

        def answered(view: dict[str, Any], answer: dict[str, str]) -> dict[str, Any]:
            body = {"rev": view["rev"], "answer": answer}
            came: dict[str, Any] = client.post(f"/flows/{view['id']}/answers?settle=1", json=body).json()
            return came

        client.get("/about").raise_for_status()
        asks = client.post("/flows?settle=1", json={"flow": "csr_main", "inputs": {}}).json()
        card = answered(asks, {"type": "UsernameGiven", "identifier": identifier})
        answered(card, {"type": "CallEnded"})
        return str(card["prompt"]["person"]["given"])


if __name__ == "__main__":
    settings = tomllib.loads(Path(os.environ["CSRDESK_CONFIG"]).read_text("utf-8"))
    secret = Path(os.environ["CSRDESK_TOKEN_FILE"]).read_text("utf-8")
    print(show(settings["desk"]["server"], secret, sys.argv[1]))
