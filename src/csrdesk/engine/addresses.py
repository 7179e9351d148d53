"""Since when a person has their mail address and phone number, by the desk's own record: a keyed hash and the moment.

An address that replaced another is new for a while, also where the person had it once before. Of one that was there
when the desk first looked, nobody knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from csrdesk.engine.clock import stamp
from csrdesk.engine.codes import keyed_fingerprint
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Row, Transaction
from csrdesk.errors import StoreUnavailableError
from csrdesk.model.devices import Age


class Record(StrEnum):
    """What is kept, each in a table of its own."""

    ADDRESS = "addresses"
    NUMBER = "numbers"

    @property
    def of_person(self) -> str:
        """The person's row."""
        return f"SELECT * FROM {self.value} WHERE person_id = ?"  # noqa: S608 - one of two words


async def seen(desk: Desk, person_id: str, address: str, kept: Record = Record.ADDRESS) -> Age:
    """How old the address is that was just read. A look-up does not end where nothing can be written."""
    if not address.strip():
        return Age.UNKNOWN
    row = await desk.store.at_key(kept.of_person, person_id)
    if row and row["address_hash"] == keyed_fingerprint(desk.key, address):
        return _age(desk, row)
    try:
        async with desk.store.transaction() as tx:
            return await record(tx, desk, person_id, address, kept)
    except StoreUnavailableError:
        return Age.NEW if row else Age.UNKNOWN


async def record(tx: Transaction, desk: Desk, person_id: str, address: str, kept: Record = Record.ADDRESS) -> Age:
    """How old the address is; one that is another than before is written down."""
    known, now = keyed_fingerprint(desk.key, address), stamp(desk.clock.now())
    first = f"INSERT INTO {kept.value} VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING"  # noqa: S608 - one of two words
    await tx.execute(first, person_id, known, now)
    where = "person_id = ? AND address_hash <> ?"
    changed = f"UPDATE {kept.value} SET address_hash = ?, since = ?, changed = 1 WHERE {where}"  # noqa: S608 - as above
    await tx.execute(changed, known, now, person_id, known)
    (row,) = await tx.all(kept.of_person, person_id)
    return _age(desk, row)


def _age(desk: Desk, row: Row) -> Age:
    enough = timedelta(hours=desk.limits.proof_age_hours)
    age = Age.of(datetime.fromisoformat(str(row["since"])), desk.clock.now(), enough)
    return Age.UNKNOWN if age is Age.NEW and not row["changed"] else age
