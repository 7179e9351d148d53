"""A program in a terminal of its own (pty), as a person meets it: when is a word on the screen, when a typed key?"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping

import msgspec

from bench.programs import PATIENCE_SECONDS

ROWS, COLUMNS = 24, 80
_CONTROLS = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[P\]X^_].*?(?:\x1b\\|\x07)|[ -/]*[0-~])", re.DOTALL)


class Times(msgspec.Struct, frozen=True):
    """Milliseconds since the program was started."""

    painted: float
    typed: float


class Terminal:
    """A running program and what it wrote."""

    def __init__(self, words: list[str], env: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self._pid, self._side = pty.fork()
        if self._pid == 0:
            os.execve(words[0], words, dict(env) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        fcntl.ioctl(self._side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._written = b""

    def wait_for(self, text: str) -> float:
        """Milliseconds since the start at which `text` is written; what came up to it is forgotten."""
        wanted = text.encode()
        until = time.perf_counter() + PATIENCE_SECONDS
        while (plain := _CONTROLS.sub(b"", self._written)).find(wanted) < 0:
            self._read(until, text, plain)
        now = time.perf_counter()
        self._written = b""
        return (now - self.began) * 1000

    def find(self, pattern: str) -> re.Match[str]:
        """The first match in what is written from now on; what came up to it is forgotten."""
        until = time.perf_counter() + PATIENCE_SECONDS
        while not (found := re.search(pattern, _CONTROLS.sub(b"", self._written).decode("utf-8", "replace"))):
            self._read(until, pattern, self._written)
        self._written = b""
        return found

    def rest(self, seconds: float) -> None:
        """Forget what is written until nothing was for so long."""
        while select.select([self._side], [], [], seconds)[0]:
            os.read(self._side, 65536)
        self._written = b""

    def type(self, keys: str) -> None:
        """As if pressed."""
        os.write(self._side, keys.encode())

    def end(self) -> None:
        """End the program, whatever it is doing."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._side)

    def _read(self, until: float, text: str, plain: bytes) -> None:
        ready, _, _ = select.select([self._side], [], [], max(0.0, until - time.perf_counter()))
        try:
            more = os.read(self._side, 65536) if ready else b""
        except OSError:  # the program has ended
            more = b""
        if not more:
            raise RuntimeError(f"{text!r} was never painted; last: {plain[-400:]!r}")
        self._written += more


def paint_and_type(words: list[str], env: Mapping[str, str], *, wait_for: str, key: str) -> Times:
    """Start a program, wait for its words, type a key once, wait for its echo, end the program."""
    terminal = Terminal(words, env)
    try:
        painted = terminal.wait_for(wait_for)
        terminal.type(key)
        return Times(painted, terminal.wait_for(key))
    finally:
        terminal.end()
