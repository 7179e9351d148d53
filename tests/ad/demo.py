"""The demo with a real Active Directory domain controller as its directory: `make demo-ad`.

Without a terminal it plays by itself and ends 0; on one it opens the console.
"""

from __future__ import annotations

import asyncio
import sys

from csrdesk import demo
from csrdesk.sandbox import people
from csrdesk.wiring.trial import OtherDirectory
from tests.ad import controller
from tests.ad.controller import Controller
from tests.ad.people import PASSWORD, SERVICE


class RealDirectory:
    """The controller as the demo's scenes use it."""

    def __init__(self, dc: Controller) -> None:
        self._dc = dc
        keys: dict[str, object] = {
            "kind": "ad",
            "controllers": [dc.url],
            "ca_file": str(dc.ca_file),
            "user": f"{SERVICE}@csrdesk.test",
        }
        self.settings: OtherDirectory | None = OtherDirectory(keys, PASSWORD)

    async def lock(self, username: str) -> None:
        """By wrong passwords."""
        await asyncio.to_thread(self._dc.wrong_passwords, people.person(username).sam_account_name)

    async def password_set(self, username: str) -> str:
        """As the controller has it."""
        return await asyncio.to_thread(self._dc.value, people.person(username).sam_account_name, "pwdLastSet")


def main() -> int:
    if why := controller.why_not():
        print(f"demo-ad: {why}", file=sys.stderr)
        return 3
    with controller.running() as dc:
        directory = RealDirectory(dc)
        asyncio.run(directory.lock(people.AD_LOCKED))
        if sys.stdin.isatty() and sys.stdout.isatty():
            return asyncio.run(demo.console(directory=directory))
        print(f"A Samba AD domain controller is at {dc.url}; csrdesk signs in there as {SERVICE}.", flush=True)
        return asyncio.run(demo.play(directory=directory))


if __name__ == "__main__":
    sys.exit(main())
