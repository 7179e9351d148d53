"""The desk effects of the customer's side of a link: the code, more time, "this wasn't me", and the one approval."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from csrdesk.engine import bound, challenges, codes, evaluations, policy, public_pages, quotas, windows
from csrdesk.engine.audit import Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.changes import link_topic
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.device_pages import PAGES, asked_from
from csrdesk.engine.endings import close, close_all, expire, note
from csrdesk.engine.links import codes_left
from csrdesk.engine.store import Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.link import DENIALS, LinkStage, Purpose
from csrdesk.model.proofs import Evidence
from csrdesk.model.secret import Secret

_BEFORE_CODE = (LinkStage.SENDING, LinkStage.SENT)
_DENIED = "link.push_denied"
_AFTER_CODE = (LinkStage.CODE_RIGHT, LinkStage.DEVICE_PASSED)
_NOT_ME = "the customer said: this wasn't me"
_DENIED_TWICE = "a request was denied on the phone, twice"

Change = Callable[[Transaction, Challenge], Awaitable[Reply]]


class PageEffects:
    """Performs what the customer's flow wants of its link."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case fx.CheckCode():
                return await self._check_code(effect, context)
            case fx.RefuseChallenge():
                return await self._refuse(effect, context)
            case fx.GiveUpFactor():
                return await self._open_page(effect, context, self._give_up)
            case fx.AddPageTime():
                return await self._open_page(effect, context, self._add_time)
            case fx.NoteDevicePassed():
                return await self._open_page(effect, context, self._note_device)
            case dx.NotePushDenied():
                return await self._open_page(effect, context, partial(self._note_denial, context))
            case fx.ApproveChallenge():
                return await self._open_page(effect, context, partial(self._approve, effect.evidence))
            case _:
                return None

    async def _check_code(self, effect: fx.CheckCode, context: Context) -> Reply:
        counted = await self._desk.store.at_once(inside(partial(self._count_try, effect, context)))
        if isinstance(counted, Reply):
            return counted
        typed = context.secret or Secret("")
        of_address = counted.purpose is Purpose.SPOKEN_ADDRESS
        right = codes.is_right(typed, self._desk.key, counted.id, counted.attempt, of_address=of_address)
        return await self._desk.store.at_once(inside(partial(self._judge, effect, context, counted, right=right)))

    async def _judge(
        self, effect: fx.CheckCode, context: Context, counted: Challenge, tx: Transaction, *, right: bool
    ) -> Reply:
        row = await expire(tx, self._desk, await self._row(tx, effect, context))
        if row.stage not in _BEFORE_CODE:
            return r.LinkOver(row.stage)
        if right and row.attempt == counted.attempt:
            return await self._code_right(tx, row, context.browser)
        await quotas.count_wrong(tx, self._desk, context.source)
        return await self._code_wrong(tx, row)

    async def _count_try(self, effect: fx.CheckCode, context: Context, tx: Transaction) -> Challenge | Reply:
        """Count before comparing, durably: whatever happens next, this try is spent."""
        row = await expire(tx, self._desk, await self._row(tx, effect, context))
        if row.stage not in _BEFORE_CODE:
            return r.LinkOver(row.stage)
        if not await self._tries_left(tx, row):
            return await self._too_many(tx, row)
        now = stamp(self._desk.clock.now())
        await tx.execute("INSERT INTO tries VALUES (?, ?, ?)", row.id, row.person_id, now)
        # At the spoken address strangers' wrong codes are counted there, by where they come from.
        spent = 0 if row.purpose is Purpose.SPOKEN_ADDRESS else 1
        return await challenges.save(tx, row, quietly=True, tries=row.tries + spent)

    async def _tries_left(self, tx: Transaction, row: Challenge) -> int:
        tried = 0 if row.purpose is Purpose.SPOKEN_ADDRESS else row.tries
        of_link = self._desk.limits.codes_per_link - tried
        return max(0, min(of_link, await codes_left(tx, self._desk, row.person_id)))

    async def _too_many(self, tx: Transaction, row: Challenge) -> Reply:
        await close(tx, self._desk, row, LinkStage.TOO_MANY_CODES, why="too many codes were tried")
        return r.LinkOver(LinkStage.TOO_MANY_CODES)

    async def _code_right(self, tx: Transaction, row: Challenge, browser: str) -> Reply:
        until = self._desk.clock.now() + self._desk.page
        stage = LinkStage.CODE_RIGHT
        row = await challenges.save(tx, row, stage=stage, browser=browser, page_until=until)
        await self._desk.audit.append(tx, note(row, "link.code_right", by="customer"))
        return r.CodeRight(until)

    async def _code_wrong(self, tx: Transaction, row: Challenge) -> Reply:
        left = await self._tries_left(tx, row)
        await self._desk.audit.append(tx, note(row, "link.code_wrong", by="customer", left=left))
        tx.wake(link_topic(row.id))
        return r.CodeWrong(left) if left else await self._too_many(tx, row)

    async def _refuse(self, effect: fx.RefuseChallenge, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await self._row(tx, effect, context)
            if not row.stage.open:
                return r.LinkOver(row.stage)
            why = _DENIED_TWICE if row.denied >= DENIALS else _NOT_ME
            row = await close(tx, desk, row, LinkStage.NOT_ME, why=why)
            # Bound to the browser that said so, which alone goes on seeing what came of it.
            await challenges.save(tx, row, browser=row.browser or context.browser)
            await desk.audit.append(tx, note(row, "link.not_me", kind=Kind.ALERT, by="customer"))
            for page in await asked_from(tx, row):
                await close(tx, desk, page, LinkStage.NOT_ME, why=why)
            await close_all(tx, desk, why=why, person_id=row.person_id)
            await public_pages.end_all(tx, desk, row.person_id, why=why)
            # Here, not by the agent's side alone: a step of its own that is bound to the call cannot end it.
            if await windows.end(tx, row.call_id, desk.clock.now()):
                await desk.audit.append(tx, note(row, "verification.ended", why=why))
        return r.ChallengeRefused()

    async def _give_up(self, tx: Transaction, row: Challenge) -> Reply:
        await close(tx, self._desk, row, LinkStage.NO_FACTOR, why="the customer can use no device")
        return r.Noted()

    async def _add_time(self, tx: Transaction, row: Challenge) -> Reply:
        if row.page_extended:
            return r.NoMoreTime()
        until = row.deadline + self._desk.page
        if row.purpose is Purpose.PASSWORD:
            # Nothing is written once the verified window has ended, so the page does not promise it.
            window = await windows.newest(tx, row.call_id)
            until = min(until, window.verified_until) if window else row.deadline
            if until <= row.deadline:
                return r.NoMoreTime()
        row = await challenges.save(tx, row, page_until=until, page_extended=1)
        await self._desk.audit.append(tx, note(row, "link.page_extended", by="customer"))
        return r.PageTimeAdded(until)

    async def _note_device(self, tx: Transaction, row: Challenge) -> Reply:
        row = await challenges.save(tx, row, stage=LinkStage.DEVICE_PASSED)
        await self._desk.audit.append(tx, note(row, "link.device_passed", by="customer"))
        return r.Noted()

    async def _note_denial(self, context: Context, tx: Transaction, row: Challenge) -> Reply:
        known = "SELECT 1 FROM audit WHERE call_id = ? AND action = ? AND key = ?"
        if await tx.one(known, row.call_id, _DENIED, context.key):
            # The step was interrupted after this and is performed again: nobody has pressed Deny a second time.
            return dr.PushDenialNoted(row.denied)
        row = await challenges.save(tx, row, denied=row.denied + 1)
        alert = note(row, _DENIED, kind=Kind.ALERT, times=row.denied)
        await self._desk.audit.append(tx, msgspec.structs.replace(alert, key=context.key))
        return dr.PushDenialNoted(row.denied)

    async def _approve(self, evidence: Evidence, tx: Transaction, row: Challenge) -> Reply:
        desk = self._desk
        policy.approve(evidence, device_passed=row.stage is LinkStage.DEVICE_PASSED)
        shown = msgspec.json.encode(evidence)
        if not await challenges.consume(tx, row, now=desk.clock.now(), evidence=shown):
            return r.LinkOver(row.stage)
        await evaluations.end(tx, row.flow_id, succeeded=True, now=desk.clock.now())
        proofs = ", ".join(f"{proof.method} ({proof.strength.value})" for proof in evidence.proofs)
        await desk.audit.append(tx, note(row, "link.approved", by="customer", shown=evidence.label, proofs=proofs))
        # The page that asked for a magic link goes on by it.
        but = frozenset([page.id for page in await asked_from(tx, row)])
        await close_all(tx, desk, why="another link was approved", person_id=row.person_id, but=but)
        return r.ChallengeApproved()

    async def _open_page(self, effect: _OfPage, context: Context, change: Change) -> Reply:
        """`change` the link while its page is open: after the right code, inside the page's clock."""

        async def changed(tx: Transaction) -> Reply:
            row = await expire(tx, self._desk, await self._row(tx, effect, context))
            return await change(tx, row) if row.stage in _AFTER_CODE else r.LinkOver(row.stage)

        return await self._desk.store.at_once(inside(changed))

    async def _row(self, tx: Transaction, effect: _OfPage, context: Context) -> Challenge:
        purposes = _PURPOSES.get(type(effect), bound.VERIFYING)
        return await bound.of_page(tx, effect.challenge_id, context, effect.person_id, purposes)


_PURPOSES: dict[type[Effect], frozenset[Purpose]] = {
    fx.AddPageTime: bound.ANY,
    fx.RefuseChallenge: bound.ANY,
    fx.CheckCode: bound.CODED,
    fx.ApproveChallenge: bound.CODED,
    dx.NotePushDenied: bound.VERIFYING | PAGES,
}
"""What each page can do; the rest verifies, and is for links that do."""
_OfPage = (
    fx.CheckCode
    | fx.RefuseChallenge
    | fx.GiveUpFactor
    | fx.AddPageTime
    | fx.NoteDevicePassed
    | fx.ApproveChallenge
    | dx.NotePushDenied
)
