"""Syslog over TLS: messages as RFC 5424 has them, counted and sent as RFC 5425 does. Certificates are always verified.

The protocol has no answer. What was handed over counts as taken once the other machine has acknowledged every byte, and
the connection still stands; a collector that dies with it in memory loses it, which is seen by the rows' numbers.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import ssl
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from csrdesk.errors import ServiceError, TimedOutError, UnreachableError
from csrdesk.model.sink import Line

SYSTEM: Final = "the second audit"
FACILITY: Final = 13
"""Log audit (RFC 5424, table 1)."""
ALERT, WARNING, INFORMATIONAL = 1, 4, 6
"""Severities (RFC 5424, table 2)."""
_NOT_A_NAME = re.compile(r"[^\x21-\x7e]")
_LOOK: Final = 0.01


class SyslogSink:
    """`model.sink.Sink`, on one connection that is kept."""

    def __init__(self, host: str, port: int, trusted: ssl.SSLContext, *, timeout_seconds: float) -> None:
        self._host = host
        self._port = port
        self._trusted = trusted
        self._timeout = timeout_seconds
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, lines: Sequence[Line]) -> None:
        """As `Sink`."""
        await self._in_time(b"".join(map(framed, lines)))

    async def greet(self) -> None:
        """As `Sink`: connect, and see that the other side lets it stand."""
        await self._in_time(b"")

    async def close(self) -> None:
        """As `Sink`."""
        if self._open:
            _, writer = self._open
            self._open = None
            writer.transport.abort()

    async def _in_time(self, content: bytes) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._hand_over(content)
        except TimeoutError as error:
            await self.close()
            words = "The second audit's server did not take the rows in time."
            raise TimedOutError(words, system=SYSTEM) from error
        except OSError as error:
            await self.close()
            raise unreachable(error) from error
        except BaseException:
            await self.close()
            raise

    async def _hand_over(self, content: bytes) -> None:
        if self._open and self._open[0].at_eof():
            await self.close()
        if self._open is None:
            # A server that wants another certificate of ours says so only after the handshake (TLS 1.3).
            self._open = await asyncio.open_connection(self._host, self._port, ssl=self._trusted)
            await asyncio.sleep(_LOOK)
        reader, writer = self._open
        if content:
            writer.write(content)
            await writer.drain()
            await _acknowledged(writer)
        if reader.at_eof() or reader.exception() or writer.is_closing():
            raise ConnectionResetError("the server closed the connection")


async def _acknowledged(writer: asyncio.StreamWriter) -> None:
    """Wait until the other machine has acknowledged every byte; where that cannot be asked, only until they are out."""
    descriptor = writer.get_extra_info("socket").fileno()
    still = 0
    while still < 2:
        await asyncio.sleep(_LOOK)
        waiting = writer.transport.get_write_buffer_size() or unacknowledged(descriptor)
        still = 0 if waiting else still + 1


def unacknowledged(descriptor: int) -> int:
    """Bytes that the system has not seen acknowledged (Linux: `SIOCOUTQ` of tcp(7)); 0 where it does not tell."""
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    size = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0")
    return int.from_bytes(size, sys.byteorder)


def framed(line: Line) -> bytes:
    """The message with its length before it (RFC 5425, section 4.3)."""
    message = f"<{FACILITY * 8 + severity(line)}>1 {moment(line.at)} {_host()} csrdesk {os.getpid()} {line.kind} - "
    content = (message + line.text).encode("ascii", "backslashreplace")
    return b"%d %b" % (len(content), content)


def severity(line: Line) -> int:
    """How loud it is."""
    return ALERT if line.alert else WARNING if line.trouble else INFORMATIONAL


def moment(at: datetime) -> str:
    """A timestamp with at most six digits after the point (RFC 5424, section 6.2.3)."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _host() -> str:
    return _NOT_A_NAME.sub("", platform.node())[:255] or "-"


def unreachable(error: OSError) -> ServiceError:
    """What a failure of TCP or TLS is called here; certificates are named, because somebody has to mend them."""
    details = type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        words = "The second audit's server showed a certificate that is not trusted. Ask an administrator."
        return UnreachableError(words, system=SYSTEM, details=details)
    return UnreachableError("The second audit's server cannot be reached.", system=SYSTEM, details=details)
