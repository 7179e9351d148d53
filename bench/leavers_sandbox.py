"""A sandbox with as many invented people as a list names: `python -m bench.leavers_sandbox FOLDER`.

Somebody called `leaver0000042` is there from the moment they are looked up, and goes when many others have come since:
so that neither memory nor the time for a look-up grows with the list. Whoever goes is looked at first: disabled in both
directories, signed out, told by one mail. What was found is printed as JSON when the program is ended.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter, OrderedDict
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from csrdesk.cli.waiting import until_stopped
from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.domain import ACCOUNT_DISABLE
from csrdesk.sandbox.person import Person
from csrdesk.sandbox.world import build_world
from csrdesk.wiring.trial import write_settings

READY = "settings: "
NAME = "leaver{:07d}"
"""How the people of a list are called."""
_NAME = re.compile(rb"leaver(\d{7})")
_KEPT = 400
"""People who are there at a time: far more than a list works on at once."""
_KEPT_ACTIVITIES = 100


class Leavers:
    """Makes people who are asked for, and lets them go."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """Of those who have gone: how many there were, and how many of them were as they should be."""
        self.box: Sandbox
        self._there: OrderedDict[int, tuple[str, tuple[str, ...]]] = OrderedDict()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Looks at each search for a name before it is answered."""

        async def looked(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and (found := _NAME.search(scope["query_string"])):
                self._come(int(found[1]))
            await app(scope, receive, send)

        return looked

    def _come(self, number: int) -> None:
        if number in self._there:
            return
        name = NAME.format(number)
        person = Person(
            username=name, given="Lea", family=f"Ver {number}", number=number, email=f"{name}@mail.example", sessions=1
        )
        world, made = self.box.world, build_world((person,), self.box.clock.now())
        theirs = {dn: entry for dn, entry in made.entries.items() if dn not in world.entries}
        world.users |= made.users
        world.entries |= theirs
        self._there[number] = next(iter(made.users)), tuple(theirs)
        if len(self._there) > _KEPT:
            self._go(_KEPT // 2)
        del world.activities[:-_KEPT_ACTIVITIES]

    def _go(self, left: int) -> None:
        """Let the longest there go until that many are left."""
        world = self.box.world
        mails: Counter[str] = Counter(mail.to for mail in world.mails)
        gone = [self._there.popitem(last=False)[1] for _ in range(len(self._there) - left)]
        for user_id, entries in gone:
            user = world.users.pop(user_id)
            flags = [int(world.entries.pop(dn).first("userAccountControl") or 0) for dn in entries]
            self.counts["people"] += 1
            self.counts["disabled in PingOne"] += not user.enabled
            self.counts["disabled in the directory"] += bool(flags) and all(flag & ACCOUNT_DISABLE for flag in flags)
            self.counts["signed out"] += not user.sessions
            self.counts["told by one mail"] += mails[user.email] == 1
        there = {user.email for user in world.users.values()}
        world.mails[:] = [mail for mail in world.mails if mail.to in there]

    def end(self) -> None:
        """Let everybody go."""
        self._go(0)


async def main(folder: Path) -> None:
    leavers = Leavers()
    leavers.box = Sandbox(Options(), around=leavers.around)
    leavers.box.people = ()
    leavers.box.reset()
    async with leavers.box as box:
        print(f"{READY}{write_settings(box.settings(), folder)}", flush=True)
        async with until_stopped():
            pass
    leavers.end()
    print(msgspec.json.encode(leavers.counts).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
