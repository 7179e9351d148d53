"""What the other side was told to change and did: what must have happened once, and each with its intent row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PERSON = re.compile(r"/users/([0-9a-f-]{36})")


@dataclass(frozen=True)
class Write:
    """One change that was taken."""

    action: str
    """As the audit calls it."""
    whom: str
    """The person in PingOne, or what was asked of the directory."""
    what: str


@dataclass
class Writes:
    """A layer around the sandbox that keeps what it took; what it refused is no write."""

    taken: list[Write] = field(default_factory=list)

    def around(self, app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def read() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                return message

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] < 300:
                    self._note(scope, body.decode())
                await send(message)

            await app(scope, read, told)

        return watched

    def of(self, action: str) -> int:
        return sum(write.action == action for write in self.taken)

    def _note(self, scope: Scope, body: str) -> None:
        method, path = scope["method"], scope["path"]
        person = _PERSON.search(path)
        whom = person[1] if person else ""
        if method == "PUT" and path.endswith("/enabled"):
            self.taken.append(Write("pingone.set_enabled", whom, body))
        elif method == "DELETE" and "/sessions/" in path:
            self.taken.append(Write("pingone.end_sessions", whom, path))
        elif path == "/directory/modify" and "userAccountControl" in body:
            self.taken.append(Write("ad.set_enabled", body, body))
