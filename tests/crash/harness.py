"""Plays a call, kills it, plays it on from where it was, and says what is wrong with what came of it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.model.proofs import Act
from csrdesk.sandbox import Options, Sandbox, ids
from csrdesk.sandbox.digests import digest
from csrdesk.sandbox.domain import ACCOUNT_DISABLE, NEVER, filetime
from csrdesk.sandbox.model import Entry, SignOnSession, User
from csrdesk.wiring.store import DATABASE
from csrdesk.wiring.trial import write_settings
from tests.crash.customer import NEW_PASSWORD
from tests.crash.plots import ACTS, BY_THEMSELVES, Plot, Way, with_settings
from tests.crash.story import BLOCKED
from tests.crash.zygote import Order, Played

ROOT = Path(__file__).parents[2]
_WRITES = {
    "PUT enabled": "pingone.set_enabled",
    "POST account.unlock": "pingone.unlock",
    "POST password.unlock": "pingone.unlock_password",
    "DELETE session": "pingone.end_sessions",
    "modify userAccountControl": "ad.set_enabled",
    "modify lockoutTime": "ad.unlock",
    "modify unicodePwd": "ad.set_password",
    "modify accountExpires": "ad.set_expiry",
    "modify pwdLastSet": "ad.demand_change",
    "POST device.block": "pingone.change_device",
    "POST password.recover": "recovery.set_password",
    "POST user": "registration.create",
    "POST device": "registration.enroll_email",
    "POST consent": "agreement.accept",
}
"""Each kind of write that the other side can receive, and what the audit calls it."""
_ACT = re.compile(r"account\.unlock|password\.unlock|device\.block|password\.recover")
"""In the media type of a request: what PingOne is asked to do."""
_NEW = {"users": "user", "devices": "device"}
"""The collections that a registration adds to."""
_ATTRIBUTE = re.compile(r"userAccountControl|unicodePwd|lockoutTime|accountExpires|pwdLastSet")
_SENT = {"Your recovery code": "recovery.send_code", "New Account Created": "registration.welcome"}
"""Mails to those who are at a page of their own, by subject, and what the audit calls them. All others are links or
notices.
"""


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
        elif found := _ACT.search(verb):
            self.writes.append((f"POST {found[0]}", path))
        elif method == "POST" and (new := _NEW.get(path.rpartition("/")[2])):
            self.writes.append((f"POST {new}", path))
        elif method == "POST" and "/agreementConsents/" in path:
            self.writes.append(("POST consent", path))
        elif path == "/directory/modify" and (found := _ATTRIBUTE.search(body)):
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

    def __init__(self, box: Sandbox, wire: Wire, zygote: asyncio.subprocess.Process, folder: Path, plot: Plot) -> None:
        self.box = box
        self.plot = plot
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
        settings.write_text(with_settings(settings.read_text("utf-8"), self.plot), "utf-8")
        for number, kill in enumerate((*kills, 0)):
            on = kill if isinstance(kill, str) else ""
            number_of = 0.0 if isinstance(kill, str) else kill
            at = int(number_of) if float(number_of).is_integer() else 0
            result = story.folder / f"{number}.json"
            address = user.email if (user := self._user()) else self.plot.who
            place = str(settings), str(result), address, self._mailbox
            order = Order(*place, self.plot, at, on, 0 if at else number_of)
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
        self._wire.writes.clear()
        user, entry = self._user(), self._entry()
        if user is None:
            return
        if self.plot.locked:
            user.password.status, user.password.locked_until = "OK", now + timedelta(hours=1)
        if entry:
            entry.attributes["lockoutTime"] = [filetime(now)]
        for _ in range(2):
            known = SignOnSession(
                id=ids.fresh(), created_at=now, active_at=now, remote_ip="203.0.113.9", browser="Firefox"
            )
            user.sessions.append(known)

    async def _run(self, order: Order) -> int:
        assert self._zygote.stdin
        assert self._zygote.stdout
        self._zygote.stdin.write(msgspec.json.encode(order) + b"\n")
        await self._zygote.stdin.drain()
        return int(await asyncio.wait_for(self._zygote.stdout.readline(), 90))

    def _user(self) -> User | None:
        """The caller's account in PingOne; None before they made one."""
        try:
            return self.box.world.user(self.plot.who)
        except KeyError:
            return None

    def _entry(self) -> Entry | None:
        """The caller's in AD, where not everybody is."""
        entries = self.box.world.entries.values()
        return next((entry for entry in entries if entry.first("sAMAccountName") == self.plot.who), None)

    def _judge(self, story: Story) -> None:
        writes, flaws = self._wire.writes, story.flaws
        twice = [f"{what} {how}" for (what, how), times in Counter(writes).items() if times > 1]
        flaws += [f"done twice: {what}" for what in twice]
        intents = Counter(str(row[0]) for row in story.rows("SELECT action FROM audit WHERE kind = 'intent'"))
        acts = Counter(_WRITES[what] for what, _ in writes if what != "DELETE session")
        acts += self._sent()
        flaws += [
            f"{action}: {n} times, {intents[action]} intents" for action, n in acts.items() if n > intents[action]
        ]
        if story.rows("SELECT 1 FROM open_intents"):
            flaws.append(f"unknown at the end: {story.rows('SELECT action FROM open_intents JOIN audit USING (seq)')}")
        name = BY_THEMSELVES.get(self.plot.way, "csr_main")
        ends = [over for (over,) in story.rows(f"SELECT over FROM flows WHERE name = '{name}'")]
        if self.plot.way in BY_THEMSELVES:
            ends = ends[-1:]  # whoever begins anew leaves the page before to its clock
        if ends != [1]:
            flaws.append(f"how {name} stands: {ends}")
        if story.played is None or story.played.flaw:
            flaws.append(f"the audit: {story.played and story.played.flaw}")
        flaws += self._left()

    def _sent(self) -> Counter[str]:
        """What reached the mailbox and the phone, by what the audit calls it."""
        world = self.box.world
        mails = Counter(
            _SENT.get(mail.subject) or ("link.send" if "/v/" in mail.text else "notice.send") for mail in world.mails
        )
        rung = sum(code.type == "VOICE" for code in world.passcodes)
        return mails + Counter({"mfa.call_back": rung})

    def _left(self) -> Iterator[str]:
        """What is not as it should be in the end."""
        plot = self.plot
        user, entry = self._user(), self._entry()
        if user is None:
            yield "in the end: no account"
            return
        if plot.way is Way.REGISTER:
            kinds = [device.type for device in user.devices]
            if kinds != ["EMAIL"] or len(user.consents) != 1:
                yield f"in the end: {kinds}, {len(user.consents)} consents"
        if user.enabled is plot.ends_disabled or user.lock or user.password.locked_until:
            yield f"in the end: {user.enabled=}, {user.lock=}, {user.password.locked_until=}"
        if plot.way in BY_THEMSELVES and user.password.remembered[-1].digest != digest(user.id, NEW_PASSWORD):
            yield "in the end: another password"
        if plot.signs_out and user.sessions:
            yield f"in the end: {len(user.sessions)} sessions"
        blocked = [device.type for device in user.devices if device.blocked_at]
        if blocked != ([BLOCKED] if Act.DEVICES in plot.goals else []):
            yield f"in the end blocked: {blocked}"
        if entry is None:
            return
        if entry.first("lockoutTime") not in ("", "0", None):
            yield f"in the end: lockoutTime {entry.first('lockoutTime')}"
        if bool(int(entry.first("userAccountControl") or 0) & ACCOUNT_DISABLE) is not plot.ends_disabled:
            yield f"in the end: userAccountControl {entry.first('userAccountControl')}"
        if Act.EXPIRE in plot.goals and entry.first("accountExpires") == NEVER:
            yield "in the end: no last day"
        if Act.MUST_CHANGE in plot.goals and entry.first("pwdLastSet") != "0":
            yield "in the end: the password need not be changed"


@asynccontextmanager
async def harness(folder: Path, plot: Plot = ACTS) -> AsyncIterator[Harness]:
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
            yield Harness(box, wire, zygote, folder, plot)
        finally:
            assert zygote.stdin
            zygote.stdin.close()
            await asyncio.wait_for(zygote.wait(), 60)
