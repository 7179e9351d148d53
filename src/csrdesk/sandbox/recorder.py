"""Writes API exchanges as JSON lines, without secrets, so that they can be held against the API's descriptions.

One ASGI layer in front of everything: it sees requests and answers as they cross the wire. Of the directory, the
mailbox and the controls it writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.sandbox import ids
from csrdesk.sandbox.decoding import decode
from csrdesk.sandbox.faults import fault_of

HIDDEN = "***"
_SECRET_MEMBERS = frozenset(
    {
        "access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "token", "code",
        "code_verifier", "password", "newPassword", "currentPassword", "recoveryCode", "verificationCode", "otp",
        "secret", "keyUri", "assertion", "attestation", "pairingKey", "mobilePayload",
    }
)  # fmt: skip
_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "proxy-authorization"})
_RECORDED = ("/v1/", f"/{ids.ENVIRONMENT}/")


def _headers(headers: Headers) -> dict[str, str]:
    kept = {}
    for name, value in headers.items():
        if name == "authorization":
            kept[name] = f"{value.partition(' ')[0]} {HIDDEN}"
        else:
            kept[name] = HIDDEN if name in _SECRET_HEADERS else value
    return kept


def _without_secrets(value: object, *, hide_value: bool, error: bool) -> object:
    """`code` is a secret in forms and bodies but a word in errors; `value` is one where passwords are set, also as a
    member of `password`.
    """
    if isinstance(value, Mapping):
        secret = _SECRET_MEMBERS - {"code"} if error else _SECRET_MEMBERS
        return {
            key: HIDDEN
            if isinstance(inner, str) and (key in secret or (hide_value and key == "value"))
            else _without_secrets(inner, hide_value=hide_value or key == "password", error=error)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(inner, hide_value=hide_value, error=error) for inner in value]
    return value


def _body(raw: bytes, content_type: str, *, path: str, answer: bool) -> object:
    """As JSON value, form text or nothing; what is neither is not written at all."""
    if not raw:
        return None
    if content_type.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
        return urlencode([(key, HIDDEN if key in _SECRET_MEMBERS else value) for key, value in pairs], safe="*")
    try:
        value: object = decode(raw, object)
    except msgspec.DecodeError:
        return HIDDEN
    return _without_secrets(value, hide_value=path.endswith("/password"), error=answer)


class Recording:
    """The two files: right exchanges, and those under a fault. Readable by their owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[Path, TextIO] = {}

    def open(self) -> None:
        """Makes the file, empty."""
        self._file(self._path)

    def write(self, exchange: Mapping[str, object], *, faulty: bool) -> None:
        """Adds a line."""
        path = self._path.with_name(f"{self._path.name}.faults") if faulty else self._path
        file = self._file(path)
        file.write(msgspec.json.encode(exchange).decode() + "\n")
        file.flush()

    def close(self) -> None:
        """Closes what was opened."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _file(self, path: Path) -> TextIO:
        if path not in self._files:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._files[path] = os.fdopen(handle, "w", encoding="utf-8")
        return self._files[path]


class RecorderLayer:
    """ASGI: lets everything through and writes down what was said."""

    def __init__(self, app: ASGIApp, recording: Recording) -> None:
        self._app = app
        self._recording = recording

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_RECORDED):
            await self._app(scope, receive, send)
            return
        sent, answered = bytearray(), bytearray()
        start: dict[str, object] = {}

        async def listening() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def speaking(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, listening, speaking)
        fault = fault_of(scope)
        if start:
            exchange = _exchange(scope, bytes(sent), start, bytes(answered))
            self._recording.write(exchange, faulty=fault is not None and not fault.is_only_delay)


def _exchange(scope: Scope, sent: bytes, start: Mapping[str, object], answered: bytes) -> Mapping[str, object]:
    request = Request(scope)
    response_headers = Headers(raw=_raw(start["headers"]))
    path = scope["path"]
    return {
        "method": request.method,
        "url": str(request.url),
        "request_headers": _headers(request.headers),
        "request_body": _body(sent, request.headers.get("content-type", ""), path=path, answer=False),
        "status": start["status"],
        "response_headers": _headers(response_headers),
        "response_body": _body(answered, response_headers.get("content-type", ""), path=path, answer=True),
    }


def _raw(headers: object) -> list[tuple[bytes, bytes]]:
    return msgspec.convert(headers, list[tuple[bytes, bytes]]) if headers else []
