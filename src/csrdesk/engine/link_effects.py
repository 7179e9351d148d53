"""The desk effects of the agent's side of a link: watch it, a new code, more time, its end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from csrdesk.engine import bound, call_codes, challenges
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.changes import News, link_topic
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close, expire, note
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.link import LinkStage, Purpose


class LinkEffects:
    """Performs what the agent's flow wants of a link."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case fx.AwaitChallenge():
                return await self._await(effect, context)
            case fx.NewCode():
                return await self._new_code(effect, context)
            case fx.ExtendLink():
                return await self._extend(effect, context)
            case fx.EndChallenge():
                return await self._end(effect, context)
            case _:
                return None

    async def _await(self, effect: fx.AwaitChallenge, context: Context) -> Reply:
        desk = self._desk
        with desk.changes.listen(link_topic(effect.challenge_id)) as news:
            while True:
                news.clear()
                row = await bound.of_call(desk.store, effect.challenge_id, context, effect.person_id, bound.ANY)
                if row.has_run_out(desk.clock.now()):
                    async with desk.store.transaction() as tx:
                        fresh = await bound.of_call(tx, effect.challenge_id, context, effect.person_id, bound.ANY)
                        row = await expire(tx, desk, fresh)
                if row.stage.over or (row.rev > effect.seen and row.stage is not effect.stage):
                    return r.LinkChanged(row.link(desk.limits))
                await self._news_of(row, news)

    async def _news_of(self, row: Challenge, news: News) -> None:
        if not row.stage.open:  # a password is being written: no clock ends that
            await news.wait()
            return
        deadline = asyncio.ensure_future(self._desk.clock.sleep_until(row.deadline))
        try:
            await news.wait(deadline)
        finally:
            deadline.cancel()

    async def _new_code(self, effect: fx.NewCode, context: Context) -> Reply:
        async with self._desk.store.transaction() as tx:
            row = await bound.of_call(tx, effect.challenge_id, context, effect.person_id)
            row = await expire(tx, self._desk, row)
            if row.stage is LinkStage.SENT:
                attempt = row.attempt + 1
                if row.purpose is Purpose.SPOKEN_ADDRESS:
                    attempt = await call_codes.free_attempt(tx, self._desk, row.id, attempt)
                row = await challenges.save(tx, row, attempt=attempt)
                await self._desk.audit.append(tx, note(row, "link.new_code", attempt=row.attempt))
        return r.LinkChanged(row.link(self._desk.limits))

    async def _extend(self, effect: fx.ExtendLink, context: Context) -> Reply:
        limits = self._desk.limits
        async with self._desk.store.transaction() as tx:
            row = await bound.of_call(tx, effect.challenge_id, context, effect.person_id, bound.OPENING)
            row = await expire(tx, self._desk, row)
            begun = row.accepted_at or row.created_at
            longest = begun + timedelta(seconds=limits.link_total_seconds)
            ends = min(row.expires_at + timedelta(seconds=limits.link_seconds), longest)
            if row.stage is LinkStage.SENT and (row.extended or ends <= row.expires_at):
                return r.NoMoreTime()
            if row.stage is LinkStage.SENT:
                row = await challenges.save(tx, row, expires_at=ends, extended=1)
                await self._desk.audit.append(tx, note(row, "link.extended"))
        return r.LinkChanged(row.link(limits))

    async def _end(self, effect: fx.EndChallenge, context: Context) -> Reply:
        async with self._desk.store.transaction() as tx:
            row = await bound.of_call(tx, effect.challenge_id, context, effect.person_id, bound.ANY)
            row = await close(tx, self._desk, row, effect.stage, why="the agent ended it", agent=context.agent.id)
        return r.LinkChanged(row.link(self._desk.limits))
