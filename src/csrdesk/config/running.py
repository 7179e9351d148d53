"""The settings of a desk that runs as a service: where it tells how it is, its log, and who else keeps its audit."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ServeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`csrdesk serve` as a service."""

    ops_host: str = "127.0.0.1"
    """Where `/health`, `/ready` and `/metrics` are served; never where customers or agents come."""
    ops_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: they are not served."""


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the log (`desk.log_file`) is written."""

    format: Literal["text", "json"] = "text"
    """`json`: one object a line, with the call, the agent and PingOne's correlation id where there are any."""
