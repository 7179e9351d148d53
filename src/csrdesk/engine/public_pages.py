"""The rows of public pages: one flow that a customer began by themselves, without a call and without an agent.

Found by a token in the page's address and the browser's cookie, like a link's page. Addresses stand here as keyed
hashes alone, and what limits are counted from does so, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.engine import quotas
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.quotas import REACHED, Over
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.flows.doors import Agent
from csrdesk.model.recovery import Stage

CUSTOMER: Final = Agent("(customer)")
"""Who acts where no agent does. No account is called so: the brackets keep it apart from every name."""
_OPEN: Final = "stage NOT IN ('done', 'refused', 'ended')"
_WORDS: Final = {"account_recovery": "recovery", "registration": "registration"}
"""What the audit calls what happens on a page of that flow."""


class PublicPage(msgspec.Struct, frozen=True, kw_only=True):
    """One row; its id is the flow's."""

    id: str
    flow: str
    token_hash: str
    browser: str
    """Hash of the cookie of the browser that began it."""
    address_hash: str = ""
    person_id: str = ""
    """Whose it is, once that is known; empty also where nobody has the address."""
    stage: Stage = Stage.OPENED
    tries: int = 0
    started_at: datetime
    until: datetime
    """When the page's clock ends."""
    quiet_until: datetime
    """Before this no answer about the code is given, so that nobody can tell what is being done meanwhile."""
    sent_at: datetime | None = None
    """When the last code was asked for."""
    ended_at: datetime | None = None
    resume_hash: str = ""
    """Hash of the token that leads back to it from a mail, once there is something to come back to."""
    risk: bytes | None = None
    """What PingOne Protect made of it, encoded; None before that, and where nobody watches."""

    @property
    def word(self) -> str:
        """How its rows in the audit begin."""
        return _WORDS[self.flow]

    def is_open(self, now: datetime) -> bool:
        return self.stage.open and now < self.until


def _row(row: Row | None) -> PublicPage | None:
    return msgspec.convert(row, PublicPage) if row else None


async def find(reading: Reading, flow_id: str) -> PublicPage | None:
    """The page of that flow."""
    return _row(await reading.at_key("SELECT * FROM public_pages WHERE id = ?", flow_id))


async def find_by_token(reading: Reading, token_hash: str) -> PublicPage | None:
    """The page whose token has that hash."""
    return _row(await reading.at_key("SELECT * FROM public_pages WHERE token_hash = ?", token_hash))


async def newest_of(reading: Reading, person_id: str, flow: str, since: datetime) -> PublicPage | None:
    """A person's newest page of that flow, begun since then: how far they are."""
    sql = "SELECT * FROM public_pages WHERE person_id = ? AND flow = ? AND started_at >= ? ORDER BY started_at DESC"
    return _row(await reading.one(f"{sql} LIMIT 1", person_id, flow, stamp(since)))


async def newest_for(reading: Reading, address_hash: str, flow: str, since: datetime) -> PublicPage | None:
    """As `newest_of`, for an address that nobody may have yet."""
    sql = "SELECT * FROM public_pages WHERE address_hash = ? AND flow = ? AND started_at >= ? ORDER BY started_at DESC"
    return _row(await reading.one(f"{sql} LIMIT 1", address_hash, flow, stamp(since)))


async def half_done(reading: Reading, person_id: str) -> PublicPage | None:
    """The registration that made this person's account and is not finished, whether or not its page is open still."""
    sql = "SELECT * FROM public_pages WHERE person_id = ? AND flow = 'registration' AND stage = 'created'"
    return _row(await reading.one(f"{sql} ORDER BY started_at DESC LIMIT 1", person_id))


async def find_by_resume(reading: Reading, resume_hash: str) -> PublicPage | None:
    """The page that the token of a mail leads back to."""
    sql = "SELECT * FROM public_pages WHERE resume_hash = ? AND resume_hash <> ''"
    return _row(await reading.one(sql, resume_hash))


async def open_ones(reading: Reading, person_id: str, *, besides: str = "", not_to: str = "") -> list[PublicPage]:
    """A person's open pages, but for page `besides` and those for the address hash `not_to`."""
    sql = f"SELECT * FROM public_pages WHERE person_id = ? AND id <> ? AND address_hash <> ? AND {_OPEN}"  # noqa: S608 - our own words
    return [msgspec.convert(row, PublicPage) for row in await reading.all(sql, person_id, besides, not_to)]


async def insert(tx: Transaction, row: PublicPage) -> None:
    """A new row."""
    marks = ", ".join("?" for _ in row.__struct_fields__)
    values = (stamp(v) if isinstance(v, datetime) else v for v in msgspec.structs.astuple(row))
    await tx.execute(f"INSERT INTO public_pages VALUES ({marks})", *values)  # noqa: S608 - question marks


def recovery_topic(person_id: str) -> str:
    """Rung when a page of that person went on."""
    return f"recovery:{person_id}"


def registration_topic(address_hash: str) -> str:
    """Rung when a registration with that address went on."""
    return f"registration:{address_hash}"


async def save(tx: Transaction, row: PublicPage) -> None:
    """Write the columns that can change, and wake whoever watches the person."""
    if row.person_id:
        tx.wake(recovery_topic(row.person_id))
    if row.flow == "registration" and row.address_hash:
        tx.wake(registration_topic(row.address_hash))
    await tx.execute(
        "UPDATE public_pages SET token_hash = ?, browser = ?, address_hash = ?, person_id = ?, stage = ?, tries = ?,"
        " until = ?, quiet_until = ?, sent_at = ?, ended_at = ?, resume_hash = ?, risk = ? WHERE id = ?",
        row.token_hash,
        row.browser,
        row.address_hash,
        row.person_id,
        row.stage,
        row.tries,
        stamp(row.until),
        stamp(row.quiet_until),
        stamp(row.sent_at) if row.sent_at else None,
        stamp(row.ended_at) if row.ended_at else None,
        row.resume_hash,
        row.risk,
        row.id,
    )


async def end_all(
    tx: Transaction, desk: Desk, person_id: str, *, why: str, besides: str = "", not_to: str = ""
) -> None:
    """End every open page of a person, audited; but for page `besides`, and those for the address hash `not_to`."""
    for row in await open_ones(tx, person_id, besides=besides, not_to=not_to):
        await save(tx, msgspec.structs.replace(row, stage=Stage.ENDED, ended_at=desk.clock.now()))
        await desk.audit.append(tx, note(row, f"{row.word}.ended", why=why))


def note(row: PublicPage, action: str, *, kind: Kind = Kind.EVENT, **details: Detail) -> Entry:
    """A row of the audit about a page; nobody at the desk did it."""
    return Entry(
        kind=kind,
        action=action,
        agent=CUSTOMER.id,
        call_id=row.id,
        person_id=row.person_id,
        details={"by": "customer", **details},
    )


async def count(tx: Transaction, desk: Desk, what: str, who: str) -> None:
    """One more of `what` for the keyed hash `who`."""
    now = desk.clock.now()
    await tx.execute("DELETE FROM public_counts WHERE at < ?", stamp(now - quotas.DAY))
    await tx.execute("INSERT INTO public_counts VALUES (?, ?, ?)", what, who, stamp(now))


async def over(
    reading: Reading, desk: Desk, what: str, who: str, limits: tuple[tuple[str, timedelta], ...], words: str
) -> Over | None:
    """The limit, each a setting's name and its time, that speaks against one more of `what`, if any."""
    for limit, within in limits:
        most: int = getattr(desk.limits, limit)
        now = desk.clock.now()
        sql = "SELECT at FROM public_counts WHERE what = ? AND who = ? AND at > ? ORDER BY at DESC LIMIT ?"
        rows = await reading.all(sql, what, who, stamp(now - within), most)
        if len(rows) >= most:
            again = datetime.fromisoformat(str(rows[-1]["at"])) + within - now
            return Over(limit, f"{words} It is possible again {quotas.in_words(again)}.", again)
    return None


async def alert_reached(tx: Transaction, desk: Desk, reached: Over | None, person_id: str = "") -> None:
    """The one that reaches a limit raises the alert: those that are refused afterwards must not fill the audit."""
    if reached:
        details: dict[str, Detail] = {"limit": reached.limit, "by": "customer"}
        row = Entry(kind=Kind.ALERT, action=REACHED, agent=CUSTOMER.id, person_id=person_id, details=details)
        await desk.audit.append(tx, msgspec.structs.replace(row, result="refused"))
