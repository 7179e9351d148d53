"""A domain controller that answers as it is told: for what no real one can be made to do here.

Samba has no read-only controller without a domain to replicate from, and none of Windows' refusals. It speaks as much
LDAP (RFC 4511) as a sign-in, a look at one object and a modify take, over TLS with a certificate of the tests' own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.ad.controller import make_certificate

_BIND, _BOUND, _SEARCH, _FOUND, _SEARCHED, _MODIFY, _MODIFIED = 0x60, 0x61, 0x63, 0x64, 0x65, 0x66, 0x67
"""Requests and answers (RFC 4511, 4.2 to 4.6)."""
Attributes = dict[str, list[str]]


class Scripted:
    """`root` is what it says of itself, `entry` the one object it knows, `refusal` what it answers to a modify."""

    def __init__(self, folder: Path, entry: Attributes) -> None:
        make_certificate(folder, "127.0.0.1")
        self.ca_file = folder / "ca.pem"
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.root: Attributes = {
            "defaultNamingContext": ["DC=csrdesk,DC=test"],
            "dnsHostName": ["branch1.csrdesk.test"],
        }
        self.entry = entry
        self.refusal = (0, "")
        self.modified = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ldaps://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await _message(reader)
                number, rest = _value(message)
                writer.write(b"".join(_octets(0x30, _octets(0x02, number) + one) for one in self._answers(rest)))
                await writer.drain()
        writer.close()

    def _answers(self, request: bytes) -> list[bytes]:
        """The operations that answer one; an unbind or abandon gets none."""
        kind = request[0]
        if kind == _BIND:
            return [_result(_BOUND, 0, "")]
        if kind == _SEARCH:
            dn = _value(_value(request)[0])[0].decode()
            return [_found(dn, self.entry if dn else self.root), _result(_SEARCHED, 0, "")]
        if kind == _MODIFY:
            self.modified += 1
            return [_result(_MODIFIED, *self.refusal)]
        return []


async def _message(reader: asyncio.StreamReader) -> bytes:
    """The contents of the next LDAPMessage."""
    await reader.readexactly(1)
    size = (await reader.readexactly(1))[0]
    if size & 0x80:
        size = int.from_bytes(await reader.readexactly(size & 0x7F), "big")
    return await reader.readexactly(size)


def _value(raw: bytes) -> tuple[bytes, bytes]:
    """The first value's contents, and what comes after it."""
    size, at = raw[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(raw[2:at], "big")
    return raw[at : at + size], raw[at + size :]


def _octets(tag: int, contents: bytes) -> bytes:
    """A value in BER, plain or constructed."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + contents


def _result(tag: int, code: int, diagnostic: str) -> bytes:
    return _octets(tag, _octets(0x0A, bytes((code,))) + _octets(0x04, b"") + _octets(0x04, diagnostic.encode()))


def _found(dn: str, attributes: Attributes) -> bytes:
    listed = b"".join(
        _octets(
            0x30,
            _octets(0x04, name.encode()) + _octets(0x31, b"".join(_octets(0x04, one.encode()) for one in values)),
        )
        for name, values in attributes.items()
    )
    return _octets(_FOUND, _octets(0x04, dn.encode()) + _octets(0x30, listed))
