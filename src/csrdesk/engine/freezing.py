"""Until when nobody is verified as a person who said "this wasn't me": read by whatever opens or keeps open a door.

Apart from `links`, because the facts that policy decides on need it, and links need those.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading


async def frozen_until(reading: Reading, desk: Desk, person_id: str) -> datetime | None:
    """Until when this person's verification is frozen; None where it is not."""
    frozen = timedelta(hours=desk.limits.not_me_freeze_hours)
    since = stamp(desk.clock.now() - frozen)
    sql = "SELECT max(ended_at) AS at FROM challenges WHERE person_id = ? AND stage = 'not_me' AND ended_at > ?"
    row = await reading.one(sql, person_id, since)
    return datetime.fromisoformat(str(row["at"])) + frozen if row and row["at"] else None
