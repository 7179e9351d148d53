"""A private PostgreSQL for demo and tests: made in a folder of its own, on a free port of this machine, stopped by pid.

PostgreSQL refuses to run as root, so that root's runs as nobody. Its socket lies in its folder, which nobody else may
open; by the port anybody on this machine may come in, where `options` do not say otherwise. A database of one's own
takes a tenth of a second, a server a whole one.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

USER = "desk"
_NOBODY = "nobody"
_FASTER = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=16MB", "log_min_messages=fatal")
"""Nothing here has to outlive the machine."""
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")
_PATIENCE = 60.0


@functools.cache
def program(name: str) -> str | None:
    """The path of one of PostgreSQL's programs; Debian keeps the newest beside older ones."""
    found = [str(path) for place in _PLACES for path in sorted(Path("/").glob(f"{place[1:]}/{name}"))]
    return found[-1] if found else shutil.which(name)


def why_not() -> str | None:
    """Why no server can be started here, or None."""
    return None if program("initdb") and program("postgres") else "no PostgreSQL here (as root: scripts/test-system.sh)"


@dataclass
class Server:
    """A cluster and the process that serves it."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        """Serve, and return when somebody can connect."""
        log = (self.folder / "log").open("ab")
        options = [word for option in (*_FASTER, *self.options) for word in ("-c", option)]
        places = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        serve = _as_somebody(str(program("postgres")), "-D", str(self.folder / "data"), "-p", str(self.port))
        self.process = subprocess.Popen([*serve, *places, *options], stdout=log, stderr=log)  # noqa: S603 - our words alone
        log.close()
        self._until_it_serves()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT writes down everything and cuts off whoever is connected, SIGQUIT is as if it had crashed."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(_PATIENCE)
            self.process = None

    def url(self, database: str = "postgres", user: str = USER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def by_socket(self, database: str = "postgres") -> str:
        """The same for those who may open the folder; it needs no port."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def new(self, *, by_socket: bool = False) -> str:
        """The URL of a new, empty database."""
        name = f"desk{next(self._names)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.by_socket(name) if by_socket else self.url(name)

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """As the owner of the server."""
        import psycopg

        with psycopg.connect(self.by_socket(database), autocommit=True) as live:
            cursor = live.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _until_it_serves(self) -> None:
        import psycopg

        until = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.by_socket(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or (self.process and self.process.poll() is not None):
                    raise
            time.sleep(0.02)


@contextmanager
def server(*options: str) -> Iterator[Server]:
    """A server of one's own; `options` are settings of it, such as `max_connections=8`."""
    folder = Path(tempfile.mkdtemp(prefix="csrdesk-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _NOBODY)
    made = _as_somebody(str(program("initdb")), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-N")
    running = Server(folder, _free_port(), options)
    try:
        subprocess.run([*made, "-E", "UTF8", "--no-locale"], check=True, capture_output=True, cwd=folder)  # noqa: S603 - as above
        running.start()
        yield running
    finally:
        running.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _as_somebody(*words: str) -> list[str]:
    """The command, run by nobody where root runs it; the process that it becomes keeps its pid."""
    if os.geteuid() != 0:
        return [*words]
    group = str(pwd.getpwnam(_NOBODY).pw_gid)
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={group}", "--clear-groups", *words]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
