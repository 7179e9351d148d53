"""The desk's side of sending a magic link: the row and the customer's flow in one transaction, and its clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from csrdesk.engine import addresses, challenges, codes, quotas
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close, close_all
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.password_pages import PASSWORD_FLOW
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows.challenge_acceptance import Start
from csrdesk.flows.doors import Context, OpenedLink
from csrdesk.flows.effects import SendMagicLink, UnlockDirectory
from csrdesk.flows.replies import LinkNotSent
from csrdesk.model.devices import Age
from csrdesk.model.link import Link, LinkAbout, LinkStage, Purpose

CUSTOMER_FLOW = "challenge_acceptance"
"""The flow behind a link's page; the desk alone starts it."""
CUSTOMER_FLOWS = frozenset({CUSTOMER_FLOW, PASSWORD_FLOW})
"""Every flow that asks customers: no agent starts one, or looks into one."""
_DAY = timedelta(days=1)


async def codes_left(reading: Reading, desk: Desk, person_id: str) -> int:
    """How many more codes may be tried for this person now: 24 hours count, over all calls and agents."""
    since = stamp(desk.clock.now() - _DAY)
    tried = await reading.all("SELECT 1 FROM tries WHERE person_id = ? AND at > ?", person_id, since)
    return max(0, desk.limits.codes_per_person_a_day - len(tried))


class Links:
    """A `LinkDesk`, for the performer of `SendMagicLink`."""

    def __init__(self, desk: Desk, rows: FlowRows) -> None:
        self._desk = desk
        self._rows = rows

    async def open(self, effect: SendMagicLink, context: Context, *, to: str, address: str) -> OpenedLink | LinkNotSent:
        """Make the link, unless this person's verification is frozen, a limit is reached, or a warning comes first."""
        async with self._desk.store.transaction() as tx:
            why_not = await self._why_not(tx, effect.person_id, context)
            if await addresses.record(tx, self._desk, effect.person_id, address) is Age.NEW:
                why_not = why_not or "The mail address on record is too new, so no link was sent."
            warning = "" if why_not or effect.warned else await quotas.tried_often(tx, self._desk, effect.person_id)
            if not (why_not or warning):
                return await self._open(tx, effect, context, to, address)
            # Whoever asked for another link looks at the older one no more: it must not be approved meanwhile.
            await close_all(tx, self._desk, why="another link was asked for", call_id=context.call_id)
            return LinkNotSent(why_not or warning, warning=bool(warning))

    async def accepted(self, challenge_id: str) -> Link:
        """The mail server took the mail: the link's clock starts."""
        async with self._desk.store.transaction() as tx:
            row = await _known(tx, challenge_id)
            if row.stage is LinkStage.SENDING:
                now = self._desk.clock.now()
                ends = now + timedelta(seconds=self._desk.limits.link_seconds)
                row = await challenges.save(tx, row, stage=LinkStage.SENT, accepted_at=now, expires_at=ends)
            return row.link(self._desk.limits)

    async def failed(self, challenge_id: str) -> None:
        """The mail was not taken: the link opens nothing."""
        async with self._desk.store.transaction() as tx:
            row = await _known(tx, challenge_id)
            await close(tx, self._desk, row, LinkStage.ENDED, why="the mail server did not take it")

    async def is_agent(self, *names: str) -> bool:
        """Names of accounts are compared in the letter case that they have, and in small letters."""
        wanted = {form for name in names if name for form in (name, name.casefold())}
        known = [await self._desk.store.one("SELECT 1 FROM audit WHERE agent = ? LIMIT 1", name) for name in wanted]
        return any(known)

    async def unlocked_at(self, person_id: str) -> datetime | None:
        """By the audit."""
        done = "person_id = ? AND kind = 'outcome' AND action = ? AND result = 'done'"
        sql = f"SELECT at FROM audit WHERE {done} ORDER BY seq DESC LIMIT 1"  # noqa: S608 - no value stands in it
        row = await self._desk.store.one(sql, person_id, UnlockDirectory.action)
        return datetime.fromisoformat(str(row["at"])) if row else None

    async def saw_address(self, person_id: str, address: str) -> Age:
        """The person's address as just read, and its age; open links that went to another one end."""
        if await self._sent_elsewhere(self._desk.store, person_id, address):
            async with self._desk.store.transaction() as tx:
                for row in await self._sent_elsewhere(tx, person_id, address):
                    await close(tx, self._desk, row, LinkStage.ENDED, why="the address has changed")
        return await addresses.seen(self._desk, person_id, address)

    async def _sent_elsewhere(self, reading: Reading, person_id: str, address: str) -> list[Challenge]:
        known = codes.keyed_fingerprint(self._desk.key, address)
        return [row for row in await challenges.open_ones(reading, person_id=person_id) if row.address_hash != known]

    async def _why_not(self, tx: Transaction, person_id: str, context: Context) -> str:
        hours = self._desk.limits.not_me_freeze_hours
        since = stamp(self._desk.clock.now() - timedelta(hours=hours))
        sql = "SELECT 1 FROM challenges WHERE person_id = ? AND stage = 'not_me' AND ended_at > ?"
        if await tx.one(sql, person_id, since):
            return (
                f'This person pressed "This wasn\'t me". They cannot be verified for {hours} hours. Nothing was sent.'
            )
        if not await codes_left(tx, self._desk, person_id):
            return "Too many codes were tried for this person in 24 hours. Nothing was sent."
        over = await quotas.links(tx, self._desk, person_id, context.agent.id)
        if over:
            await self._desk.audit.append(tx, quotas.alert(over, context, person_id))
        return over.message if over else ""

    async def _open(
        self, tx: Transaction, effect: SendMagicLink, context: Context, to: str, address: str
    ) -> OpenedLink:
        agent, person_id, now = context.agent, effect.person_id, self._desk.clock.now()
        await close_all(tx, self._desk, why="a newer link", agent=agent.id, person_id=person_id)
        token = codes.new_token()
        about = LinkAbout(codes.new_id(), codes.new_reference(), agent.name or agent.id, effect.account)
        if effect.purpose is Purpose.RESET:
            about = replace(about, purpose="to verify that it is you, before you choose a new password")
        start = Start(about, person_id, self._desk.rules)
        # Claimed by nobody: whichever process serves the page goes on with it.
        flow_id = await self._rows.insert(tx, CUSTOMER_FLOW, start, agent, call_id=context.call_id, claim=False)
        row = Challenge(
            id=about.challenge_id,
            call_id=context.call_id,
            agent=agent.id,
            person_id=person_id,
            purpose=effect.purpose,
            flow_id=flow_id,
            token_hash=codes.fingerprint(token.reveal()),
            reference=about.reference,
            sent_to=to,
            address_hash=codes.keyed_fingerprint(self._desk.key, address),
            created_at=now,
            # A scanner may follow the link before the mail server's yes is written down; until then the longest clock.
            expires_at=now + timedelta(seconds=self._desk.limits.link_total_seconds),
        )
        await challenges.insert(tx, row)
        return OpenedLink(row.id, token, row.reference, about.agent_name)


async def _known(tx: Transaction, challenge_id: str) -> Challenge:
    row = await challenges.find(tx, challenge_id)
    if row is None:
        raise NoSuchFlowError("There is no such link.")
    return row
