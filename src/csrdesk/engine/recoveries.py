"""The desk effects of an account recovery: limits counted for the typed address, whose page it is, and how it ends.

Whatever is counted is counted by the keyed hash of what was typed, in the same rows whether or not anybody has it.
"""

from __future__ import annotations

import math
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from csrdesk.engine import codes, public_pages, quotas
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all
from csrdesk.engine.public_pages import PublicPage, note
from csrdesk.engine.quotas import DAY, TEN_MINUTES, Over
from csrdesk.engine.store import Transaction
from csrdesk.errors import ForbiddenError
from csrdesk.flows import recovery_effects as rfx
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.recovery import Stage

CODES = (("recoveries_per_address_in_ten_minutes", TEN_MINUTES), ("recoveries_per_address_a_day", DAY))
TRIES = (("recovery_tries_per_address_a_day", DAY),)
TOO_MANY_CODES = "Too often a code was asked for with this address."
TOO_MANY_TRIES = "Too many codes were tried for this address."
BEATS = 5
"""How many of the pages' answering times pass before a code is judged: so long may it take to send one."""


class RecoveryEffects:
    """Performs what the recovery's flow wants of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case rfx.Linger():
                await self._desk.clock.sleep_until(self._desk.clock.now() + self._answer)
                return r.TimeCame()
            case rfx.BeginRecovery():
                return await self._begin(effect, context)
            case rfx.BindRecovery():
                return await self._bind(effect, context)
            case rfx.CountTry():
                return await self._count_try(context)
            case rfx.CountResend():
                return await self._count_resend(context)
            case rfx.FinishRecovery():
                return await self._finish(effect, context)
            case _:
                return None

    @property
    def _answer(self) -> timedelta:
        return timedelta(seconds=self._desk.limits.recovery_answer_seconds)

    async def _begin(self, effect: rfx.BeginRecovery, context: Context) -> Reply:
        desk, mark = self._desk, codes.keyed_fingerprint(self._desk.key, effect.address)
        async with desk.store.transaction() as tx:
            row = await self._row(tx, context)
            if row.address_hash:
                return rr.RecoveryBegun(mark)  # the step was interrupted after this and is performed again
            if over := await self._over_codes(tx, mark):
                return _limited(over)
            await self._count_code(tx, replace(row, address_hash=mark))
        return rr.RecoveryBegun(mark)

    async def _bind(self, effect: rfx.BindRecovery, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = replace(await self._row(tx, context), person_id=effect.person_id, stage=effect.stage)
            row = replace(row, risk=msgspec.json.encode(effect.found))
            await public_pages.save(tx, replace(row, quiet_until=desk.clock.now() + BEATS * self._answer))
            risk = effect.found.risk
            await desk.audit.append(tx, note(row, "recovery.opened", risk=risk.id if risk else ""))
        return r.Noted()

    async def _count_try(self, context: Context) -> Reply:
        """Durable before the try is made: whatever happens next, it is spent."""
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await self._row(tx, context)
            if not row.is_open(desk.clock.now()):
                return rr.RecoveryOver()
            over = await public_pages.over(tx, desk, "try", row.address_hash, TRIES, TOO_MANY_TRIES)
            if over:
                return rr.RecoveryOver()
            await public_pages.count(tx, desk, "try", row.address_hash)
            await quotas.count_wrong(tx, desk, context.source)
            row = replace(row, tries=row.tries + 1)
            await public_pages.save(tx, row)
            await desk.audit.append(tx, note(row, f"{row.word}.tried", tries=row.tries))
            over = await public_pages.over(tx, desk, "try", row.address_hash, TRIES, TOO_MANY_TRIES)
            await public_pages.alert_reached(tx, desk, over, row.person_id)
        return rr.TryCounted()

    async def _count_resend(self, context: Context) -> Reply:
        desk, now = self._desk, self._desk.clock.now()
        async with desk.store.transaction() as tx:
            row = await self._row(tx, context)
            if not row.is_open(now):
                return rr.RecoveryOver()
            pause = timedelta(seconds=desk.limits.recovery_resend_seconds)
            if row.sent_at and now < row.sent_at + pause:
                left = math.ceil((row.sent_at + pause - now).total_seconds())
                seconds = "1 second" if left == 1 else f"{left} seconds"
                words = f"A mail can take a moment. Another code can be sent in {seconds}."
                return rr.RecoveryLimited(words, math.ceil(left / 60))
            if over := await self._over_codes(tx, row.address_hash):
                return _limited(over)
            await self._count_code(tx, replace(row, quiet_until=now + BEATS * self._answer))
            await desk.audit.append(tx, note(row, f"{row.word}.resent"))
        return rr.ResendCounted()

    async def _finish(self, effect: rfx.FinishRecovery, context: Context) -> Reply:
        desk, now = self._desk, self._desk.clock.now()
        async with desk.store.transaction() as tx:
            row = await self._row(tx, context)
            if not row.stage.open:
                return r.Noted()  # ended from outside, or the step was interrupted after this
            row = replace(row, person_id=effect.person_id or row.person_id, stage=effect.stage, ended_at=now)
            await public_pages.save(tx, row)
            await desk.audit.append(tx, note(row, f"recovery.{effect.stage.value}"))
            if effect.stage is Stage.DONE and row.person_id:
                why = "the password was changed"
                await close_all(tx, desk, why=why, person_id=row.person_id)
                await public_pages.end_all(tx, desk, row.person_id, why=why, besides=row.id)
        return r.Noted()

    async def _over_codes(self, tx: Transaction, mark: str) -> Over | None:
        return await public_pages.over(tx, self._desk, "code", mark, CODES, TOO_MANY_CODES)

    async def _count_code(self, tx: Transaction, row: PublicPage) -> None:
        desk = self._desk
        await public_pages.count(tx, desk, "code", row.address_hash)
        await public_pages.save(tx, replace(row, sent_at=desk.clock.now()))
        await public_pages.alert_reached(tx, desk, await self._over_codes(tx, row.address_hash), row.person_id)

    async def _row(self, tx: Transaction, context: Context) -> PublicPage:
        row = await public_pages.find(tx, context.flow_id)
        if row is None:
            raise ForbiddenError("This step belongs to no page of a customer. Nothing was done.")
        return row


def _limited(over: Over) -> rr.RecoveryLimited:
    return rr.RecoveryLimited(over.message, math.ceil(over.after.total_seconds() / 60))
