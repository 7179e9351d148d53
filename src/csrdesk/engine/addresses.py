"""Since when a person has their mail address, by the desk's own record: a keyed hash, the moment, and nothing else.

An address that replaced another is new for a while, also where the person had it once before. Of one that was there
when the desk first looked, nobody knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from csrdesk.engine.clock import stamp
from csrdesk.engine.codes import keyed_fingerprint
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Row, Transaction
from csrdesk.errors import StoreUnavailableError
from csrdesk.model.devices import Age

_FIND = "SELECT * FROM addresses WHERE person_id = ?"


async def seen(desk: Desk, person_id: str, address: str) -> Age:
    """How old the address is that was just read. A look-up does not end where nothing can be written."""
    if not address.strip():
        return Age.UNKNOWN
    row = await desk.store.at_key(_FIND, person_id)
    if row and row["address_hash"] == keyed_fingerprint(desk.key, address):
        return _age(desk, row)
    try:
        async with desk.store.transaction() as tx:
            return await record(tx, desk, person_id, address)
    except StoreUnavailableError:
        return Age.NEW if row else Age.UNKNOWN


async def record(tx: Transaction, desk: Desk, person_id: str, address: str) -> Age:
    """How old the address is; one that is another than before is written down."""
    known, now = keyed_fingerprint(desk.key, address), stamp(desk.clock.now())
    await tx.execute("INSERT INTO addresses VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING", person_id, known, now)
    changed = "UPDATE addresses SET address_hash = ?, since = ?, changed = 1 WHERE person_id = ? AND address_hash <> ?"
    await tx.execute(changed, known, now, person_id, known)
    (row,) = await tx.all(_FIND, person_id)
    return _age(desk, row)


def _age(desk: Desk, row: Row) -> Age:
    enough = timedelta(hours=desk.limits.proof_age_hours)
    age = Age.of(datetime.fromisoformat(str(row["since"])), desk.clock.now(), enough)
    return Age.UNKNOWN if age is Age.NEW and not row["changed"] else age
