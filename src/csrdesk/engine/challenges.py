"""The challenge row: one magic link from its making to its end, read and saved in the transaction of whoever asks.

It joins the agent's flow and the customer's; both sides and the pages' door change it, each by its own rules.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.config import LimitSettings
from csrdesk.engine.changes import link_topic
from csrdesk.engine.clock import APART, stamp
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.model.link import Link, LinkStage, Purpose
from csrdesk.model.risk import RiskCheck


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """One row; flags are 0 or 1."""

    id: str
    call_id: str
    agent: str
    person_id: str
    purpose: Purpose
    flow_id: str
    """The customer's flow."""
    token_hash: str
    reference: str
    sent_to: str
    """The masked address."""
    address_hash: str
    stage: LinkStage = LinkStage.SENDING
    rev: int = 1
    attempt: int = 1
    tries: int = 0
    """Codes tried, right or wrong. At the spoken address: wrong ones, whoever's, while this one waited."""
    created_at: datetime
    accepted_at: datetime | None = None
    """When the mail server took the mail."""
    expires_at: datetime
    extended: int = 0
    browser: str = ""
    """Hash of the cookie of the browser that entered the right code; empty before."""
    page_until: datetime | None = None
    page_extended: int = 0
    fetched: int = 0
    fetched_by: str = ""
    fetched_at: datetime | None = None
    second_browser: int = 0
    used_at: datetime | None = None
    ended_at: datetime | None = None
    evidence: bytes | None = None
    denied: int = 0
    """How often the phone said no to a push."""
    risk: bytes | None = None
    """What PingOne Protect made of the page: a `RiskCheck`."""
    passcodes_wrong: int = 0
    passcodes_left: int = -1
    """Of the device whose passcode was wrong last; 0 where it is locked, -1 where nobody knows."""

    @property
    def deadline(self) -> datetime:
        """When the clock that runs now ends: the page's from the right code on, the link's before."""
        return self.page_until or self.expires_at

    def has_run_out(self, now: datetime) -> bool:
        """Open by its stage, but its clock has ended: not yet written down. A clock that was set back ends it, too."""
        return self.stage.open and not self.created_at - APART <= now < self.deadline

    def link(self, limits: LimitSettings) -> Link:
        """The row as the agent's screen shows it."""
        return Link(
            id=self.id,
            rev=self.rev,
            stage=self.stage,
            reference=self.reference,
            to=self.sent_to,
            attempt=self.attempt,
            expires_at=self.expires_at if self.accepted_at else None,
            extended=bool(self.extended),
            page_until=self.page_until,
            codes_left=max(0, limits.codes_per_link - self.tries),
            fetched=self.fetched,
            fetched_by=self.fetched_by,
            fetched_at=self.fetched_at,
            second_browser=bool(self.second_browser),
            denied=self.denied,
            wrong=self.tries if self.purpose is Purpose.SPOKEN_ADDRESS else 0,
            risk=msgspec.json.decode(self.risk, type=RiskCheck) if self.risk else None,
            passcodes_wrong=self.passcodes_wrong,
            passcodes_left=self.passcodes_left if self.passcodes_left >= 0 else None,
        )


def _row(row: Row | None) -> Challenge | None:
    return msgspec.convert(row, Challenge) if row else None


async def find(reading: Reading, challenge_id: str) -> Challenge | None:
    """The row of that id."""
    return _row(await reading.at_key("SELECT * FROM challenges WHERE id = ?", challenge_id))


async def find_by_token(reading: Reading, token_hash: str) -> Challenge | None:
    """The row whose token has that hash."""
    return _row(await reading.at_key("SELECT * FROM challenges WHERE token_hash = ?", token_hash))


async def open_ones(reading: Reading, *, person_id: str = "", call_id: str = "") -> list[Challenge]:
    """The rows of a person, in all calls, or of a call, whose stage is open."""
    sql = (
        "SELECT * FROM challenges WHERE (person_id = ? OR call_id = ?)"
        " AND stage IN ('sending', 'sent', 'code_right', 'device_passed')"
    )
    rows = await reading.all(sql, person_id or None, call_id or None)
    return [msgspec.convert(row, Challenge) for row in rows]


async def spoken(reading: Reading) -> list[Challenge]:
    """The rows of the spoken address whose stage is open."""
    sql = (
        "SELECT * FROM challenges WHERE purpose = 'spoken_address'"
        " AND stage IN ('sending', 'sent', 'code_right', 'device_passed')"
    )
    return [msgspec.convert(row, Challenge) for row in await reading.all(sql)]


async def set_token(tx: Transaction, row: Challenge, token_hash: str) -> None:
    """Give a row's page another address; the one before opens nothing any more."""
    await tx.execute("UPDATE challenges SET token_hash = ? WHERE id = ?", token_hash, row.id)


async def insert(tx: Transaction, row: Challenge) -> None:
    """A new row."""
    marks = ", ".join("?" for _ in row.__struct_fields__)
    values = (stamp(v) if isinstance(v, datetime) else v for v in msgspec.structs.astuple(row))
    await tx.execute(f"INSERT INTO challenges VALUES ({marks})", *values)  # noqa: S608 - question marks


async def save(tx: Transaction, row: Challenge, *, quietly: bool = False, **changed: object) -> Challenge:
    """Write the columns that can change, count the revision up, and wake who waits for this link.

    `quietly` wakes nobody: for what is at once followed by something that does.
    """
    new = msgspec.structs.replace(row, **changed, rev=row.rev + 1)
    await tx.execute(
        "UPDATE challenges SET stage = ?, rev = ?, attempt = ?, tries = ?, accepted_at = ?, expires_at = ?,"
        " extended = ?, browser = ?, page_until = ?, page_extended = ?, fetched = ?, fetched_by = ?, fetched_at = ?,"
        " second_browser = ?, ended_at = ?, denied = ?, risk = ?,"
        " passcodes_wrong = ?, passcodes_left = ? WHERE id = ?",
        new.stage,
        new.rev,
        new.attempt,
        new.tries,
        _stamp(new.accepted_at),
        stamp(new.expires_at),
        new.extended,
        new.browser,
        _stamp(new.page_until),
        new.page_extended,
        new.fetched,
        new.fetched_by,
        _stamp(new.fetched_at),
        new.second_browser,
        _stamp(new.ended_at),
        new.denied,
        new.risk,
        new.passcodes_wrong,
        new.passcodes_left,
        new.id,
    )
    if not quietly:
        tx.wake(link_topic(new.id))
    return new


async def consume(tx: Transaction, row: Challenge, *, now: datetime, evidence: bytes) -> bool:
    """Use the link up, once: True for the one caller who did it."""
    used = await tx.execute(
        "UPDATE challenges SET stage = 'approved', rev = rev + 1, used_at = ?, ended_at = ?, evidence = ?"
        " WHERE id = ? AND used_at IS NULL AND stage IN ('code_right', 'device_passed')"
        " AND browser <> '' AND page_until > ?",
        stamp(now),
        stamp(now),
        evidence,
        row.id,
        stamp(now),
    )
    tx.wake(link_topic(row.id))
    return used == 1


async def consume_try(tx: Transaction, row: Challenge, *, now: datetime, evidence: bytes) -> bool:
    """Use a try without a link up, once, before its clock ends: True for the one caller who did it."""
    used = await tx.execute(
        "UPDATE challenges SET stage = 'approved', rev = rev + 1, used_at = ?, ended_at = ?, evidence = ?"
        " WHERE id = ? AND used_at IS NULL AND stage = 'sent' AND expires_at > ?",
        stamp(now),
        stamp(now),
        evidence,
        row.id,
        stamp(now),
    )
    tx.wake(link_topic(row.id))
    return used == 1


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
