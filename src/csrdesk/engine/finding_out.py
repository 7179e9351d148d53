"""What is answered to an effect whose intent is on record already: it is not performed again, whoever comes back to it.

A message may have been sent; a write is read back, and what is found becomes the outcome that its intent was missing.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.engine import unknown
from csrdesk.engine.audit import AuditRow
from csrdesk.engine.desk import Desk
from csrdesk.flows import effects as fx
from csrdesk.flows.directory_effects import SetDirectoryExpiry
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import AccountEffect, Effect, Failed, Kind, Reply
from csrdesk.flows.replies import SecretLost
from csrdesk.model.days import words_of


class FindingOut:
    """Looks after the acts that a sudden end left without an outcome."""

    def __init__(self, desk: Desk, outside: Perform) -> None:
        self._desk = desk
        self._outside = outside

    async def again(self, effect: Effect, context: Context) -> Reply:
        """The reply to an effect whose intent is on record. Raises `StoreUnavailableError`, with nothing written."""
        if not isinstance(effect, AccountEffect):
            await self.maybe_sent(effect, context)
            return unknown.MAY_HAVE_BEEN_SENT
        intent = await self._open(context)
        if intent is None and (known := await self._failed(context)):
            return known
        read = await self._outside(unknown.question(effect), context)
        if isinstance(effect, unknown.OfDevice):
            reply = unknown.found_device(effect, read)
        else:
            since = intent.at if intent else await self._begun_at(context)
            ends = words_of(effect.ends_at) if isinstance(effect, SetDirectoryExpiry) else ""
            enabled = getattr(effect, "enabled", None)
            reply = unknown.found(effect.action, read, enabled=enabled, ends=ends, since=since)
        if intent and reply:
            await self._write(intent, reply, context)
        return reply or unknown.UNKNOWN

    async def settle(self, effect: fx.ReadAccount, read: Reply, context: Context) -> None:
        """Write down what `read` says of acts that this flow began before, as far as it tells."""
        for intent in await self._desk.audit.unknown():
            if intent.key.startswith(f"{context.flow_id}:") and "act" in intent.details:
                told = read
                if intent.action == fx.EndSessions.action:
                    told = await self._outside(fx.ReadSessions(person_id=effect.person_id), context)
                enabled = intent.details.get("enabled")
                ends = str(intent.details.get("ends_at", ""))
                enabled = None if enabled is None else bool(enabled)
                reply = unknown.found(intent.action, told, enabled=enabled, ends=ends)
                if reply:
                    await self._write(intent, reply, context)

    async def _write(self, intent: AuditRow, reply: Reply, context: Context) -> None:
        done = reply is not unknown.NOT_DONE
        result = unknown.FOUND_DONE if done else unknown.FOUND_NOT_DONE
        await self._desk.audit.write(unknown.outcome(intent, context.agent.id, result, changed=done))

    async def without_secret(self, effect: Effect, context: Context) -> Reply:
        """The reply where what was typed is gone: what was done with it before, or that it has to be typed again."""
        if isinstance(effect, AccountEffect):
            reply = await self.again(effect, context) if await self._begun_at(context) else None
            return SecretLost() if reply is None or isinstance(reply, Failed) else reply
        await self.maybe_sent(effect, context)
        return SecretLost()

    async def maybe_sent(self, effect: Effect, context: Context) -> None:
        """Write down, once, that nobody knows whether a message went: it asks for nobody's attention any more."""
        intent = await self._open(context) if effect.kind is Kind.SEND else None
        if intent:
            code = "may_have_been_sent"
            await self._desk.audit.write(unknown.outcome(intent, context.agent.id, unknown.MAYBE_SENT, code=code))

    async def _open(self, context: Context) -> AuditRow | None:
        """The step's intent, where no outcome is on record."""
        found = await self._desk.store.one("SELECT seq FROM open_intents WHERE key = ?", context.key)
        return await self._desk.audit.row(int(str(found["seq"]))) if found else None

    async def _begun_at(self, context: Context) -> datetime | None:
        """When the step's intent was written; None where there is none."""
        sql = "SELECT at FROM audit WHERE key = ? AND kind = 'intent'"
        found = await self._desk.store.one(sql, context.key)
        return datetime.fromisoformat(str(found["at"])) if found else None

    async def _failed(self, context: Context) -> Reply | None:
        """What the step's outcome says, where it says that it failed."""
        sql = "SELECT seq FROM audit WHERE call_id = ? AND key = ? AND kind = 'outcome' ORDER BY seq LIMIT 1"
        found = await self._desk.store.one(sql, context.call_id, context.key)
        row = await self._desk.audit.row(int(str(found["seq"]))) if found else None
        return unknown.on_record(row) if row else None
