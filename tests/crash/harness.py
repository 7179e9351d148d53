"""Plays a call, kills it, plays it on from where it was, and says what is wrong with what came of it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.sandbox import Options, Sandbox, ids, people
from csrdesk.sandbox.domain import filetime
from csrdesk.sandbox.model import SignOnSession
from csrdesk.wiring.desk import DATABASE
from csrdesk.wiring.trial import write_settings
from tests.crash.zygote import Order, Played

ACTS, RESET, SPOKEN = ("unlock", "disable", "enable"), ("reset",), ("disable", "enable", "unlock")
PUSHED = ("disable", "unlock", "enable")
"""What a caller wants."""
WHO = {
    ACTS: people.PINGONE_LOCKED,
    RESET: people.EXTERNAL_ALLOWED,
    SPOKEN: people.NO_EMAIL_PASSKEY,
    PUSHED: people.NO_EMAIL_APP,
}
ROOT = Path(__file__).parents[2]
_WRITES = {
    "PUT enabled": "pingone.set_enabled",
    "POST account.unlock": "pingone.unlock",
    "POST password.unlock": "pingone.unlock_password",
    "DELETE session": "pingone.end_sessions",
    "modify userAccountControl": "ad.set_enabled",
    "modify lockoutTime": "ad.unlock",
    "modify unicodePwd": "ad.set_password",
}
"""Each kind of write that the other side can receive, and what the audit calls it."""


@dataclass
class Wire:
    """What the other side was told to change, each with what exactly."""

    writes: list[tuple[str, str]] = field(default_factory=list)

    def around(self, app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def read() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                return message

            await app(scope, read, send)
            if scope["type"] == "http":
                self._note(scope, body.decode())

        return watched

    def _note(self, scope: Scope, body: str) -> None:
        method, path = scope["method"], scope["path"]
        verb = dict(scope["headers"]).get(b"content-type", b"").decode()
        if method == "PUT" and path.endswith("/enabled"):
            self.writes.append(("PUT enabled", body))
        elif method == "DELETE" and "/sessions/" in path:
            self.writes.append(("DELETE session", path))
        elif "account.unlock" in verb:
            self.writes.append(("POST account.unlock", ""))
        elif "password.unlock" in verb:
            self.writes.append(("POST password.unlock", ""))
        elif path == "/directory/modify" and (found := re.search(r"userAccountControl|unicodePwd|lockoutTime", body)):
            self.writes.append((f"modify {found[0]}", body))


@dataclass
class Story:
    """One call, from its first process to its last."""

    folder: Path
    kills: list[str] = field(default_factory=list)
    """Where each process was killed."""
    played: Played | None = None
    seconds: float = 0.0
    """How long the last process played."""
    flaws: list[str] = field(default_factory=list)
    """What must not be."""

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the desk's database holds."""
        connection = sqlite3.connect(self.folder / "data" / DATABASE)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


class Harness:
    """A sandbox here, and processes that are killed beside it."""

    def __init__(
        self, box: Sandbox, wire: Wire, zygote: asyncio.subprocess.Process, folder: Path, goals: tuple[str, ...]
    ) -> None:
        self.box = box
        self.goals = goals
        self._who = WHO[goals]
        self._wire = wire
        self._zygote = zygote
        self._folder = folder
        self._count = 0

    async def story(self, *kills: float | str) -> Story:
        """Play a call whose processes are killed one after the other, and the last one is not.

        A whole number is a point that a process passes, any other number seconds; a word is a point's name.
        """
        self._prepare()
        self._count += 1
        story = Story(self._folder / f"{self._count}")
        story.folder.mkdir(mode=0o700)
        settings = write_settings(self.box.settings(), story.folder, public_url="http://localhost:9")
        with settings.open("a", encoding="utf-8") as file:
            file.write("\n[limits]\nlinks_per_person_in_ten_minutes = 10\n")
        for number, kill in enumerate((*kills, 0)):
            on = kill if isinstance(kill, str) else ""
            number_of = 0.0 if isinstance(kill, str) else kill
            at = int(number_of) if float(number_of).is_integer() else 0
            result = story.folder / f"{number}.json"
            address = self.box.world.user(self._who).email
            place = str(settings), str(result), self._who, address, self._mailbox
            order = Order(*place, self.goals, at, on, 0 if at else number_of)
            began = time.monotonic()
            code = await self._run(order)
            story.seconds = time.monotonic() - began
            if code == 0:
                story.played = msgspec.json.decode(result.read_bytes(), type=Played)
                break
            if code != -9:
                story.flaws.append(result.with_suffix(".error").read_text("utf-8"))
                return story
            story.kills.append(on or f"{kill:g}")
        self._judge(story)
        return story

    @property
    def _mailbox(self) -> str:
        return f"{self.box.settings().mailbox_url}.json"

    def _prepare(self) -> None:
        """Locked everywhere, as a caller may be; and nobody has done anything yet."""
        self.box.reset()
        now = self.box.clock.now()
        user, entry = self.box.world.user(self._who), self.box.world.entry(self._who)
        if self.goals == ACTS:
            user.password.status, user.password.locked_until = "OK", now + timedelta(hours=1)
        entry.attributes["lockoutTime"] = [filetime(now)]
        for _ in range(2):
            known = SignOnSession(
                id=ids.fresh(), created_at=now, active_at=now, remote_ip="203.0.113.9", browser="Firefox"
            )
            user.sessions.append(known)
        self._wire.writes.clear()

    async def _run(self, order: Order) -> int:
        assert self._zygote.stdin
        assert self._zygote.stdout
        self._zygote.stdin.write(msgspec.json.encode(order) + b"\n")
        await self._zygote.stdin.drain()
        return int(await asyncio.wait_for(self._zygote.stdout.readline(), 90))

    def _judge(self, story: Story) -> None:
        user, entry = self.box.world.user(self._who), self.box.world.entry(self._who)
        writes, flaws = self._wire.writes, story.flaws
        twice = [f"{what} {how}" for (what, how), times in Counter(writes).items() if times > 1]
        flaws += [f"done twice: {what}" for what in twice]
        intents = Counter(str(row[0]) for row in story.rows("SELECT action FROM audit WHERE kind = 'intent'"))
        acts = Counter(_WRITES[what] for what, _ in writes if what != "DELETE session")
        flaws += [
            f"{action}: {n} writes, {intents[action]} intents" for action, n in acts.items() if n > intents[action]
        ]
        mails = [mail for mail in self.box.world.mails if "/v/" in mail.text]
        if len(mails) > intents["link.send"]:
            flaws.append(f"{len(mails)} links were sent, {intents['link.send']} intents")
        told = len(self.box.world.mails) - len(mails)
        if told > intents["notice.send"]:
            flaws.append(f"{told} notices were sent, {intents['notice.send']} intents")
        if story.rows("SELECT 1 FROM open_intents"):
            flaws.append(f"unknown at the end: {story.rows('SELECT action FROM open_intents JOIN audit USING (seq)')}")
        calls = story.rows("SELECT over FROM flows WHERE name = 'csr_main'")
        if calls != [(1,)]:
            flaws.append(f"calls: {calls}")
        if story.played is None or story.played.flaw:
            flaws.append(f"the audit: {story.played and story.played.flaw}")
        left = (user.enabled, user.lock, user.password.locked_until, len(user.sessions))
        if left != (True, None, None, 0) or entry.first("lockoutTime") not in ("", "0", None):
            flaws.append(f"in the end: {left}, lockoutTime {entry.first('lockoutTime')}")
        if int(entry.first("userAccountControl") or 0) & 2:
            flaws.append("in the end: disabled in the directory")


@asynccontextmanager
async def harness(folder: Path, goals: tuple[str, ...] = ACTS) -> AsyncIterator[Harness]:
    """A sandbox and the process that others are made from, until the block ends."""
    wire = Wire()
    async with Sandbox(Options(), around=wire.around) as box:
        zygote = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.zygote",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield Harness(box, wire, zygote, folder, goals)
        finally:
            assert zygote.stdin
            zygote.stdin.close()
            await asyncio.wait_for(zygote.wait(), 30)
