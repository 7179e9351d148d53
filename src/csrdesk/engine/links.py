"""The desk's side of sending a magic link: the row and the customer's flow in one transaction, and its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from csrdesk.engine import (
    addresses,
    bound,
    call_codes,
    challenges,
    codes,
    freezing,
    public_pages,
    quotas,
    registrations,
    standings,
    wrong_passcodes,
)
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.device_pages import DEVICE_FLOW, WHAT_FOR, not_sent, page_of, was_opened_by, why_no_magic_link
from csrdesk.engine.endings import close, close_all
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.password_pages import PASSWORD_FLOW
from csrdesk.engine.store import Reading, Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows import challenge_acceptance, magic_link_page
from csrdesk.flows.doors import Context, OpenedLink
from csrdesk.flows.effects import SendMagicLink, UnlockDirectory
from csrdesk.flows.replies import LinkNotSent
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened, OpenAddress
from csrdesk.model.devices import Age
from csrdesk.model.link import DENIALS, Link, LinkAbout, LinkStage, Purpose
from csrdesk.model.secret import Secret

CUSTOMER_FLOW = "challenge_acceptance"
"""The flow behind a link's page; the desk alone starts it."""
MAGIC_LINK_FLOW = "magic_link_page"
"""The flow behind the page of a magic link that stands in for a device."""
RECOVERY_FLOW = "account_recovery"
"""The flow behind the page that customers who forgot their password open by themselves."""
CUSTOMER_FLOWS = frozenset(
    {CUSTOMER_FLOW, PASSWORD_FLOW, DEVICE_FLOW, MAGIC_LINK_FLOW, RECOVERY_FLOW, registrations.FLOW}
)
"""Every flow that asks customers: no agent starts one, or looks into one."""
_DAY = timedelta(days=1)


async def codes_left(reading: Reading, desk: Desk, person_id: str) -> int:
    """How many more codes may be tried for this person now: 24 hours count, over all calls and agents."""
    since = stamp(desk.clock.now() - _DAY)
    tried = await reading.all("SELECT 1 FROM tries WHERE person_id = ? AND at > ?", person_id, since)
    return max(0, desk.limits.codes_per_person_a_day - len(tried))


async def why_not(tx: Transaction, desk: Desk, person_id: str, context: Context) -> str:
    """Why nobody may try to verify this person now, in words; empty where they may. A limit that is reached alerts."""
    hours = desk.limits.not_me_freeze_hours
    since = stamp(desk.clock.now() - timedelta(hours=hours))
    sql = "SELECT 1 FROM challenges WHERE person_id = ? AND stage = 'not_me' AND ended_at > ?"
    if await tx.one(sql, person_id, since):
        on_page = await tx.one(f"{sql} AND purpose <> 'push' AND denied < ?", person_id, since, DENIALS)
        who = 'This person pressed "This wasn\'t me".' if on_page else "This person's phone said no to a request."
        return f"{who} They cannot be verified for {hours} hours. Nothing was sent."
    if not await codes_left(tx, desk, person_id):
        return "Too many codes were tried for this person in 24 hours. Nothing was sent."
    over = await quotas.links(tx, desk, person_id, context.agent.id)
    if over:
        await desk.audit.append(tx, quotas.alert(over, context, person_id))
    return over.message if over else ""


class Links:
    """A `LinkDesk`, for the performer of `SendMagicLink`."""

    def __init__(self, desk: Desk, rows: FlowRows) -> None:
        self._desk = desk
        self._rows = rows

    async def open(self, effect: SendMagicLink, context: Context, *, to: str, address: str) -> OpenedLink | LinkNotSent:
        """Make the link, unless this person's verification is frozen, a limit is reached, or a warning comes first."""
        return await self._desk.store.at_once(inside(partial(self._open_or_not, effect, context, to, address)))

    async def _open_or_not(
        self, effect: SendMagicLink, context: Context, to: str, address: str, tx: Transaction
    ) -> OpenedLink | LinkNotSent:
        refusal = await why_not(tx, self._desk, effect.person_id, context)
        if await addresses.record(tx, self._desk, effect.person_id, address) is Age.NEW:
            refusal = refusal or "The mail address on record is too new, so no link was sent."
        page = await page_of(tx, context) if effect.purpose is Purpose.MAGIC_LINK else None
        if effect.purpose is Purpose.MAGIC_LINK:
            refusal = refusal or why_no_magic_link(self._desk, page, address)
        but = frozenset({page.id} if page else ())
        warning = "" if refusal or effect.warned else await quotas.tried_often(tx, self._desk, effect.person_id)
        if not (refusal or warning):
            await close_all(
                tx, self._desk, why="a newer link", agent=context.agent.id, person_id=effect.person_id, but=but
            )
            return await self._open(tx, effect, context, to, address)
        # Whoever asked for another link looks at the older one no more: it must not be approved meanwhile.
        await close_all(tx, self._desk, why="another link was asked for", call_id=context.call_id, but=but)
        if effect.purpose is Purpose.MAGIC_LINK:
            return await not_sent(tx, self._desk, effect.person_id, refusal)
        return LinkNotSent(refusal or warning, warning=bool(warning))

    async def open_address(
        self, effect: OpenAddress, context: Context, *, to: str, address: str
    ) -> AddressOpened | AddressNotOpened:
        """Make a code for the spoken address, by the rules that links are made by."""
        async with self._desk.store.transaction() as tx:
            if refusal := await why_not(tx, self._desk, effect.person_id, context):
                await close_all(tx, self._desk, why="another code was asked for", call_id=context.call_id)
                return AddressNotOpened(refusal)
            return await call_codes.open_in(tx, self._desk, self._rows, effect, context, to=to, address=address)

    async def accepted(self, challenge_id: str) -> Link:
        """The mail server took the mail: the link's clock starts."""
        return await self._desk.store.at_once(inside(partial(self._accepted, challenge_id)))

    async def _accepted(self, challenge_id: str, tx: Transaction) -> Link:
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
        """Names of accounts are compared in the letter case that they have, and in small letters.

        Whoever signed in and has no role here is none: otherwise a customer could keep the desk off their account.
        """
        wanted = {form for name in names if name for form in (name, name.casefold())}
        return any([await self._is_agent(name) for name in wanted])

    async def _is_agent(self, name: str) -> bool:
        known = await standings.of(self._desk.store, name)
        if known and not known.grants.roles:
            return False
        return await self._desk.store.one("SELECT 1 FROM audit WHERE agent = ? LIMIT 1", name) is not None

    async def way_back(self, person_id: str) -> Secret | None:
        """Kept as its hash alone."""
        return await registrations.way_back(self._desk, person_id)

    async def unlocked_at(self, person_id: str) -> datetime | None:
        """By the audit."""
        done = "person_id = ? AND kind = 'outcome' AND action = ? AND result = 'done'"
        sql = f"SELECT at FROM audit WHERE {done} ORDER BY seq DESC LIMIT 1"  # noqa: S608 - no value stands in it
        row = await self._desk.store.one(sql, person_id, UnlockDirectory.action)
        return datetime.fromisoformat(str(row["at"])) if row else None

    async def frozen_until(self, person_id: str) -> datetime | None:
        """By the last challenge that this person refused."""
        return await freezing.frozen_until(self._desk.store, self._desk, person_id)

    async def wrong_passcodes(self, person_id: str, device_id: str) -> int:
        """By the audit."""
        return await wrong_passcodes.in_a_row(self._desk.store, person_id, device_id)

    async def saw_address(self, person_id: str, address: str) -> Age:
        """The person's address as just read, and its age; open links that went to another one end."""
        if await self._sent_elsewhere(self._desk.store, person_id, address):
            async with self._desk.store.transaction() as tx:
                for row in await self._sent_elsewhere(tx, person_id, address):
                    await close(tx, self._desk, row, LinkStage.ENDED, why="the address has changed")
        known = codes.keyed_fingerprint(self._desk.key, address)
        if await public_pages.open_ones(self._desk.store, person_id, not_to=known):
            async with self._desk.store.transaction() as tx:
                await public_pages.end_all(tx, self._desk, person_id, why="the address has changed", not_to=known)
        return await addresses.seen(self._desk, person_id, address)

    async def is_recovering(self, context: Context) -> bool:
        """By the row of the step's own page."""
        page = await public_pages.find(self._desk.store, context.flow_id)
        return page is not None and page.is_open(self._desk.clock.now())

    async def was_opened_by(self, context: Context, address: str) -> bool:
        """By the keyed hash that the page's row has."""
        page = await page_of(self._desk.store, context)
        return page is not None and was_opened_by(self._desk, page, address)

    async def saw_number(self, person_id: str, number: str) -> Age:
        """The number's age by the desk's own record."""
        return await addresses.seen(self._desk, person_id, number, addresses.Record.NUMBER)

    async def _sent_elsewhere(self, reading: Reading, person_id: str, address: str) -> list[Challenge]:
        known = codes.keyed_fingerprint(self._desk.key, address)
        found = await challenges.open_ones(reading, person_id=person_id)
        return [row for row in found if row.purpose not in bound.NOT_MAILED and row.address_hash != known]

    async def _open(
        self, tx: Transaction, effect: SendMagicLink, context: Context, to: str, address: str
    ) -> OpenedLink:
        agent, person_id, now = context.agent, effect.person_id, self._desk.clock.now()
        token = codes.new_token()
        about = _about(effect, context)
        start: magic_link_page.Start | challenge_acceptance.Start
        if effect.purpose is Purpose.MAGIC_LINK:
            flow, start = MAGIC_LINK_FLOW, magic_link_page.Start(about, person_id)
        else:
            flow, start = CUSTOMER_FLOW, challenge_acceptance.Start(about, person_id, self._desk.rules)
        # Claimed by nobody: whichever process serves the page goes on with it.
        flow_id = await self._rows.insert(tx, flow, start, agent, call_id=context.call_id, claim=False)
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


def _about(effect: SendMagicLink, context: Context) -> LinkAbout:
    """What the link's page says of it."""
    agent = context.agent
    about = LinkAbout(codes.new_id(), codes.new_reference(), agent.name or agent.id, effect.account)
    match effect.purpose:
        case Purpose.RESET:
            return replace(about, purpose="to verify that it is you, before you choose a new password")
        case Purpose.MAGIC_LINK:
            return replace(about, agent_name="", purpose=WHAT_FOR)
        case _:
            return about


async def _known(tx: Transaction, challenge_id: str) -> Challenge:
    row = await challenges.find(tx, challenge_id)
    if row is None:
        raise NoSuchFlowError("There is no such link.")
    return row
