"""Who asks the desk API: the one question it has about a token. Its own file, so that neither side needs the other."""

from __future__ import annotations

from typing import Protocol

from csrdesk.model.sign_in import SignedIn


class Gate(Protocol):
    """Tells whose token it is."""

    async def signed_in(self, token: str) -> SignedIn:
        """Who signed in. `token` is the bearer's (RFC 6750), without the scheme, as anybody may have sent it.

        Raises `NotSignedInError` for every token that does not count, whyever; its message is for the agent, its
        details for the log, and neither holds the token.
        """
        ...
