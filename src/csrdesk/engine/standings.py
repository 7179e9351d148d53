"""Agents who signed in, with what they may do: written when they come in, read where an effect is performed.

An effect may run long after it was asked for, in another process: so what is granted stands in the database, and it is
read in the transaction in which the effect is decided on. Agents whom the operating system vouches for have no row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Row, Transaction
from csrdesk.errors import NotSignedInError, StoreUnavailableError
from csrdesk.model.grants import EVERYTHING, Grants
from csrdesk.model.people import Person
from csrdesk.model.sign_in import Agent

LASTS: Final = timedelta(minutes=15)
"""How long grants count after they were seen last, where the sign-in itself does not say: the longest that an access
token may live."""
OVER: Final = "Your sign-in has ended. Sign in again with `csrdesk login`."


class Standing(msgspec.Struct, frozen=True):
    """One agent who signed in."""

    agent: Agent
    grants: Grants
    """As they were seen last."""
    until: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def is_revoked_for(self, grants: Grants) -> bool:
        """Whether that sign-in was ended; one that came after that counts."""
        signed_in_at = grants.signed_in_at
        return self.revoked_at is not None and (signed_in_at is None or signed_in_at <= self.revoked_at)

    def is_outdone_by(self, newer: Standing, by: timedelta) -> bool:
        """Whether that counts longer, or grants something else for as long: an older token takes nothing back."""
        same = replace(newer.grants, until=None) == replace(self.grants, until=None)
        return newer.until >= self.until + by or (not same and newer.until >= self.until)

    def after(self, before: Standing | None) -> Standing:
        """The row that takes the place of an older one, whose end by a lead stays on record."""
        return replace(self, revoked_at=before.revoked_at, revoked_by=before.revoked_by) if before else self

    def ended_at(self, moment: datetime, by: str) -> Standing:
        """The row of an agent whose sign-in somebody has ended."""
        return replace(self, revoked_at=moment, revoked_by=by)

    def ended(self) -> str:
        """That a lead ended the sign-in, in words; empty where none did."""
        return ended_by(self.revoked_by) if self.is_revoked_for(self.grants) else ""

    def over(self, now: datetime) -> str:
        """Why nothing can be done in this agent's name now, in words; empty where it can."""
        return self.ended() or (OVER if now >= self.until else "")


def ended_by(lead: str) -> str:
    """What an agent reads whose sign-in was ended."""
    return f"Your sign-in at this desk was ended by {lead}. Ask them, or sign in again with `csrdesk login`."


async def of(reading: Reading, agent: str) -> Standing | None:
    """What is on record of an agent; None of one who never signed in here."""
    row = await reading.at_key("SELECT * FROM agents WHERE id = ?", agent)
    return _standing(row) if row else None


async def every(reading: Reading) -> tuple[Standing, ...]:
    """Every agent who ever signed in here, by name."""
    return tuple(_standing(row) for row in await reading.all("SELECT * FROM agents ORDER BY id"))


async def granted_to(desk: Desk, agent: str) -> Grants:
    """What an agent may do; everything where the operating system vouches for them, also without any database.

    Raises `StoreUnavailableError` where nobody knows.
    """
    try:
        known = await of(desk.store, agent)
    except StoreUnavailableError:
        if agent not in desk.vouched_for:
            raise
        return EVERYTHING
    return known.grants if known else EVERYTHING


async def acting(reading: Reading, agent: str, now: datetime) -> Grants:
    """The same for what is done in their name now. Raises `NotSignedInError` where their sign-in is over."""
    known = await of(reading, agent)
    if known and (words := known.over(now)):
        raise NotSignedInError(f"{words} Nothing was done.")
    return known.grants if known else EVERYTHING


async def keep(tx: Transaction, standing: Standing) -> None:
    """Put an agent's row in the place of the older one."""
    await tx.execute(
        "INSERT INTO agents VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " grants = excluded.grants, until = excluded.until, revoked_at = excluded.revoked_at,"
        " revoked_by = excluded.revoked_by",
        standing.agent.id,
        standing.agent.name,
        msgspec.json.encode(standing.grants).decode(),
        stamp(standing.until),
        stamp(standing.revoked_at) if standing.revoked_at else None,
        standing.revoked_by,
    )


async def found(tx: Transaction, call_id: str, person: Person, dn: str) -> None:
    """Write down that a person of a limited scope was found in this call, and where they are."""
    await tx.execute(
        "INSERT INTO found VALUES (?, ?, ?, ?, ?) ON CONFLICT (call_id, person_id) DO UPDATE SET"
        " population = excluded.population, population_id = excluded.population_id, dn = excluded.dn",
        call_id,
        person.id,
        person.population,
        person.population_id,
        dn,
    )


async def is_within(reading: Reading, grants: Grants, call_id: str, person_id: str) -> bool:
    """Whether this person was found in this call, and is within that scope."""
    if grants.is_everywhere:
        return True
    row = await reading.one("SELECT * FROM found WHERE call_id = ? AND person_id = ?", call_id, person_id)
    if row is None:
        return False
    person = Person(person_id, "", population=str(row["population"]), population_id=str(row["population_id"]))
    return covers(grants, person, str(row["dn"]))


def covers(grants: Grants, person: Person, dn: str) -> bool:
    """Whether somebody with that entry in AD (empty for none) is within the scope: in each directory that has them."""
    in_pingone = person.only_in_directory or grants.covers_population(person.population, person.population_id)
    return in_pingone and grants.covers_entry(dn)


def _standing(row: Row) -> Standing:
    return msgspec.convert(
        {
            "agent": {"id": row["id"], "name": row["name"]},
            "grants": msgspec.json.decode(str(row["grants"])),
            "until": row["until"],
            "revoked_at": row["revoked_at"],
            "revoked_by": row["revoked_by"],
        },
        Standing,
    )
