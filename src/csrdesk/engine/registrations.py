"""The desk effects of a registration: counted for the typed address, whose account it becomes, and how it ends.

What is counted is counted with account recovery, whose tries and resends these pages share: by the keyed hash of the
address, in the same rows whether or not anybody has it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from csrdesk.engine import codes, public_pages
from csrdesk.engine.desk import Desk
from csrdesk.engine.public_pages import PublicPage, note
from csrdesk.engine.recoveries import BEATS, CODES, TOO_MANY_CODES
from csrdesk.engine.store import Transaction
from csrdesk.errors import ForbiddenError
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import registration_effects as gx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.recovery import Stage
from csrdesk.model.secret import Secret

FLOW: Final = "registration"
RESUMED_WITHIN: Final = timedelta(hours=24)
"""A registration that was begun longer ago is not gone on with: its flow may be purged by then."""


class RegistrationEffects:
    """Performs what the registration's flow wants of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case gx.BeginRegistration():
                return await self._begin(effect, context)
            case gx.NoteRegistration():
                return await self._note(effect, context)
            case gx.FinishRegistration():
                return await self._finish(effect, context)
            case _:
                return None

    async def _begin(self, effect: gx.BeginRegistration, context: Context) -> Reply:
        """Also for a second address on the same page, which is another request for a code."""
        desk, mark = self._desk, codes.keyed_fingerprint(self._desk.key, effect.address)
        now, beat = desk.clock.now(), timedelta(seconds=desk.limits.recovery_answer_seconds)
        async with desk.store.transaction() as tx:
            row = await _row(tx, context)
            if over := await public_pages.over(tx, desk, "code", mark, CODES, TOO_MANY_CODES):
                return rr.RecoveryLimited(over.message, math.ceil(over.after.total_seconds() / 60))
            await public_pages.count(tx, desk, "code", mark)
            row = replace(row, address_hash=mark, stage=Stage.ANALYSED, sent_at=now, quiet_until=now + BEATS * beat)
            await public_pages.save(tx, row)
            await desk.audit.append(tx, note(row, "registration.opened"))
            reached = await public_pages.over(tx, desk, "code", mark, CODES, TOO_MANY_CODES)
            await public_pages.alert_reached(tx, desk, reached)
        return rr.RecoveryBegun(mark)

    async def _note(self, effect: gx.NoteRegistration, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await _row(tx, context)
            if not row.is_open(desk.clock.now()):
                raise ForbiddenError("This page is over. Nothing more was done.")
            row = replace(row, person_id=effect.person_id, stage=effect.stage, until=_until(desk))
            await public_pages.save(tx, row)
            await desk.audit.append(tx, note(row, f"registration.{effect.stage.value}"))
        return r.Noted()

    async def _finish(self, effect: gx.FinishRegistration, context: Context) -> Reply:
        desk = self._desk
        async with desk.store.transaction() as tx:
            row = await _row(tx, context)
            if not row.stage.open:
                return r.Noted()  # ended from outside, or the step was interrupted after this
            row = replace(row, stage=effect.stage, ended_at=desk.clock.now(), resume_hash="")
            await public_pages.save(tx, row)
            await desk.audit.append(tx, note(row, f"registration.{effect.stage.value}"))
        return r.Noted()


async def way_back(desk: Desk, person_id: str) -> Secret | None:
    """A token that leads back to the person's half-done registration, in place of one that was given before.

    None where there is none.
    """
    async with desk.store.transaction() as tx:
        row = await public_pages.half_done(tx, person_id)
        if row is None or not _can_be_resumed(row, desk.clock.now()):
            return None
        token = codes.new_token()
        await public_pages.save(tx, replace(row, resume_hash=codes.fingerprint(token.reveal())))
    return token


async def take_up(tx: Transaction, desk: Desk, resume_token: str, browser: str) -> Secret | None:
    """Give a half-done registration to this browser, once: the token of its page, which ends it in every other one.

    None where that token leads to none.
    """
    row = await public_pages.find_by_resume(tx, codes.fingerprint(resume_token))
    if row is None or not _can_be_resumed(row, desk.clock.now()):
        return None
    token = codes.new_token()
    row = replace(row, token_hash=codes.fingerprint(token.reveal()), browser=browser, until=_until(desk))
    await public_pages.save(tx, replace(row, resume_hash=""))
    await desk.audit.append(tx, note(row, "registration.resumed"))
    return token


def _can_be_resumed(row: PublicPage, now: datetime) -> bool:
    return row.stage is Stage.CREATED and now < row.started_at + RESUMED_WITHIN


def _until(desk: Desk) -> datetime:
    return desk.clock.now() + timedelta(seconds=desk.limits.page_seconds)


async def _row(tx: Transaction, context: Context) -> PublicPage:
    row = await public_pages.find(tx, context.flow_id)
    if row is None or row.flow != FLOW:
        raise ForbiddenError("This step belongs to no registration of a customer. Nothing was done.")
    return row
