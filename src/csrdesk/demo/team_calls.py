"""What is played at a team's desk: many calls at once through both replicas, and one of these is killed meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.handed_over import handed_over
from csrdesk.demo.team import Team
from csrdesk.demo.telling import DifferenceError, Step, expect, expect_that
from csrdesk.errors import ServiceError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import people, staff
from csrdesk.sandbox.crowd import crowd
from csrdesk.services import http

CALLS = 50
AGENTS = (staff.AGENT, staff.SECOND_AGENT, staff.LEAD, *(one.username for one in staff.CREW[:17]))
"""Each may have three verified calls at once."""
_KILLED_AFTER = 10
"""How many calls are verified when a replica is killed."""
_TRIES = 40
_PATIENCE = 60.0
"""Seconds that a customer's page may take for all of it."""
_PAUSE = 0.25
"""Seconds before somebody at a browser tries again."""


async def many_calls(team: Team) -> AsyncIterator[Step]:
    """Fifty calls at once through two replicas; one replica is killed in the middle of it."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(team.session(name)) for name in AGENTS]
        yield Step("agents", f"sign in by browser, {len(sessions)} of them, each with a token of their own")
        callers, story = _callers(), _Story(team)
        played = [
            asyncio.create_task(story.call(sessions[number % len(sessions)], who)) for number, who in enumerate(callers)
        ]
        stack.callback(_cancel, played)
        await story.are_verified(_KILLED_AFTER, played)
        await team.replicas[0].kill()
        yield Step("desk", f"loses one of its two replicas to kill -9, while {CALLS} calls are on")
        ended = await asyncio.gather(*played)
        yield Step("agents", f"end all {len(ended)} calls: each caller verified, each account disabled and read back")
        for line in story.told(ended):
            yield line
        await team.replicas[0].start()
        yield Step("desk", "has the replica back")
    yield Step("desk", await _verified(team))


def _callers() -> list[str]:
    """Each of whom has one phone, and nothing else to choose from."""
    one_phone = [one.username for one in crowd() if [device.type for device in one.devices] == ["SMS"]]
    found = [people.ONE_DEVICE, people.ONLY_PINGONE, *one_phone][:CALLS]
    expect(len(found), CALLS, "callers with one phone")
    return found


class _Story:
    """The calls of the play, which run at the same time."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._verified = 0
        self._is_verified = asyncio.Condition()

    async def are_verified(self, number: int, played: list[asyncio.Task[int]]) -> None:
        """Wait until so many are; a call that failed is raised here."""
        waiting = asyncio.create_task(self._until(number))
        await asyncio.wait([waiting, *played], return_when=asyncio.FIRST_EXCEPTION, timeout=120)
        for task in played:
            if task.done():
                task.result()
        if not waiting.done():
            waiting.cancel()
            raise DifferenceError(f"only {self._verified} calls were verified")

    async def _until(self, number: int) -> None:
        async with self._is_verified:
            await self._is_verified.wait_for(lambda: self._verified >= number)

    async def call(self, session: RemoteSession, username: str) -> int:
        """One call from the look-up to a disabled account; how often its customer had to load a page again."""
        call = await Call.begin(session)
        await call.look_up(username)
        code = await call.send_link()
        user = self._team.box.world.user(username)
        async with Customer(user.email, self._team.mailbox_url) as caller:
            again = await _through_page(caller, code)
        await call.waits_for(p.AccountPrompt)
        async with self._is_verified:
            self._verified += 1
            self._is_verified.notify_all()
        await call.say(a.DisableChosen())
        await call.say(a.Confirmed("The caller asks for it: phone lost", "INC-5000"))
        while (notice := call.sees(p.NoticePrompt)).again:  # what was interrupted is read back, then tried again
            await call.say(a.TryAgainChosen())
        expect_that(all(line.ok or line.aside for line in notice.lines), f"{username}: {notice.lines}")
        expect_that(not user.enabled, f"PingOne says that {username} is disabled")
        await call.say(a.NoticeRead())
        await call.end()
        return again

    def told(self, again: list[int]) -> list[Step]:
        """What the other side says of it."""
        world = self._team.box.world
        mails = Counter(mail.to for mail in world.mails if "disabled" in mail.subject.lower())
        expect(max(mails.values(), default=0), 1, "the notices that one caller got")
        lines = [Step("mailbox", f"holds one notice for each of {len(mails)} callers")]
        if any(again):
            lines.append(Step("customers", f"had to load a page again {sum(again)} times; nothing was asked twice"))
        return lines


async def _through_page(caller: Customer, code: str) -> int:
    """Type the code and the passcode; where a connection is lost, load the page and look what it asks."""
    link, again = await caller.newest_link(), 0
    await _loaded(caller, link)
    try:
        async with asyncio.timeout(_PATIENCE):
            while "keep this page open" not in caller.text.lower():
                try:
                    if caller.offers("CodeGiven"):
                        await caller.answer("CodeGiven", code=code)
                    elif caller.offers("PasscodeGiven"):
                        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
                    else:
                        await asyncio.sleep(_PAUSE)
                        await caller.open(link)
                except (http.RequestError, ServiceError):
                    again += 1
                    await _loaded(caller, link)
    except TimeoutError:
        raise DifferenceError(f"the page does not go on: {caller.status} {caller.text[:300]}") from None
    return again


async def _verified(team: Team) -> str:
    """What `csrdesk audit verify` says on one of the servers. Raises `DifferenceError` where the audit is not whole."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "csrdesk", "audit", "verify"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"CSRDESK_CONFIG": str(team.replicas[0].folder / "config.toml")},
    )
    said, _ = await process.communicate()
    expect(process.returncode, 0, f"`csrdesk audit verify`: {said.decode()}")
    return "finds its audit whole: " + " ".join(said.decode().split())


async def _loaded(caller: Customer, link: str) -> None:
    for _ in range(_TRIES):
        try:
            await caller.open(link)
        except (http.RequestError, ServiceError):
            await asyncio.sleep(_PAUSE)
            continue
        if caller.status < 500:
            return
        await asyncio.sleep(_PAUSE)
    raise DifferenceError("the page does not come")


def _cancel(tasks: list[asyncio.Task[int]]) -> None:
    for task in tasks:
        task.cancel()


Scene = Callable[[Team], AsyncIterator[Step]]
SCENES: tuple[Scene, ...] = (handed_over, many_calls)
