"""Whom an agent serves: of a look-up only those are answered, and who is not among them is as unknown as nobody.

Apart from the guard, which judges acts: this judges an answer. Where a scope has no limits nothing is asked or written.
"""

from __future__ import annotations

import asyncio

from csrdesk.engine import standings
from csrdesk.engine.audit import Kind, event
from csrdesk.engine.desk import Desk
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import Failed, Problem, Reply
from csrdesk.model.grants import Grants
from csrdesk.model.people import Person

HIDDEN = "lookup.out_of_scope"
"""The row about somebody who was found and not shown: only who reads the whole audit reads it."""


class Scope:
    """Answers of look-ups, for the agent who asked."""

    def __init__(self, desk: Desk, perform: Perform) -> None:
        self._desk = desk
        self._perform = perform

    async def within(self, reply: Reply, context: Context) -> Reply:
        """The answer without those whom the agent does not serve. Raises `StoreUnavailableError`."""
        grants = await standings.granted_to(self._desk, context.agent.id)
        if grants.is_everywhere:
            return reply
        match reply:
            case r.UserFound(person):
                kept = await self._kept((person,), grants, context)
                return kept if isinstance(kept, Failed) else reply if kept else r.NoSuchUser()
            case r.SeveralUsers(people, more):
                kept = await self._kept(people, grants, context)
                if isinstance(kept, Failed):
                    return kept
                if len(kept) == 1 and not more:
                    return r.UserFound(kept[0], correlation_id=reply.correlation_id)
                return r.SeveralUsers(kept, more, correlation_id=reply.correlation_id) if kept else r.NoSuchUser()
            case r.FoundInDirectory(person, protection):
                return reply if await self._keep(person, protection.dn, grants, context) else r.NoSuchUser()
            case r.OnlyInDirectory() if not grants.has_all_of_ad:
                return r.NoSuchUser()  # in which part of AD, nobody has asked
            case _:
                return reply

    async def _kept(self, people: tuple[Person, ...], grants: Grants, context: Context) -> tuple[Person, ...] | Failed:
        """Those of them whom the agent serves; a failure where AD could not be asked about one who may be one."""
        entries = await asyncio.gather(*(self._entry(person, grants, context) for person in people))
        if failed := next((found for found in entries if isinstance(found, Failed)), None):
            return failed
        kept = []
        for person, dn in zip(people, entries, strict=True):
            if await self._keep(person, str(dn), grants, context):
                kept.append(person)
        return tuple(kept)

    async def _entry(self, person: Person, grants: Grants, context: Context) -> str | Failed:
        """The name of the person's entry in AD, where that matters; empty where there is none."""
        if grants.has_all_of_ad or not standings.covers(grants, person, ""):
            return ""
        reply = await self._perform(fx.ReadProtection(person_id=person.id), context)
        if isinstance(reply, r.ProtectionRead) and not reply.protection.unchecked:
            return reply.protection.dn
        why = reply.protection.unchecked if isinstance(reply, r.ProtectionRead) else ""
        nobody_knows = Failed(Problem(f"Whether you serve this account is not known. {why}".strip()))
        return reply if isinstance(reply, Failed) else nobody_knows

    async def _keep(self, person: Person, dn: str, grants: Grants, context: Context) -> bool:
        within = standings.covers(grants, person, dn)
        async with self._desk.store.transaction() as tx:
            if within:
                await standings.found(tx, context.call_id, person, dn)
            else:
                hidden = event(context, HIDDEN, kind=Kind.REFUSED, person_id=person.id)
                await self._desk.audit.append(tx, hidden)
        return within
