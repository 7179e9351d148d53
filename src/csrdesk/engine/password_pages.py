"""The desk effects of a password reset: the page that verified goes on to the new password, and says how it ended.

The page is a row of `challenges` like a link's, without a mail and without a token: only the browser that entered the
right code finds it, by the link it has open. What agents read of it stands in `resets`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.engine import bound, challenges, codes, facts, policy, public_pages
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all, expire, note
from csrdesk.engine.flow_rows import FlowRows
from csrdesk.engine.store import Reading, Transaction
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.flows.new_password import Start
from csrdesk.flows.prompts import Page, ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.link import LinkAbout, LinkStage, Purpose
from csrdesk.model.proofs import Act

PASSWORD_FLOW: Final = "new_password"  # noqa: S105 - the name of a flow
"""The customer's flow behind the page; the desk alone starts it."""
WHAT_FOR: Final = "to choose a new password"
_TOO_SHORT = timedelta(minutes=2)
"""A verified window that ends sooner leaves no time to think of a password."""
_TAKEN_OVER = timedelta(days=30)
"""How long after a protective disable an account counts as taken over."""


class PasswordPages:
    """Performs what both sides of a reset want of the desk."""

    def __init__(self, desk: Desk, rows: FlowRows) -> None:
        self._desk = desk
        self._rows = rows

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case pfx.OpenPasswordPage():
                return await self._open(effect, context)
            case pfx.BeginChange():
                return await self._begin(effect, context)
            case pfx.AskAnother():
                return await self._ask_another(effect, context)
            case pfx.FinishReset():
                return await self._finish(effect, context)
            case pfx.ReadReset():
                await bound.of_call(self._desk.store, effect.challenge_id, context, effect.person_id, PAGES)
                return await _said(self._desk.store, effect.challenge_id)
            case _:
                return None

    async def _open(self, effect: pfx.OpenPasswordPage, context: Context) -> Reply:
        desk, person_id = self._desk, effect.person_id
        async with desk.store.transaction() as tx:
            known = await facts.read(tx, desk, context, person_id, "", act=Act.RESET)
            policy.require_grant(Act.RESET, known)
            window = policy.verified(known)
            if missing := window.shown.missing_for(Act.RESET):
                return pr.NoPasswordPage(f"{missing} Send a link for it.")
            if window.verified_until - known.now < _TOO_SHORT:
                return pr.NoPasswordPage("The verified window ends in a moment. Send a link that starts a new one.")
            policy.require_proof(Act.RESET, known, desk.limits)
            before = await challenges.find(tx, window.challenge_id)
            if before is None or not before.browser:
                return pr.NoPasswordPage("The page that verified this caller is gone. Send a link for a new one.")
            await close_all(tx, desk, why="a page for a new password", agent=context.agent.id, person_id=person_id)
            row = await self._insert(tx, effect, context, before, window.verified_until)
            await desk.audit.append(tx, note(row, "reset.opened", agent=context.agent.id))
        return pr.PasswordPageOpened(row.link(desk.limits), window.verified_until)

    async def _insert(
        self, tx: Transaction, effect: pfx.OpenPasswordPage, context: Context, before: Challenge, until: datetime
    ) -> Challenge:
        agent, now = context.agent, self._desk.clock.now()
        ends = min(now + self._desk.page, until)
        about = LinkAbout(codes.new_id(), before.reference, agent.name or agent.id, effect.account, WHAT_FOR)
        taken_over = await facts.was_protected_since(tx, effect.person_id, now - _TAKEN_OVER)
        start = Start(about, effect.person_id, effect.dn, effect.reason, effect.ticket, Page(ends), taken_over)
        flow_id = await self._rows.insert(tx, PASSWORD_FLOW, start, agent, call_id=context.call_id, claim=False)
        row = Challenge(
            id=about.challenge_id,
            call_id=context.call_id,
            agent=agent.id,
            person_id=effect.person_id,
            purpose=Purpose.PASSWORD,
            flow_id=flow_id,
            # Nobody is told the token: the page is found by the link that verified, in the browser that did.
            token_hash=codes.fingerprint(codes.new_token().reveal()),
            reference=before.reference,
            sent_to=before.sent_to,
            address_hash=before.address_hash,
            stage=LinkStage.CODE_RIGHT,
            created_at=now,
            accepted_at=now,
            expires_at=ends,
            browser=before.browser,
            page_until=ends,
        )
        await challenges.insert(tx, row)
        newest = "(SELECT coalesce(max(nr), 0) + 1 FROM resets WHERE continues = ?)"
        sql = f"INSERT INTO resets (challenge_id, continues, lines, nr) VALUES (?, ?, ?, {newest})"  # noqa: S608 - our words
        await tx.execute(sql, row.id, before.id, b"[]", before.id)
        return row

    async def _begin(self, effect: pfx.BeginChange, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await expire(tx, desk, await self._row(tx, effect, context))
            if row.stage is LinkStage.SETTING:
                return r.Noted()  # the step was interrupted after this and is performed again
            if not row.stage.open:
                return r.LinkOver(row.stage)
            known = await facts.read(tx, desk, context, effect.person_id, "", act=Act.RESET)
            policy.require_proof(Act.RESET, known, desk.limits)
            await challenges.save(tx, row, stage=LinkStage.SETTING)
        return r.Noted()

    async def _ask_another(self, effect: pfx.AskAnother, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await self._row(tx, effect, context)
            if row.stage is LinkStage.SETTING:
                row = await challenges.save(tx, row, stage=LinkStage.CODE_RIGHT)
            if effect.lines:
                await _keep(tx, row.id, effect.lines)
            row = await expire(tx, desk, row)
        return r.Noted() if row.stage.open else r.LinkOver(row.stage)

    async def _finish(self, effect: pfx.FinishReset, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await self._row(tx, effect, context)
            if row.stage is effect.stage:
                return r.Noted()  # the step was interrupted after this and is performed again
            if effect.stage is not LinkStage.APPROVED and not (row.stage.open or row.stage is LinkStage.SETTING):
                return r.LinkOver(row.stage)
            await _keep(tx, row.id, effect.lines, effect.later)
            row = await challenges.save(tx, row, stage=effect.stage, ended_at=desk.clock.now())
            await desk.audit.append(tx, note(row, f"reset.{effect.stage.value}", by="customer"))
            if effect.stage is LinkStage.APPROVED:
                await close_all(tx, desk, why="the password was changed", person_id=row.person_id)
                await public_pages.end_all(tx, desk, row.person_id, why="the password was changed")
        return r.Noted()

    async def _row(self, tx: Transaction, effect: _OfPage, context: Context) -> Challenge:
        return await bound.of_page(tx, effect.challenge_id, context, effect.person_id, PAGES)


_OfPage = pfx.BeginChange | pfx.AskAnother | pfx.FinishReset
PAGES: Final = frozenset({Purpose.PASSWORD})


async def going_on(reading: Reading, challenge_id: str) -> Challenge | None:
    """The newest page for a new password that goes on from the page of that link."""
    sql = "SELECT challenge_id FROM resets WHERE continues = ? ORDER BY nr DESC LIMIT 1"
    row = await reading.one(sql, challenge_id)
    return await challenges.find(reading, str(row["challenge_id"])) if row else None


async def _keep(tx: Transaction, challenge_id: str, lines: tuple[ResultLine, ...], later: Later | None = None) -> None:
    sql = "UPDATE resets SET lines = ?, later = ? WHERE challenge_id = ?"
    await tx.execute(sql, msgspec.json.encode(lines), msgspec.json.encode(later), challenge_id)


async def _said(reading: Reading, challenge_id: str) -> pr.ResetIs:
    row = await reading.one("SELECT lines, later FROM resets WHERE challenge_id = ?", challenge_id)
    return msgspec.convert(row, _Said).told if row else pr.ResetIs()


class _Said(msgspec.Struct, frozen=True):
    lines: bytes
    later: bytes

    @property
    def told(self) -> pr.ResetIs:
        lines = msgspec.json.decode(self.lines, type=tuple[ResultLine, ...])
        return pr.ResetIs(lines, msgspec.json.decode(self.later, type=Later | None))
