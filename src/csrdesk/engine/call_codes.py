"""Nine-digit codes for the spoken address: made for one call, and found again among the few that are open.

A code names its call, so unlike a link's six digits it is all that a stranger would have to guess. Every code that is
open is derived and compared, whichever is right, and always as many as may be open: time tells nothing.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Final

from csrdesk.engine import challenges, codes, quotas
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.store import Reading, Transaction
from csrdesk.flows.challenge_acceptance import Start
from csrdesk.flows.doors import Context
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened, OpenAddress
from csrdesk.model.link import LinkAbout, LinkStage, Purpose
from csrdesk.model.secret import Secret
from csrdesk.model.text import digits

PAGE_FLOW: Final = "challenge_acceptance"


async def open_in(
    tx: Transaction, desk: Desk, rows: FlowRows, effect: OpenAddress, context: Context, *, to: str, address: str
) -> AddressOpened | AddressNotOpened:
    """Make a code, unless too many are open or a warning comes first; the person's links and codes end either way."""
    await close_all(tx, desk, why="the address was opened", agent=context.agent.id, person_id=effect.person_id)
    if over := await quotas.open_codes(tx, desk):
        await desk.audit.append(tx, quotas.alert(over, context, effect.person_id))
        return AddressNotOpened(over.message)
    if not effect.warned and (warning := await quotas.tried_often(tx, desk, effect.person_id)):
        return AddressNotOpened(warning, warning=True)
    agent, now = context.agent, desk.clock.now()
    about = LinkAbout(codes.new_id(), codes.new_reference(), agent.name or agent.id, effect.account, mailed=False)
    start = Start(about, effect.person_id, desk.rules)
    # Claimed by nobody: whichever process serves the page goes on with it.
    flow_id = await rows.insert(tx, PAGE_FLOW, start, agent, call_id=context.call_id, claim=False)
    row = Challenge(
        id=about.challenge_id,
        call_id=context.call_id,
        agent=agent.id,
        person_id=effect.person_id,
        purpose=Purpose.SPOKEN_ADDRESS,
        flow_id=flow_id,
        # Nobody is told this one: whoever types the code is given another.
        token_hash=codes.fingerprint(codes.new_token().reveal()),
        reference=about.reference,
        sent_to=to,
        address_hash=codes.keyed_fingerprint(desk.key, address),
        stage=LinkStage.SENT,
        attempt=await free_attempt(tx, desk, about.challenge_id, 1),
        created_at=now,
        accepted_at=now,
        expires_at=now + timedelta(seconds=desk.limits.link_seconds),
    )
    await challenges.insert(tx, row)
    return AddressOpened(row.link(desk.limits))


async def free_attempt(reading: Reading, desk: Desk, challenge_id: str, attempt: int) -> int:
    """The first attempt from that one on whose code no other open call has."""
    others = {codes.call_code(desk.key, row.id, row.attempt) for row in await open_ones(reading)}
    while codes.call_code(desk.key, challenge_id, attempt) in others:
        attempt += 1
    return attempt


async def open_ones(reading: Reading) -> list[Challenge]:
    """The calls whose code was not typed yet, and those whose page is open: what a code can be right for."""
    return await challenges.spoken(reading)


async def waiting(reading: Reading, desk: Desk) -> list[Challenge]:
    """The calls whose code can be typed now."""
    now = desk.clock.now()
    return [row for row in await open_ones(reading) if row.stage is LinkStage.SENT and not row.has_run_out(now)]


async def called(reading: Reading, desk: Desk, typed: Secret) -> Challenge | None:
    """The open call that this code is of; None for every other code, after the same work."""
    now, given = desk.clock.now(), digits(typed.reveal()).encode()
    found = None
    rows = [row for row in await open_ones(reading) if not row.has_run_out(now)]
    for row in rows:
        if hmac.compare_digest(given, codes.call_code(desk.key, row.id, row.attempt).encode()):
            found = row
    for spare in range(desk.limits.open_call_codes - len(rows)):
        hmac.compare_digest(given, codes.call_code(desk.key, f"nobody {spare}", 1).encode())
    return found
