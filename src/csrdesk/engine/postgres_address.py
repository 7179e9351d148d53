"""Where the desk's PostgreSQL is, and how it is spoken to: the one thing that settings give the store.

Apart from the connection, because the one that listens is opened with the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from csrdesk.model.secret import Secret


@dataclass(frozen=True)
class Address:
    """A server, a database on it, and who asks."""

    url: str
    """A `postgresql://` URL without a password (https://www.postgresql.org/docs/current/libpq-connect.html)."""
    password: Secret | None = field(default=None, repr=False)
    busy_seconds: float = 5.0
    """How long another writer is waited for, and half of how long one may stand still while it holds up all others."""
    tls: bool = False
    """Whether the server's certificate is looked at, and its name in it; there is no way back to less."""

    @property
    def conninfo(self) -> str:
        """All of it for libpq, the password included. A server that is gone without a word is found out within about
        ten seconds.
        """
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        told = conninfo_to_dict(self.url)
        if self.tls:
            roots = told.get("sslrootcert") or "system"
            told |= {"sslmode": "verify-full", "sslrootcert": roots, "gssencmode": "disable"}
        # Given even where it is empty: libpq would look for it in the environment and in files of the user's, and might
        # find another machine there, which nobody has asked for its certificate.
        told |= {"password": self.password.reveal() if self.password else "", "passfile": "/dev/null/none"}
        told |= {"host": told.get("host") or "", "hostaddr": told.get("hostaddr") or ""}
        return make_conninfo(
            "",
            **told,
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
        told = [
            f"SET lock_timeout = {round(self.busy_seconds * 1000)}",
            f"SET idle_in_transaction_session_timeout = {round(self.busy_seconds * 2000)}",
            "SET statement_timeout = '60s'",
            # A machine that lost its power is found out by the server as soon as a server is by us.
            "SET tcp_keepalives_idle = 5",
            "SET tcp_keepalives_interval = 2",
            "SET tcp_keepalives_count = 3",
        ]
        if only_reads:
            told.append("SET default_transaction_read_only = on")
        return "; ".join(told).encode()
