"""Listening sockets that a worker of `csrdesk serve --workers` got from the process that started it, by settings' key.

Several processes on one socket: whichever is free takes the next visitor, and the port never closes while one is
started anew.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

LISTENERS: Final = "CSRDESK_WORKER_LISTENERS"
"""The environment's variable: `desk.listen_port=7,desk.api_port=8`, each a descriptor."""


def inherited(key: str) -> socket.socket | None:
    """The socket that stands for that setting; None where this process has to listen for itself."""
    for one in filter(None, os.environ.get(LISTENERS, "").split(",")):
        name, _, descriptor = one.partition("=")
        if name == key:
            return socket.socket(fileno=os.dup(int(descriptor)))
    return None


def named(listeners: Mapping[str, socket.socket]) -> str:
    """What the variable says of these."""
    return ",".join(f"{key}={listener.fileno()}" for key, listener in listeners.items())
