"""A local PingOne, a local directory, and the mailbox and phones of invented people, for demo and tests.

It stands on the other side of the wire and so imports nothing else of csrdesk. `Sandbox` is loaded on first use:
whoever only wants the list of people or the options pays for no server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from csrdesk.sandbox.options import Connection, Options

if TYPE_CHECKING:
    from csrdesk.sandbox.server import Sandbox

__all__ = ["Connection", "Options", "Sandbox"]


def __getattr__(name: str) -> object:
    if name == "Sandbox":
        from csrdesk.sandbox.server import Sandbox

        return Sandbox
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
