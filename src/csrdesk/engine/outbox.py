"""Sends the mails that could not be sent at once, and those about alerts: again and again, until their time is over.

Each try passes the guard with a key of its own, so it has its intent and its outcome in the audit, and of two processes
one sends. What is not sent in its time is an alert in the audit, and is shown where the act is shown.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

from msgspec.structs import replace

from csrdesk.engine import outgoing
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.engine.desk import Desk
from csrdesk.engine.exceptions import words_for
from csrdesk.engine.finishing import to_the_end
from csrdesk.engine.outgoing import OUTBOX, Outgoing, Stage
from csrdesk.engine.store import Transaction
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context, Perform
from csrdesk.flows.kernel import Effect, Failed, Reply

log = logging.getLogger(__name__)

NOT_TOLD: Final = "notice.not_sent"
"""The alert that a customer was not told of a change in time."""
_LEASE: Final = timedelta(seconds=60)
"""Longer than a try takes; who has not come back by then has ended."""
_AT_ONCE: Final = 8
_PAUSE: Final = 0.5
"""Seconds before the next try where the database could not be used."""
_WRITES: Final = 3
"""How often it is tried to write down what came of a mail; after that nobody knows."""
_FOR_GOOD: Final = frozenset({"invalid_value", "not_found", "unauthorized", "forbidden"})
"""Another try would be answered the same."""
_AGAIN = " Try again in a moment."
"""What people would be told, where nobody tries again for them."""
_MAYBE = "csrdesk stopped while it was sent, so nobody knows whether it was."


class Through(Protocol):
    """The guard."""

    async def __call__(self, effect: Effect, context: Context) -> Reply: ...


class Queueing:
    """Performs as `outside` does; a mail to a customer that was not taken is queued."""

    def __init__(self, desk: Desk, outside: Perform) -> None:
        self._desk = desk
        self._outside = outside

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        desk = self._desk
        if isinstance(effect, fx.TellCustomer) and not _is_later(context):
            with suppress(StoreUnavailableError):  # told without it, rather than not told
                effect = replace(effect, exception=await words_for(desk.store, context.call_id, effect.person_id))
        reply = await self._outside(effect, context)
        if not isinstance(effect, fx.TellCustomer) or not may_be_sent_later(reply) or _is_later(context):
            return reply
        seconds = desk.limits.notice_seconds
        mail = outgoing.to_customer(effect, context.call_id, context.agent.id, desk.clock.now(), seconds=seconds)
        async with desk.store.transaction() as tx:
            await outgoing.insert(tx, mail)
        return r.NoticeQueued(mail.id, words(reply), mail.until)


class Outbox:
    """One process's part in sending what is queued."""

    def __init__(self, desk: Desk) -> None:
        self.trouble = ""
        """That somebody was not told, in words, until a mail can be sent again."""
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        """What came of a queued mail, once it is settled; None for any other effect."""
        del context
        if not isinstance(effect, fx.AwaitNotice):
            return None
        with self._desk.changes.listen(OUTBOX) as news:
            while True:
                news.clear()
                mail = await outgoing.find(self._desk.store, effect.notice_id)
                if mail is None or mail.stage is not Stage.WAITING:
                    return _came_of(mail)
                await news.wait()

    async def run(self, send: Through) -> None:
        """Send what is due, for as long as the process lives; runs until it is cancelled."""
        clock, store = self._desk.clock, self._desk.store
        with self._desk.changes.listen(OUTBOX) as news:
            while True:
                news.clear()
                try:
                    waiting = await outgoing.next_ones(store, _AT_ONCE)
                    due = [mail for mail in waiting if mail.next_at <= clock.now()]
                    if due:
                        await to_the_end(self._send_all(due, send))
                        continue
                except StoreUnavailableError as error:
                    log.warning("queued mails could not be read: %s", error.message)
                    await asyncio.sleep(_PAUSE)
                    continue
                later = [asyncio.ensure_future(clock.sleep_until(mail.next_at)) for mail in waiting[:1]]
                try:
                    await news.wait(*later)
                finally:
                    for sleep in later:
                        sleep.cancel()

    async def _send_all(self, due: list[Outgoing], send: Through) -> None:
        await asyncio.gather(*(self._send(mail, send) for mail in due))

    async def _send(self, mail: Outgoing, send: Through) -> None:
        claimed = await self._claim(mail)
        if claimed is None:
            return
        agent = Agent(claimed.agent)
        context = Context(f"{_LATER}{claimed.id}", claimed.tries + 1, claimed.call_id, agent)
        reply = await send(claimed.letter, context)
        tried = replace(claimed, tries=claimed.tries + 1, claimed=0)
        for _ in range(_WRITES):
            with suppress(StoreUnavailableError):
                await self._settle(tried, reply)
                return
            await asyncio.sleep(_PAUSE)
        log.error("what came of mail %s could not be written down", mail.id)

    async def _claim(self, mail: Outgoing) -> Outgoing | None:
        """The mail, from now on ours to send; None where it is somebody else's or is over."""
        now = self._desk.clock.now()
        async with self._desk.store.transaction() as tx:
            fresh = await outgoing.find(tx, mail.id)
            if fresh is None or fresh.stage is not Stage.WAITING or fresh.next_at > now:
                return None
            if fresh.claimed:
                await outgoing.save(tx, replace(fresh, stage=Stage.MAYBE, claimed=0, message=_MAYBE))
                return None
            ours = replace(fresh, claimed=1, next_at=now + _LEASE)
            await outgoing.save(tx, ours)
            return ours

    async def _settle(self, mail: Outgoing, reply: Reply) -> None:
        now = self._desk.clock.now()
        said = replace(mail, message=words(reply), next_at=now)
        again = now + outgoing.pause(mail.tries)
        async with self._desk.store.transaction() as tx:
            if may_be_sent_later(reply) and now < mail.until:
                await outgoing.save(tx, replace(said, next_at=min(again, mail.until)))
                return
            said = replace(said, stage=_STAGES.get(type(reply), Stage.NOT_SENT))
            await outgoing.save(tx, said)
            await outgoing.forget(tx, now)
            await self._say(tx, said)

    async def _say(self, tx: Transaction, mail: Outgoing) -> None:
        letter = mail.letter
        if mail.stage is Stage.SENT:
            self.trouble = ""
        elif isinstance(letter, fx.TellCustomer):
            await self._desk.audit.append(tx, _alert(mail, letter))
            self.trouble = f"A customer was not told by mail that their account was changed. {mail.message}"


_LATER = "outbox-"
_STAGES = {r.CustomerTold: Stage.SENT, r.AlertMailed: Stage.SENT}


def _is_later(context: Context) -> bool:
    """Whether this is another try of what is queued already."""
    return context.flow_id.startswith(_LATER)


def may_be_sent_later(reply: Reply) -> bool:
    """Whether another try may come to another end."""
    return isinstance(reply, Failed) and reply.problem.code not in _FOR_GOOD


def words(reply: Reply) -> str:
    """What a reply says of the mail."""
    match reply:
        case Failed(problem):
            return problem.message.removesuffix(_AGAIN)
        case r.CustomerNotTold(message) | r.CustomerTold(message):
            return message
        case _:
            return ""


def _came_of(mail: Outgoing | None) -> Reply:
    match mail:
        case Outgoing(stage=Stage.SENT, message=message):
            return r.CustomerTold(message)
        case Outgoing(stage=Stage.NOT_SENT, message=message):
            return r.CustomerNotTold(message)
        case _:
            return r.CustomerNotTold(_MAYBE)


def _alert(mail: Outgoing, letter: fx.TellCustomer) -> Entry:
    details: dict[str, Detail] = {"change": letter.change.value, "tries": mail.tries}
    return Entry(
        kind=Kind.ALERT,
        action=NOT_TOLD,
        agent=mail.agent,
        call_id=mail.call_id,
        person_id=letter.person_id,
        result="failed",
        details=details,
    )
