"""In which words one speaks of what was tried on a person: links, codes for the spoken address, requests to phones.

Apart from `quotas`, which counts them all alike.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading

COUNTED = "purpose NOT IN ('password', 'device', 'exception')"
"""The rows of tries, whoever asked for them; exceptions have a limit of their own."""
BY_AGENTS = "purpose NOT IN ('password', 'device', 'exception', 'magic_link')"
"""Those that an agent asked for; customers ask for magic links by themselves."""
_DAY = timedelta(days=1)


class Kind(msgspec.Struct, frozen=True):
    """In which words one speaks of what was tried."""

    one: str
    many: str
    done: str
    to: str
    again: str

    def counted(self, count: int, to: str = "") -> str:
        """`One link was sent to`, `2 codes were made for`."""
        what = f"One {self.one} was" if count == 1 else f"{count} {self.many} were"
        return f"{what} {self.done} {to or self.to}"


_LINKS = Kind("link", "links", "sent", "to", "Send")
_REQUESTS = Kind("request", "requests", "sent", "to", "Send")
_CODES = Kind("code", "codes", "made", "for", "Make one")
_MIXED = Kind("try to verify", "tries to verify", "made", "for", "Try")
_KINDS = {"push": _REQUESTS, "call_back": _REQUESTS, "spoken_address": _CODES}
"""By what a try is for; everything else is a link."""


async def what_of(reading: Reading, desk: Desk, column: str, whose: str) -> Kind:
    """What was tried in the last day: links, codes for the spoken address, requests to phones, or of several kinds."""
    sql = f"SELECT DISTINCT purpose FROM challenges WHERE {COUNTED} AND {column} = ? AND created_at > ?"  # noqa: S608 - our words
    rows = await reading.all(sql, whose, stamp(desk.clock.now() - _DAY))
    kinds = {_KINDS.get(str(row["purpose"]), _LINKS) for row in rows}
    return _MIXED if len(kinds) > 1 else next(iter(kinds), _LINKS)
