"""Which link a step may touch: its own call's, agent's and person's, and for the customer its own page's."""

from __future__ import annotations

from typing import Final

from csrdesk.engine import challenges
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.store import Reading
from csrdesk.errors import ForbiddenError
from csrdesk.flows.doors import Context
from csrdesk.model.link import Purpose

VERIFYING: Final = frozenset({Purpose.VERIFY, Purpose.RESET, Purpose.SPOKEN_ADDRESS})
"""Links, and codes for the spoken address, that verify a caller."""
TRIES: Final = frozenset({Purpose.PUSH, Purpose.CALL_BACK})
"""What verifies a caller without a link: the agent's side alone has it."""
NOT_MAILED: Final = TRIES | {Purpose.DEVICE, Purpose.EXCEPTION}
"""What no mail leads to, so that no address can be the wrong one."""
CODED: Final = VERIFYING | {Purpose.MAGIC_LINK}
"""Links whose page asks for a code."""
OPENING: Final = VERIFYING | TRIES | {Purpose.EXCEPTION}
"""What can begin a verified window."""
ANY: Final = frozenset(Purpose)


async def of_call(
    reading: Reading, challenge_id: str, context: Context, person_id: str, purposes: frozenset[Purpose] = VERIFYING
) -> Challenge:
    """The link, for the agent's side. Raises `ForbiddenError` for a link of another call, agent, person or purpose."""
    row = await challenges.find(reading, challenge_id)
    ours = (context.call_id, context.agent.id, person_id)
    if row is None or (row.call_id, row.agent, row.person_id) != ours or row.purpose not in purposes:
        raise ForbiddenError("This link belongs to another call. Nothing was done.")
    return row


async def of_page(
    reading: Reading, challenge_id: str, context: Context, person_id: str, purposes: frozenset[Purpose] = VERIFYING
) -> Challenge:
    """The link, for the customer's side: the page's own flow as well; or a try, for the flow that opened it."""
    row = await of_call(reading, challenge_id, context, person_id, purposes)
    if row.flow_id != context.flow_id:
        raise ForbiddenError("This link belongs to another page. Nothing was done.")
    return row
