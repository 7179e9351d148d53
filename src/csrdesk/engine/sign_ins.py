"""The desk effects of leads: who signed in here, and the end of a sign-in, at once and in every process."""

from __future__ import annotations

from csrdesk.engine import hand_over_rows, standings, windows
from csrdesk.engine.audit import Kind, event
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all
from csrdesk.engine.second_agents import take_back_all, withdraw_all
from csrdesk.engine.standings import Standing
from csrdesk.engine.store import Reading
from csrdesk.errors import ForbiddenError
from csrdesk.flows import desk_effects as ex
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.grants import AgentOnRecord

ENDED = "sign_in.ended_by_lead"
"""The alert that every end of a sign-in raises."""
_WHY = "the agent's sign-in was ended"


class SignIns:
    """Performs what a lead does about sign-ins."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, effect: Effect, context: Context) -> Reply | None:
        match effect:
            case ex.ReadAgents():
                await self._require_lead(self._desk.store, context)
                return ex.AgentsRead(tuple(map(_shown, await standings.every(self._desk.store))))
            case ex.EndSignIn():
                return await self._end(effect, context)
            case _:
                return None

    async def _require_lead(self, reading: Reading, context: Context) -> None:
        if not (await standings.acting(reading, context.agent.id, self._desk.clock.now())).leads:
            raise ForbiddenError("Only a lead does this. Nothing was done.")

    async def _end(self, effect: ex.EndSignIn, context: Context) -> Reply:
        desk, now, whose = self._desk, self._desk.clock.now(), effect.agent_id
        async with desk.store.transaction() as tx:
            await self._require_lead(tx, context)
            known = await standings.of(tx, whose)
            if known is None:
                return ex.NobodySignedIn()
            await standings.keep(tx, known.ended_at(now, context.agent.id))
            await take_back_all(tx, desk, whose, context.agent.id)
            await hand_over_rows.withdraw_from(tx, desk, whose, context.agent.id)
            sql = "SELECT id FROM flows WHERE agent = ? AND over = 0 AND id = call_id AND name = 'csr_main'"
            calls = [str(row["id"]) for row in await tx.all(sql, whose)]
            for call_id in calls:
                await close_all(tx, desk, why=_WHY, agent=context.agent.id, call_id=call_id)
                await withdraw_all(tx, desk, call_id, context.agent.id)
                await windows.end(tx, call_id, now)
            alert = event(context, ENDED, kind=Kind.ALERT, whose=whose, calls=len(calls), why=effect.why)
            await desk.audit.append(tx, alert)
        return ex.SignInEnded(whose, len(calls))


def _shown(standing: Standing) -> AgentOnRecord:
    agent, grants = standing.agent, standing.grants
    by = standing.revoked_by if standing.ended() else ""
    return AgentOnRecord(agent.id, agent.name, grants.roles, grants.signed_in_at, standing.until, by)
