"""Wrong passcodes of a caller's devices: how many in a row, by the audit, and what the agent sees of them."""

from __future__ import annotations

import msgspec

from csrdesk.engine import challenges
from csrdesk.engine.audit import Detail
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading
from csrdesk.flows.device_inputs import NOT_USABLE
from csrdesk.flows.doors import Context
from csrdesk.flows.effects import CheckPasscode
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.flows.replies import PasscodeWrong
from csrdesk.model.link import LinkStage

_LOOKED_AT = 50
"""Rows of one person; a device is locked long before."""


async def in_a_row(reading: Reading, person_id: str, device_id: str) -> int:
    """Back to the last right one, or to the one that locked the device."""
    sql = (
        "SELECT result, details FROM audit WHERE person_id = ? AND kind = 'outcome' AND action = ?"
        " ORDER BY seq DESC LIMIT ?"
    )
    wrong = 0
    for row in await reading.all(sql, person_id, CheckPasscode.action, _LOOKED_AT):
        said = msgspec.json.decode(str(row["details"]), type=dict[str, Detail])
        if said.get("device") != device_id:
            continue
        if row["result"] == "done" or said.get("left") == 0:
            break
        wrong += "left" in said
    return wrong


async def show(desk: Desk, reply: Reply, context: Context) -> None:
    """Write on the link of this page what the agent is to see of it."""
    left = _left(reply)
    if left is None:
        return
    async with desk.store.transaction() as tx:
        of_call = await challenges.open_ones(tx, call_id=context.call_id)
        for row in of_call:
            if row.flow_id == context.flow_id and row.stage is LinkStage.CODE_RIGHT:
                wrong = row.passcodes_wrong + isinstance(reply, PasscodeWrong)
                await challenges.save(tx, row, passcodes_wrong=wrong, passcodes_left=left)


def _left(reply: Reply) -> int | None:
    """-1 where nobody knows; None where it is no news of wrong passcodes."""
    match reply:
        case PasscodeWrong(left):
            return -1 if left is None else left
        case Failed(problem) if problem.code == NOT_USABLE:
            return 0
        case _:
            return None
