"""The directory of a demo, from the other side: what its people do there, and what it then holds.

The scenes ask for no more than this, so that they play against the sandbox's directory and a real controller alike.
"""

from __future__ import annotations

from typing import Protocol

from csrdesk.sandbox import Sandbox
from csrdesk.sandbox.domain import filetime
from csrdesk.wiring.trial import OtherDirectory


class Beside(Protocol):
    """A directory; accounts by the user name of the sandbox's people."""

    @property
    def settings(self) -> OtherDirectory | None:
        """How a desk reaches it; None for the sandbox's own."""
        ...

    async def lock(self, username: str) -> None:
        """Lock an account, as too many wrong passwords do."""
        ...

    async def password_set(self, username: str) -> str:
        """`pwdLastSet`."""
        ...


class SandboxSide:
    """The sandbox's own."""

    settings: OtherDirectory | None = None

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    async def lock(self, username: str) -> None:
        """At once."""
        self._box.world.entry(username).attributes["lockoutTime"] = [filetime(self._box.clock.now())]

    async def password_set(self, username: str) -> str:
        """As it is kept."""
        return self._box.world.entry(username).first("pwdLastSet")
