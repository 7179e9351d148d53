"""HTTPS: lines of JSON in one POST. The server answers 2xx once it has them; anything else, and they are sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from csrdesk.errors import ServiceError, UnauthorizedError, UnavailableError
from csrdesk.model.secret import Secret
from csrdesk.model.sink import Line
from csrdesk.services import http

SYSTEM: Final = "the second audit"


class HttpsSink:
    """`model.sink.Sink`."""

    def __init__(self, client: http.Client, url: str, token: Secret | None, *, timeout_seconds: float) -> None:
        self._client = client
        self._url = url
        self._headers = {"content-type": "application/x-ndjson"}
        if token:
            self._headers["authorization"] = f"Bearer {token.reveal()}"
        self._timeout = timeout_seconds

    async def send(self, lines: Sequence[Line]) -> None:
        """As `Sink`."""
        await self._post("".join(f"{line.text}\n" for line in lines))

    async def greet(self) -> None:
        """As `Sink`: no lines at all."""
        await self._post("")

    async def close(self) -> None:
        """As `Sink`."""
        await self._client.aclose()

    async def _post(self, content: str) -> None:
        request = self._client.build_request("POST", self._url, content=content, headers=self._headers)
        answer = await http.send(self._client, request, system=SYSTEM, timeout_seconds=self._timeout)
        if not answer.is_success:
            raise _refused(answer.status_code)


def _refused(status: int) -> ServiceError:
    details = f"status={status}"
    if status in (401, 403):
        words = "The second audit's server does not take csrdesk's token. Ask an administrator."
        return UnauthorizedError(words, system=SYSTEM, details=details)
    return UnavailableError(f"The second audit's server answered {status}.", system=SYSTEM, details=details)
