"""Where the token comes from that says who asks: a file that the environment names, for scripts; else the sign-in."""

from __future__ import annotations

import os
from typing import Final

from csrdesk.config import Settings
from csrdesk.errors import NotSignedInError
from csrdesk.model.secret import Secret
from csrdesk.remote import TokenSource
from csrdesk.services import keys

TOKEN: Final = keys.Wanted("CSRDESK_TOKEN_FILE", "CSRDESK_TOKEN_FILE", "token")


def token_of(_settings: Settings) -> TokenSource:
    """Asked before each request, because a token lives for minutes."""

    async def token() -> Secret:
        if not os.environ.get(TOKEN.variable):
            raise NotSignedInError("You are not signed in. Name a file with a token in CSRDESK_TOKEN_FILE.")
        return keys.read(TOKEN, "")

    return token
