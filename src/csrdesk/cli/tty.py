"""The terminal that the agent sits at, which standard output need not be: what is for the agent's eyes alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from csrdesk.cli.result import inert
from csrdesk.errors import NeedsAnswerError

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Screen:
    """A terminal, even where standard output is a pipe: /dev/tty, else standard error where that is one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def opened(cls) -> Screen | None:
        """The terminal, or None where there is none."""
        try:
            return cls(os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return cls(os.dup(sys.stderr.fileno())) if sys.stderr.isatty() else None

    def show(self, line: str) -> None:
        """Write one line."""
        os.write(self._descriptor, (inert(line) + "\r\n").encode("utf-8", "replace"))

    def close(self) -> None:
        os.close(self._descriptor)


def to_say_aloud(code: str) -> str:
    """`417 209  (four - one - seven, two - zero - nine)`."""
    halves = (code[:3], code[3:])
    return f"{' '.join(halves)}  ({', '.join(map(in_words, halves))})"


def nine_to_say(code: str) -> str:
    """`417 209 553  (four - one - seven, two - zero - nine, five - five - three)`."""
    threes = (code[:3], code[3:6], code[6:])
    return f"{' '.join(threes)}  ({', '.join(map(in_words, threes))})"


def in_words(digits: str) -> str:
    """`four - two`."""
    return " - ".join(_WORDS[int(digit)] for digit in digits)


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, *, missing: str) -> str:
    """A line that the agent types. Where nobody can be asked: `NeedsAnswerError`, naming the option in `missing`."""
    if not can_ask():
        words = f"An answer is missing, and there is no terminal to ask at: give {missing}."
        raise NeedsAnswerError(words, prompt=missing)
    print(inert(question), end=" ", file=sys.stderr, flush=True)
    with _interrupted_at_once():
        line = sys.stdin.readline()
    if not line:
        raise NeedsAnswerError(f"An answer is missing: give {missing}.", prompt=missing)
    return line.strip()


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Let Ctrl-C end a question. Inside an event loop it would only be noted, and the reading would go on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
