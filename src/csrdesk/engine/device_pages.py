"""A page of Device Authentication by itself: made for the browser of somebody whom another flow has identified.

It is a row of `challenges` like a link's, without mail and code. From it a magic link can be asked for, whose row
belongs to the same call; what the one needs to know of the other is said here.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from csrdesk.engine import bound, challenges, codes, quotas
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all, expire, note
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.public_pages import CUSTOMER
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows import device_effects as dx
from csrdesk.flows import replies as r
from csrdesk.flows.device_authentication import DeniedByCustomer, Outputs, PageEnded
from csrdesk.flows.device_inputs import Inputs
from csrdesk.flows.device_page import Start
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Done, Effect, Reply
from csrdesk.flows.prompts import Page
from csrdesk.model.link import LinkAbout, LinkStage, Purpose
from csrdesk.model.masking import mask_email
from csrdesk.model.secret import Secret

DEVICE_FLOW: Final = "device_authentication"
"""The flow behind the page; the desk alone starts it."""
WHAT_FOR: Final = "to confirm that it is you"
PAGES: Final = frozenset({Purpose.DEVICE})


class OpenedPage(msgspec.Struct, frozen=True):
    """A page that was made. Cannot be encoded: the token goes to the browser and nowhere else."""

    challenge_id: str
    token: Secret
    """`/v/{token}` shows the page to the browser that it was made for, and opens nothing elsewhere."""


class DevicePages:
    """Makes such pages for other flows, says what came of them, and performs what they want of the desk."""

    def __init__(self, desk: Desk, rows: FlowRows) -> None:
        self._desk = desk
        self._rows = rows

    async def open(self, inputs: Inputs, *, account: str, browser: str, purpose: str = WHAT_FOR) -> OpenedPage:
        """A page for the browser with this cookie, which somebody else has seen to be the person's.

        `account` names it as customers' pages do: `M*** S***, ending 41`. Of `inputs.email` a keyed hash is kept, to
        compare with, and in the flow's state the masked form.
        """
        desk = self._desk
        now = desk.clock.now()
        until, token = now + desk.page, codes.new_token()
        about = LinkAbout(codes.new_id(), codes.new_reference(), "", account, purpose)
        masked = replace(inputs, email=mask_email(inputs.email) if inputs.email else "")
        async with desk.store.transaction() as tx:
            start = Start(masked, about, Page(until))
            flow_id = await self._rows.insert(tx, DEVICE_FLOW, start, CUSTOMER, claim=False)
            row = Challenge(
                id=about.challenge_id,
                call_id=flow_id,
                agent=CUSTOMER.id,
                person_id=inputs.p1_user_id,
                purpose=Purpose.DEVICE,
                flow_id=flow_id,
                token_hash=codes.fingerprint(token.reveal()),
                reference=about.reference,
                sent_to="",
                address_hash=_hash(desk, inputs.email) if inputs.email else "",
                stage=LinkStage.CODE_RIGHT,
                created_at=now,
                accepted_at=now,
                expires_at=until,
                browser=codes.fingerprint(browser),
                page_until=until,
            )
            await challenges.insert(tx, row)
            await desk.audit.append(tx, note(row, "device_page.opened"))
        return OpenedPage(row.id, token)

    async def result(self, challenge_id: str) -> Outputs | None:
        """What came of the page; None while it is open. Raises `NoSuchFlowError`."""
        row = await challenges.find(self._desk.store, challenge_id)
        if row is None or row.purpose is not Purpose.DEVICE:
            raise NoSuchFlowError("There is no such page.")
        running = await self._rows.load(row.flow_id)
        now = self._desk.clock.now()
        match running.want:
            case Done(Outputs() as outputs):
                return outputs
            case _ if row.stage.open and not row.has_run_out(now):
                return None
            case _ if row.stage is LinkStage.APPROVED and now < row.deadline:
                return None  # approved this moment: the flow's last step is on its way
            case _ if row.stage is LinkStage.NOT_ME:
                return DeniedByCustomer().want().outcome
            case _:
                stage = LinkStage.EXPIRED if row.stage.open else row.stage
                return PageEnded(stage).want().outcome

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        return await self._finish(effect, context) if isinstance(effect, dx.FinishPage) else None

    async def _finish(self, effect: dx.FinishPage, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await bound.of_page(tx, effect.challenge_id, context, effect.person_id, PAGES)
            row = await expire(tx, desk, row)
            if row.stage is effect.stage:
                return r.Noted()  # the step was interrupted after this and is performed again
            if not row.stage.open:
                return r.LinkOver(row.stage)
            row = await challenges.save(tx, row, stage=effect.stage, ended_at=desk.clock.now())
            proof = effect.proof
            shown = f"{proof.method} ({proof.strength.value})" if proof else ""
            await desk.audit.append(tx, note(row, f"device_page.{effect.stage.value}", shown=shown))
            await close_all(tx, desk, why="the page that asked for it is done", call_id=row.call_id)
        return r.Noted()


async def page_of(reading: Reading, context: Context) -> Challenge | None:
    """The page that this flow is, of whatever purpose."""
    sql = "SELECT * FROM challenges WHERE call_id = ? AND flow_id = ?"
    row = await reading.one(sql, context.call_id, context.flow_id)
    return msgspec.convert(row, Challenge) if row else None


async def asked_from(reading: Reading, link: Challenge) -> list[Challenge]:
    """The open page that a magic link was asked for from; none for any other link."""
    if link.purpose is not Purpose.MAGIC_LINK:
        return []
    return [row for row in await challenges.open_ones(reading, call_id=link.call_id) if row.purpose is Purpose.DEVICE]


def was_opened_by(desk: Desk, page: Challenge, address: str) -> bool:
    """Whether that address's mailbox is the one that the page stands on already: then it proves nothing new.

    Neither letter case nor two spellings of a letter tell addresses apart.
    """
    return bool(page.address_hash) and page.address_hash in (
        _hash(desk, address),
        codes.keyed_fingerprint(desk.key, address),
    )


def why_no_magic_link(desk: Desk, page: Challenge | None, address: str) -> str:
    """Why no magic link to that address may be asked for from there, in words; empty where it may."""
    if page is None or page.purpose is not Purpose.DEVICE or not page.stage.open:
        return "Only an open page of Device Authentication asks for a magic link. Nothing was sent."
    if was_opened_by(desk, page, address):
        return "A link to the mailbox that opened this page would prove nothing new. Nothing was sent."
    return ""


async def not_sent(tx: Transaction, desk: Desk, person_id: str, why: str) -> r.LinkNotSent:
    """The refusal of a magic link; of a limit the customer reads when it ends."""
    over = await quotas.links(tx, desk, person_id, CUSTOMER.id)
    if over is None:
        return r.LinkNotSent(why)
    again = quotas.in_words(max(over.after, timedelta(0)))
    words = f"Enough links were sent for now. Another one is possible {again}. Nothing was sent."
    return r.LinkNotSent(words, code="limit_reached")


def _hash(desk: Desk, address: str) -> str:
    return codes.keyed_fingerprint(desk.key, unicodedata.normalize("NFKC", address))
