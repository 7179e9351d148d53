"""Reads the facts that policy decides on, in the transaction in which the decision is written down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.engine import approvals, bulk_runs, freezing, public_pages, standings, windows
from csrdesk.engine.audit import Detail
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.policy import Facts, OwnExpiry
from csrdesk.engine.registrations import FLOW
from csrdesk.engine.store import Reading
from csrdesk.errors import ForbiddenError, NotSignedInError, PolicyError
from csrdesk.flows.directory_effects import SetDirectoryExpiry
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect
from csrdesk.model.days import moment_of
from csrdesk.model.grants import EVERYTHING
from csrdesk.model.people import directory_id
from csrdesk.model.proofs import Act
from csrdesk.model.recovery import Stage
from csrdesk.model.sign_in import SCRIPT

PROTECTED: Final = "protective_disable"
"""The alert that every protective disable raises once: it is what the hourly limit counts."""
RISK_DISABLE: Final = "risk.disable"
"""The alert that every disable raises that Protect recommended."""
_HOUR = timedelta(hours=1)


async def read(
    reading: Reading,
    desk: Desk,
    context: Context,
    person_id: str,
    action: str,
    dn: str = "",
    *,
    act: Act | None = None,
) -> Facts:
    """What is known of this agent, call and person for an act; `action` names the directory whose last change matters.

    `dn`: the entry under whose name it may have been changed while PingOne could not be asked whose it is.
    """
    now = desk.clock.now()
    window = await windows.newest(reading, context.call_id)
    excepted = window is not None and bool(window.shown.exception)
    standing = await standings.of(reading, context.agent.id)
    grants = standing.grants if standing else EVERYTHING
    second = act if act in desk.rules.second_agent_for else None
    asks_for_password = await _asks_for_password(reading, context, person_id)
    # Settings name accounts of the operating system: a person who signs in by such a name is somebody else.
    as_named = standing is None or context.agent.id.startswith(SCRIPT)
    return Facts(
        now=now,
        agent=context.agent.id,
        call_id=context.call_id,
        person_id=person_id,
        window=window,
        frozen=excepted and await freezing.frozen_until(reading, desk, person_id) is not None,
        script=as_named and context.agent.id in desk.scripts and context.call_id == context.flow_id,
        bulk=await bulk_runs.open_act(reading, context.call_id, context.agent.id) if as_named else None,
        protected_elsewhere=await _protected_elsewhere(reading, context, person_id, now),
        asks_for_password=asks_for_password,
        grants=grants,
        # Whoever is typing a new password is not stopped because the agent has left for the day meanwhile.
        signed_out="" if standing is None else standing.ended() if asks_for_password else standing.over(now),
        needs_second=second is not None,
        approval=await approvals.good_for(reading, second, person_id, context, action, now) if second else "",
        in_scope=await standings.is_within(reading, grants, context.call_id, person_id),
        public_page=await _is_on_public_page(reading, context, person_id, now),
        registers=await _registers(reading, context, person_id, now),
        risk_disables=await _risk_disables(reading, person_id, now),
        disabled_by_desk_at=await _disabled_by_desk_at(reading, person_id, action, directory_id(dn)),
        own_expiry=await _own_expiry(reading, person_id, now - timedelta(days=desk.limits.enable_within_days))
        if action == SetDirectoryExpiry.action
        else None,
    )


async def why_not_theirs(reading: Reading, context: Context, effect: Effect) -> PolicyError | None:
    """Why this person is not reached in this agent's name; None where nothing speaks against it.

    The end of a sign-in by itself does not: the customer's page goes on while the agent listens.
    """
    standing = await standings.of(reading, context.agent.id)
    if standing is None:
        return None
    if ended := standing.ended():
        return NotSignedInError(f"{ended} Nothing was sent.")
    if await standings.is_within(reading, standing.grants, context.call_id, effect.person_id):
        return None
    return ForbiddenError("This account is not among those that you serve. Nothing was sent.")


async def is_protected_here(reading: Reading, context: Context, person_id: str, now: datetime) -> bool:
    """Whether this call has raised the alert for this person within the hour: one act, however many effects."""
    sql = (
        "SELECT 1 FROM audit WHERE kind = 'alert' AND action = ? AND agent = ? AND at > ?"
        " AND call_id = ? AND person_id = ?"
    )
    values = (PROTECTED, context.agent.id, stamp(now - _HOUR), context.call_id, person_id)
    return await reading.one(sql, *values) is not None


async def was_protected_since(reading: Reading, person_id: str, since: datetime) -> bool:
    """Whether anybody reported the account as taken over: a protective disable, by any agent."""
    sql = "SELECT 1 FROM audit WHERE person_id = ? AND kind = 'alert' AND action = ? AND at > ?"
    return await reading.one(sql, person_id, PROTECTED, stamp(since)) is not None


async def _asks_for_password(reading: Reading, context: Context, person_id: str) -> bool:
    sql = (
        "SELECT 1 FROM challenges WHERE flow_id = ? AND call_id = ? AND agent = ? AND person_id = ?"
        " AND purpose = 'password' AND stage = 'setting'"
    )
    return await reading.one(sql, context.flow_id, context.call_id, context.agent.id, person_id) is not None


async def _is_on_public_page(reading: Reading, context: Context, person_id: str, now: datetime) -> bool:
    page = await public_pages.find(reading, context.flow_id)
    return bool(person_id) and page is not None and page.person_id == person_id and page.is_open(now)


async def _registers(reading: Reading, context: Context, person_id: str, now: datetime) -> bool:
    """Not before the code was right; and from the account's making on, for that account alone."""
    page = await public_pages.find(reading, context.flow_id)
    if page is None or page.flow != FLOW or not page.is_open(now):
        return False
    return page.person_id == person_id and page.stage is (Stage.CREATED if person_id else Stage.VERIFIED)


async def _risk_disables(reading: Reading, person_id: str, now: datetime) -> int:
    sql = "SELECT 1 FROM audit WHERE person_id = ? AND kind = 'alert' AND action = ? AND at > ?"
    return len(await reading.all(sql, person_id, RISK_DISABLE, stamp(now - timedelta(days=1))))


async def _protected_elsewhere(reading: Reading, context: Context, person_id: str, now: datetime) -> int:
    sql = (
        "SELECT DISTINCT call_id, person_id FROM audit WHERE kind = 'alert' AND action = ? AND agent = ? AND at > ?"
        " AND NOT (call_id = ? AND person_id = ?)"
    )
    values = (PROTECTED, context.agent.id, stamp(now - _HOUR), context.call_id, person_id)
    return len(await reading.all(sql, *values))


async def _own_expiry(reading: Reading, person_id: str, since: datetime) -> OwnExpiry | None:
    """What the desk did to the last day of the account, one change after the other, as long as they follow on."""
    sql = (
        "SELECT details FROM audit WHERE person_id = ? AND action = ? AND kind = 'outcome' AND at > ?"
        " AND result IN ('done', 'found done') ORDER BY seq DESC LIMIT 100"
    )
    own: OwnExpiry | None = None
    expected = ""
    for row in await reading.all(sql, person_id, SetDirectoryExpiry.action, stamp(since)):
        details = msgspec.json.decode(str(row["details"]), type=dict[str, Detail])
        if not details.get("changed"):
            continue
        wrote, was = str(details["ends_at"]), str(details["was"])
        if own is None:
            own = OwnExpiry(moment_of(wrote), moment_of(was))
        elif wrote == expected:
            own = OwnExpiry(own.wrote, _later(own.before, moment_of(was)))
        else:
            break
        expected = was
    return own


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else None


async def _disabled_by_desk_at(reading: Reading, person_id: str, action: str, entry_id: str) -> datetime | None:
    sql = (
        "SELECT at, details FROM audit WHERE person_id IN (?, ?) AND action = ? AND kind = 'outcome'"
        " AND result IN ('done', 'found done') ORDER BY seq DESC LIMIT 100"
    )
    for row in await reading.all(sql, person_id, entry_id, action):
        details = msgspec.json.decode(str(row["details"]), type=dict[str, Detail])
        # Where it was so already, somebody else had done it; what they did is not the desk's to undo.
        if details.get("changed"):
            return None if details.get("enabled") else datetime.fromisoformat(str(row["at"]))
    return None
