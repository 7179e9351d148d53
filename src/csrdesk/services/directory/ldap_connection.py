"""One connection to one domain controller, attended by a thread of its own: many requests under way, none waits.

python-ldap blocks; so requests are handed to the thread, which sends them as they come and tells answers as they come.
A connection is only ever private: LDAPS or StartTLS with a verified certificate, or Kerberos that seals.
"""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import ldap
import ldap.sasl
from ldap.controls import RequestControl

from csrdesk.errors import ServiceError, TimedOutError, UnauthorizedError, UnreachableError
from csrdesk.model.secret import Secret
from csrdesk.services.directory.errors import SYSTEM, error_of
from csrdesk.services.directory.ldap_trouble import explain, sign_in_error, where
from csrdesk.services.directory.ldap_values import entry_of
from csrdesk.services.directory.port import Entry

Wire = Any
"""`ldap.ldapobject.LDAPObject`, which carries no types."""
Send = Callable[[Wire], int]
"""Sends a request; gives its message id."""
_CONNECT_SECONDS = 5.0
_SEALED = 56
"""The least strength that counts as encrypted (as in [MS-ADTS] 5.1.1.1.2)."""
ROOT = (
    "defaultNamingContext",
    "configurationNamingContext",
    "dnsHostName",
    "dsServiceName",
    "supportedCapabilities",
    "supportedControl",
)


@dataclass(frozen=True)
class SignIn:
    """How csrdesk signs in: a password, or the Kerberos ticket that this process's account holds."""

    user: str = ""
    password: Secret | None = None

    @property
    def kerberos(self) -> bool:
        return self.password is None


@dataclass(frozen=True)
class Target:
    """A controller and how it is spoken to."""

    url: str
    sign_in: SignIn
    ca_file: str = ""
    timeout_seconds: float = 10.0


@dataclass
class Answer:
    """What came of a request that succeeded."""

    entries: tuple[Entry, ...] = ()
    controls: tuple[Any, ...] = ()


@dataclass
class _Job:
    send: Send
    future: asyncio.Future[Answer]
    until: float


class Connection:
    """Open it, ask, close it; after `dead` it is of no more use."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.root = Entry("")
        """What the controller says of itself."""
        self.dead = False
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._new: deque[_Job] = deque()
        self._waiting: dict[int, _Job] = {}
        self._closing = False
        self._seconds = min(_CONNECT_SECONDS, target.timeout_seconds)
        self._bell, self._button = socket.socketpair()
        self._bell.settimeout(0)
        self._button.settimeout(0)
        self._thread = threading.Thread(target=self._attend, name=f"ldap {target.url}", daemon=True)

    async def open(self) -> None:
        """Connect, sign in, and read what the controller says of itself. Raises `ServiceError`; then it is dead."""
        self._thread.start()
        try:
            async with asyncio.timeout(2 * self._seconds):
                await asyncio.shield(self._opened)
        except TimeoutError:
            # Some builds of libldap wait for a handshake for ever. The thread closes what it gets, should it get it.
            self.dead = self._closing = True
            self._opened.add_done_callback(_looked_at)
            raise TimedOutError(
                f"{where(self.target.url)} did not answer in time. Nothing was sent.", system=SYSTEM
            ) from None

    async def ask(self, send: Send) -> Answer:
        """One request. Raises `ServiceError`: `UnreachableError` and `TimedOutError` where nobody knows what came of
        it, though a connection that is known to be dead is told before anything is sent.
        """
        if self.dead:
            raise self._cut()
        job = _Job(send, self._loop.create_future(), time.monotonic() + self.target.timeout_seconds)
        self._new.append(job)
        self._wake()
        return await job.future

    async def close(self) -> None:
        """Say good-bye; what is under way fails."""
        self._closing = True
        self._wake()
        if self._opened.done() and self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _CONNECT_SECONDS)

    def _wake(self) -> None:
        with suppress(OSError):  # it has been woken and not looked yet, or it has ended
            self._button.send(b"\0")

    # From here on: the thread.

    def _attend(self) -> None:
        """However it ends, nobody is left waiting."""
        wire: Wire = None
        try:
            wire = self._connect()
            self._tell(partial(self._opened.set_result, None))
            self._serve(wire)
        except ServiceError as error:
            self._tell(partial(self._opened.set_exception, error))
        except ldap.LDAPError:
            pass  # the connection broke: said below to whoever waits
        finally:
            self.dead = True
            self._tell(self._fail_opening)
            self._fail_all()
            if wire is not None:
                with suppress(ldap.LDAPError):
                    wire.unbind_ext_s()
            self._bell.close()
            self._button.close()

    def _serve(self, wire: Wire) -> None:
        poller = select.poll()
        poller.register(wire.fileno(), select.POLLIN)
        poller.register(self._bell, select.POLLIN)
        while not self._closing:
            poller.poll(self._patience())
            with suppress(BlockingIOError):
                self._bell.recv(4096)
            while self._new:
                self._send(wire, self._new.popleft())
            self._collect(wire)
            self._expire(wire)

    def _patience(self) -> float | None:
        """Milliseconds until somebody has waited long enough."""
        if not self._waiting:
            return None
        return max(0.0, min(job.until for job in self._waiting.values()) - time.monotonic()) * 1000 + 1

    def _send(self, wire: Wire, job: _Job) -> None:
        try:
            self._waiting[job.send(wire)] = job
        except ldap.SERVER_DOWN:
            self._waiting[-1 - len(self._waiting)] = job
            raise
        except ldap.LDAPError as error:
            self._settle(job, _translated(error))

    def _collect(self, wire: Wire) -> None:
        """Tell every answer that is whole. What belongs to nobody was given up before."""
        while True:
            try:
                kind, found, number, controls = wire.result3(ldap.RES_ANY, all=1, timeout=0)
            except ldap.LDAPError as error:
                number = error.args[0].get("msgid") if error.args and isinstance(error.args[0], dict) else None
                job = self._waiting.pop(number, None) if number is not None else None
                if number is None:
                    raise
                if job:
                    self._settle(job, _translated(error))
                continue
            if kind is None:
                return
            job = self._waiting.pop(number, None)
            if job:
                # A continuation (RFC 4511, 4.5.3) has no name: it is not followed.
                entries = tuple(entry_of(dn, attributes) for dn, attributes in found or () if dn is not None)
                self._settle(job, Answer(entries, tuple(controls or ())))

    def _expire(self, wire: Wire) -> None:
        now = time.monotonic()
        for number, job in list(self._waiting.items()):
            if job.until <= now:
                del self._waiting[number]
                wire.abandon_ext(number)
                words = "The directory did not answer in time."
                self._settle(job, TimedOutError(words, system=SYSTEM, details=self.target.url))

    def _settle(self, job: _Job, outcome: Answer | ServiceError) -> None:
        def tell() -> None:
            if job.future.done():
                return
            if isinstance(outcome, Answer):
                job.future.set_result(outcome)
            else:
                job.future.set_exception(outcome)

        self._tell(tell)

    def _tell(self, what: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it everybody who waited
            self._loop.call_soon_threadsafe(what)

    def _fail_all(self) -> None:
        for job in (*self._waiting.values(), *self._new):
            self._settle(job, self._cut())
        self._waiting.clear()
        self._new.clear()

    def _fail_opening(self) -> None:
        if not self._opened.done():
            self._opened.set_exception(self._cut())

    def _cut(self) -> ServiceError:
        words = "The connection to the directory was cut."
        return UnreachableError(words, system=SYSTEM, details=self.target.url)

    def _connect(self) -> Wire:
        wire = ldap.initialize(self.target.url)
        try:
            self.root = _opened(wire, self.target, self._seconds)
        except (ldap.LDAPError, ValueError) as error:  # ValueError: a CA file that cannot be used
            # Before the look for the reason: some servers take one connection at a time.
            with suppress(ldap.LDAPError):
                wire.unbind_ext_s()
            raise self._why(error) from None
        return wire

    def _why(self, error: ldap.LDAPError | ValueError) -> ServiceError:
        if isinstance(error, ldap.INVALID_CREDENTIALS):
            return sign_in_error(_info(error))
        if isinstance(error, ldap.LOCAL_ERROR):
            words = "csrdesk has no Kerberos ticket that the directory takes. Run `kinit`, or ask an administrator."
            return UnauthorizedError(words, system=SYSTEM, details=_first_line(_info(error)))
        if isinstance(error, ldap.SERVER_DOWN | ldap.CONNECT_ERROR | ldap.TIMEOUT | ValueError):
            tls = not (self.target.sign_in.kerberos and self.target.url.startswith("ldap:"))
            return explain(self.target.url, self.target.ca_file, seconds=self._seconds, tls=tls)
        return _translated(error)


def _looked_at(opened: asyncio.Future[None]) -> None:
    """Asyncio complains of an error that nobody looked at."""
    if not opened.cancelled():
        opened.exception()


def _opened(wire: Wire, target: Target, seconds: float) -> Entry:
    """Connect, sign in, and read what the controller says of itself."""
    wire.protocol_version = 3
    wire.set_option(ldap.OPT_REFERRALS, ldap.OPT_OFF)
    wire.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)
    wire.set_option(ldap.OPT_TIMEOUT, seconds)
    wire.set_option(ldap.OPT_X_KEEPALIVE_IDLE, 60)
    wire.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if target.ca_file:
        wire.set_option(ldap.OPT_X_TLS_CACERTFILE, target.ca_file)
    wire.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    if target.url.startswith("ldap:") and not target.sign_in.kerberos:
        try:
            wire.start_tls_s()
        except (ldap.PROTOCOL_ERROR, ldap.UNAVAILABLE, ldap.OTHER) as error:  # it offers none
            raise ldap.CONNECT_ERROR(*error.args) from None
    _sign_in(wire, target)
    found = wire.search_ext_s("", ldap.SCOPE_BASE, attrlist=list(ROOT), timeout=seconds)
    wire.set_option(ldap.OPT_TIMEOUT, -1.0)  # from here on each request has a clock of its own
    return entry_of(*found[0]) if found else Entry("")


def _sign_in(wire: Wire, target: Target) -> None:
    password = target.sign_in.password
    if password is not None:
        wire.simple_bind_s(target.sign_in.user, password.reveal())
        return
    if target.url.startswith("ldaps:"):
        # AD takes no sealing inside TLS ([MS-ADTS] 5.1.1.1.2).
        wire.set_option(ldap.OPT_X_SASL_SSF_MAX, 0)
    else:
        wire.set_option(ldap.OPT_X_SASL_SSF_MIN, _SEALED)
    wire.set_option(ldap.OPT_X_SASL_NOCANON, ldap.OPT_ON)
    wire.sasl_interactive_bind_s("", ldap.sasl.gssapi())


def control(oid: str, value: bytes) -> RequestControl:
    """A critical control as python-ldap takes it."""
    return RequestControl(oid, criticality=True, encodedControlValue=value or None)


def _translated(error: ldap.LDAPError) -> ServiceError:
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    code = told.get("result", -1)
    if isinstance(error, ldap.SERVER_DOWN | ldap.CONNECT_ERROR):
        return UnreachableError("The connection to the directory was cut.", system=SYSTEM)
    if isinstance(error, ldap.TIMEOUT | ldap.TIMELIMIT_EXCEEDED):
        return TimedOutError("The directory did not answer in time.", system=SYSTEM)
    # Windows and Samba end their diagnostics with a NUL or a new line.
    return error_of(code, _info(error).rstrip("\0\n"))


def _info(error: ldap.LDAPError) -> str:
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return str(told.get("info", ""))


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""
