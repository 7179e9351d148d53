"""What every screen stands in: values known before anything heavy is loaded, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Literal

import msgspec

from csrdesk.config.keys import KeySettings
from csrdesk.widgets.moments import utc_now


class ConsoleInfo(msgspec.Struct, frozen=True):
    """What the console knows before it is connected."""

    agent: str
    """The agent's display name."""
    desk: str = "Help desk"
    """The company or desk that callers called."""
    server: str = ""
    """The name of the machine that the desk is on; empty where it is this console's own."""
    mailbox_url: str = ""
    """The demo's mailbox and phones, for whoever plays the customer; empty otherwise."""
    ticket_required: bool = False
    second_agent: bool = False
    """Whether other agents may wait for this one's approval: then it is said as soon as one does."""
    hand_over: bool = False
    """Whether agents sign in at this desk, so that a call can go from one to another."""
    log_file: str = ""
    """Where the redacted log is, for the help screen."""
    lock_seconds: int = 180
    """How long the agent may do nothing before the console locks itself."""
    lock_seconds_in_call: int = 600
    """The same while somebody's call is open."""
    theme: Literal["dark", "light", "contrast"] = "dark"
    """What the console looks like at first."""
    keys: KeySettings = KeySettings()
    """Which key does what."""
    zone: tzinfo | None = None
    """The agent's time zone; None for the machine's own."""


class Surroundings(msgspec.Struct, frozen=True):
    """The console around a screen; `now` is the one clock that all counts come from."""

    info: ConsoleInfo
    now: Callable[[], datetime] = utc_now
