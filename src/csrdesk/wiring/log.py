"""The log file: redacted, mode 0600, never on a terminal that an app may be painting on.

A crash is written as types and places only. What exceptions and local variables say can hold what somebody typed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from csrdesk import __version__
from csrdesk.config import Settings, default_path, load
from csrdesk.errors import CsrdeskError
from csrdesk.wiring.log_lines import Format, as_json, as_text
from csrdesk.wiring.who import log_path

_SECRETS = (
    (re.compile(r"/v/[\w-]+"), "/v/***"),
    (re.compile(r"(?i)\b(bearer|basic) +\S+"), r"\1 ***"),
    (re.compile(r"(?<!\d)\d{6}(?!\d)"), "***"),
    (re.compile(r"[\w.+/=-]{40,}"), "***"),
)
_PLAIN = (AttributeError, ImportError, NameError)
"""Errors whose message is names of code and nothing else."""


def redacted(text: str) -> str:
    """`text` on one line, without what looks like a link's token, a code, a credential or another long secret."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return "".join(c if c.isprintable() else " " for c in text)


def places(error: BaseException) -> str:
    """An error and what it came from: types, files, lines and functions, without a word of what they held."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        kind = type(seen)
        said = f": {redacted(str(seen))}" if isinstance(seen, _PLAIN) else ""
        if isinstance(seen, CsrdeskError):
            said = f": {seen.code} {redacted(seen.details)}"
        lines.append(f"{kind.__module__}.{kind.__qualname__}{said}")
        frames = traceback.extract_tb(seen.__traceback__)
        lines += [f"  {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
        if isinstance(seen, BaseExceptionGroup):
            lines += ["  " + line for inner in seen.exceptions for line in places(inner).splitlines()]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def log_crash(error: BaseException, command: str) -> tuple[str, Path | None]:
    """Write a crash of `command` to the log. Gives the reference to quote, and the file where it could be written."""
    reference = secrets.token_hex(4)
    try:
        settings = _settings()
        path = log_path(settings)
        with _opened(path) as file:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            if settings and settings.log.format == "json":
                crash = {"message": f"crash {reference} csrdesk {__version__} {command}", "places": places(error)}
                file.write(json.dumps({"time": now, "level": "CRITICAL", "logger": "csrdesk", **crash}) + "\n")
            else:
                file.write(f"{now} crash {reference} csrdesk {__version__} {command}\n{places(error)}\n")
    except (OSError, CsrdeskError):
        return reference, None
    return reference, path


def send_logging_to(place: Path | TextIO, form: Format = "text") -> logging.Handler:
    """Let warnings of every library go to that file, redacted, and nowhere else: not even where it takes none.

    What comes after `stop_logging_to` goes there as well; where the file's folder is gone, to the standard error.
    """
    try:
        handler: logging.Handler = _Quiet(_opened(place) if isinstance(place, Path) else place)
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Json() if form == "json" else _Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    late = _Late(place)
    late.setLevel(logging.WARNING)
    late.setFormatter(handler.formatter)
    logging.lastResort = late
    return handler


def stop_logging_to(handler: logging.Handler) -> None:
    """The end of `send_logging_to`."""
    logging.getLogger().removeHandler(handler)
    handler.close()
    if isinstance(handler, logging.StreamHandler) and handler.stream is not sys.stderr:
        with suppress(OSError):  # a full disk takes its last words neither
            handler.stream.close()


class _Quiet(logging.StreamHandler[TextIO]):
    """What a full disk does not take is lost: told on the terminal, it would be painted across the console."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        del record


class _Late(_Quiet):
    """Takes what libraries say when the log is closed already, as an event loop may that ends."""

    def __init__(self, place: Path | TextIO) -> None:
        super().__init__(sys.stderr)
        self._place = place

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(self._place, Path) and self._place.parent.is_dir():
            with suppress(OSError), _opened(self._place) as file:
                file.write(self.format(record) + self.terminator)
        else:
            self.setStream(sys.stderr)
            super().emit(record)


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Made anew each time: the text that a record carries along may come from a formatter that redacts nothing."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([as_text(redacted(self.formatMessage(record))), *([places(error)] if error else [])])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """As above, for programs."""
        error = record.exc_info[1] if record.exc_info else None
        return as_json(record, redacted(record.getMessage()), places(error) if error else "")


def _settings() -> Settings | None:
    try:
        return load(default_path())
    except CsrdeskError:
        return None


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)
