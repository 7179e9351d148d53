"""Which link a step may touch: its own call's, agent's and person's, and for the customer its own page's."""

from __future__ import annotations

from csrdesk.engine import challenges
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.store import Reading
from csrdesk.errors import ForbiddenError
from csrdesk.flows.doors import Context


async def of_call(reading: Reading, challenge_id: str, context: Context, person_id: str) -> Challenge:
    """The link, for the agent's side. Raises `ForbiddenError` for a link of another call, agent, person or purpose."""
    row = await challenges.find(reading, challenge_id)
    ours = (context.call_id, context.agent.id, person_id, challenges.PURPOSE)
    if row is None or (row.call_id, row.agent, row.person_id, row.purpose) != ours:
        raise ForbiddenError("This link belongs to another call. Nothing was done.")
    return row


async def of_page(reading: Reading, challenge_id: str, context: Context, person_id: str) -> Challenge:
    """The link, for the customer's side: the page's own flow as well."""
    row = await of_call(reading, challenge_id, context, person_id)
    if row.flow_id != context.flow_id:
        raise ForbiddenError("This link belongs to another page. Nothing was done.")
    return row
