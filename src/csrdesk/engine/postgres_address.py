"""Where the desk's PostgreSQL is, and how it is spoken to: the one thing that settings give the store.

Apart from the connection, because the one that listens is opened with the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from csrdesk.model.secret import Secret

BUSY_SECONDS: Final = 5
"""How long another writer is waited for."""
_SESSION: Final = (
    f"SET lock_timeout = '{BUSY_SECONDS}s'",
    # A process that stands still while it writes would hold up all others.
    f"SET idle_in_transaction_session_timeout = '{2 * BUSY_SECONDS}s'",
    "SET statement_timeout = '60s'",
    # A machine that lost its power is found out by the server as soon as a server is by us.
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
)


@dataclass(frozen=True)
class Address:
    """A server, a database on it, and who asks."""

    url: str
    """A `postgresql://` URL without a password (https://www.postgresql.org/docs/current/libpq-connect.html)."""
    password: Secret | None = field(default=None, repr=False)

    @property
    def conninfo(self) -> str:
        """All of it for libpq, the password included. A server that is gone without a word is found out within about
        ten seconds.
        """
        from psycopg.conninfo import make_conninfo

        return make_conninfo(
            self.url,
            password=self.password.reveal() if self.password else None,
            client_encoding="UTF8",
            connect_timeout=5,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
            fallback_application_name="csrdesk",
        )

    def session(self, *, only_reads: bool = False) -> bytes:
        """What a new connection is told first."""
        more = ("SET default_transaction_read_only = on",) if only_reads else ()
        return "; ".join((*_SESSION, *more)).encode()
