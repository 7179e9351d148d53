"""Who acts, and what their sign-in said of them. Below flows and server, because both speak of agents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

SCRIPT: Final = "client:"
"""Before the client id of a script that signs in, so that no person's user name is ever a script's."""


class Agent(msgspec.Struct, frozen=True):
    """Who acts: from the sign-in or the operating system, never from free text."""

    id: str
    name: str = ""
    """The display name that customers read; the id where none is set."""


class SignedIn(msgspec.Struct, frozen=True):
    """A sign-in that counts now. Never saved whole: claims may hold what no row of the desk should."""

    agent: Agent
    at: datetime
    """When the person themselves last signed in (`auth_time` of OpenID Connect Core 1.0, section 2), UTC."""
    claims: Mapping[str, object]
    """What the token says of the agent: groups, roles."""
