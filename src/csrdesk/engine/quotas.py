"""How often: what a person, an agent, a link or a source address may have in a time.

Counted from rows that are written anyway, in the transaction of what is counted. Who is over a limit is told when it is
possible again, and the audit has an alert.
"""

from __future__ import annotations

import ipaddress
import math
from datetime import datetime, timedelta

import msgspec

from csrdesk.engine import challenges
from csrdesk.engine.audit import Detail, Entry, Kind, event
from csrdesk.engine.clock import stamp
from csrdesk.engine.codes import keyed_fingerprint
from csrdesk.engine.desk import Desk
from csrdesk.engine.store import Reading, Transaction
from csrdesk.engine.tried import BY_AGENTS, COUNTED, what_of
from csrdesk.errors import LimitReachedError
from csrdesk.flows import effects as fx
from csrdesk.flows import try_effects as te
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect
from csrdesk.flows.password_effects import SetDirectoryPassword, SetPingOnePassword
from csrdesk.flows.recovery_effects import InviteToRecover

REACHED = "limit.reached"
"""The alert of every limit here; its detail `limit` names the setting."""
TEN_MINUTES, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
WARN_AFTER = 2
"""Links to one person in a day before the agent is warned."""
_PASSWORDS = frozenset({SetDirectoryPassword.action, SetPingOnePassword.action})
_SENT_NOTHING = frozenset({"FIDO2", "TOTP", "MOBILE"})
"""Types of device that are sent no passcode."""
_NETWORK_BITS = 64
"""Whoever has one IPv6 address has as many as they like below the same 64 bits (RFC 6177)."""


class Over(msgspec.Struct, frozen=True):
    """A limit that is reached."""

    limit: str
    """The setting's name."""
    message: str
    """For people, with when it is possible again."""
    after: timedelta

    @property
    def error(self) -> LimitReachedError:
        return LimitReachedError(self.message, after=self.after.total_seconds())


def alert(over: Over, context: Context, person_id: str = "") -> Entry:
    """The audit's row about a refusal because of a limit."""
    row = event(context, REACHED, kind=Kind.ALERT, person_id=person_id, limit=over.limit)
    return msgspec.structs.replace(row, result="refused")


async def links(reading: Reading, desk: Desk, person_id: str, agent: str) -> Over | None:
    """The limit that speaks against another link to this person by this agent, if any."""
    limits = desk.limits
    most = limits.links_per_person_in_ten_minutes
    what = await what_of(reading, desk, "person_id", person_id)
    words = f"{what.counted(most)} this person in ten minutes, which is the most. Nothing was sent."
    sql = f"SELECT created_at AS at FROM challenges WHERE {COUNTED} AND person_id = ?"  # noqa: S608 - words of our own
    if again := await _again(reading, desk, sql, person_id, most=most, within=TEN_MINUTES):
        return _over("links_per_person_in_ten_minutes", words, again)
    most = limits.links_per_person_a_day
    words = f"{what.counted(most)} this person in 24 hours, which is the most. Nothing was sent."
    if again := await _again(reading, desk, sql, person_id, most=most, within=DAY):
        return _over("links_per_person_a_day", words, again)
    most = limits.links_per_agent_an_hour
    by_you = await what_of(reading, desk, "agent", agent)
    words = f"{by_you.counted(most, 'by')} you in an hour, which is the most. Nothing was sent."
    sql = f"SELECT created_at AS at FROM challenges WHERE {BY_AGENTS} AND agent = ?"  # noqa: S608 - words of our own
    if again := await _again(reading, desk, sql, agent, most=most, within=HOUR):
        return _over("links_per_agent_an_hour", words, again)
    return None


async def tried_often(reading: Reading, desk: Desk, person_id: str) -> str:
    """A warning for the agent before the third try on one person in 24 hours, by whomever; empty before that."""
    sql = f"SELECT agent FROM challenges WHERE {BY_AGENTS} AND person_id = ? AND created_at > ?"  # noqa: S608 - as above
    rows = await reading.all(sql, person_id, stamp(desk.clock.now() - DAY))
    if len(rows) < WARN_AFTER:
        return ""
    agents = len({row["agent"] for row in rows})
    who = "one agent" if agents == 1 else f"{agents} agents"
    what = await what_of(reading, desk, "person_id", person_id)
    return (
        f"{what.counted(len(rows))} this person in the last 24 hours, by {who}. Somebody may be trying to get in. "
        f"Nothing was {what.done} now. {what.again} once more if you are sure about this caller."
    )


async def look_ups(reading: Reading, desk: Desk, agent: str) -> Over | None:
    """The limit that speaks against another look-up by this agent, if any."""
    if over := look_ups_here(desk, agent):
        return over
    most = desk.limits.look_ups_per_agent_an_hour
    # What a run over many accounts looks up was counted and confirmed before it began.
    sql = (
        "SELECT at FROM audit WHERE agent = ? AND kind = 'lookup' AND action = 'lookup'"
        " AND call_id NOT IN (SELECT id FROM bulk_runs)"
    )
    again = await _again(reading, desk, sql, agent, most=most, within=HOUR, at="at")
    return _looked_up(most, again) if again else None


def look_ups_here(desk: Desk, agent: str) -> Over | None:
    """The same limit, counted by the look-ups of this process that are on no record yet."""
    most = desk.limits.look_ups_per_agent_an_hour
    return _looked_up(most, HOUR) if desk.owed.look_ups(agent, HOUR) >= most else None


def _looked_up(most: int, again: timedelta) -> Over:
    return _over("look_ups_per_agent_an_hour", f"You have looked up {most} times in an hour, which is the most.", again)


async def device_asked(
    reading: Reading,
    desk: Desk,
    context: Context,
    effect: fx.StartDeviceAuthentication | fx.SelectDevice | te.RingNumber | InviteToRecover,
) -> Over | None:
    """The limit that speaks against asking that device, if any: a push, or whatever may be sent a passcode; and
    against mailing the way to the recovery page.

    A passkey and an app that makes passcodes by the clock are sent nothing.
    """
    if isinstance(effect, InviteToRecover):
        return await invitations(reading, desk, effect.person_id)
    if isinstance(effect, te.RingNumber):
        return await call_backs(reading, desk, context, effect.person_id)
    match effect.device_type:
        case "MOBILE":
            return await pushes(reading, desk, effect.person_id)
        case "FIDO2" | "TOTP":
            return None
        case "":  # PingOne's policy may choose the app on the phone
            over = await pushes(reading, desk, effect.person_id)
            return over or await passcodes(reading, desk, context)
        case _:
            return await passcodes(reading, desk, context)


async def invitations(reading: Reading, desk: Desk, person_id: str) -> Over | None:
    """The limit that speaks against mailing this person the way to the recovery page, if any: counted as links are."""
    sql = "SELECT at FROM audit WHERE person_id = ? AND kind = 'intent' AND action = 'recovery.invite'"
    limits = desk.limits
    for name, most, within, words in (
        ("links_per_person_in_ten_minutes", limits.links_per_person_in_ten_minutes, TEN_MINUTES, "ten minutes"),
        ("links_per_person_a_day", limits.links_per_person_a_day, DAY, "24 hours"),
    ):
        if again := await _again(reading, desk, sql, person_id, most=most, within=within, at="at"):
            said = f"The way to the recovery page was mailed {most} times to this person in {words}, which is the most."
            return _over(name, f"{said} Nothing was sent.", again)
    return None


async def pushes(reading: Reading, desk: Desk, person_id: str) -> Over | None:
    """The limit that speaks against another push to this person, by whomever, if any.

    Where no device was named, one counts once PingOne has chosen to send it.
    """
    most = desk.limits.pushes_per_person_an_hour
    sql = (
        "SELECT at FROM audit WHERE person_id = ? AND action IN ('mfa.start', 'mfa.select') AND ("
        """kind = 'intent' AND details LIKE '%"type":"MOBILE"%' OR kind = 'outcome'"""
        """ AND details LIKE '%"asks":"PUSH_CONFIRMATION"%' AND details NOT LIKE '%"type":%')"""
    )
    again = await _again(reading, desk, sql, person_id, most=most, within=HOUR, at="at")
    words = f"{most} requests were sent to this person's phone in an hour, which is the most. Use another device."
    return _over("pushes_per_person_an_hour", words, again) if again else None


async def exceptions(reading: Reading, desk: Desk, agent: str) -> Over | None:
    """The limit that speaks against asking a lead for another exception, if any: what was refused counts, too."""
    most = desk.limits.exceptions_an_hour
    sql = "SELECT asked_at AS at FROM approvals WHERE act = 'exception' AND agent = ?"
    again = await _again(reading, desk, sql, agent, most=most, within=HOUR, at="asked_at")
    words = f"You have asked for as many exceptions as an agent may in an hour ({most})."
    return _over("exceptions_an_hour", words, again) if again else None


async def call_backs(reading: Reading, desk: Desk, context: Context, person_id: str) -> Over | None:
    """The limit that speaks against ringing this person once more in this call, if any."""
    most = desk.limits.passcodes_per_link
    sql = "SELECT 1 FROM audit WHERE call_id = ? AND person_id = ? AND kind = 'intent' AND action = ?"
    if len(await reading.all(sql, context.call_id, person_id, te.RingNumber.action)) < most:
        return None
    words = f"This person was rung {most} times in this call, which is the most. Use another way."
    return Over("passcodes_per_link", words, timedelta(0))


async def passcodes(reading: Reading, desk: Desk, context: Context) -> Over | None:
    """The limit that speaks against another passcode for the link whose page this flow is, if any."""
    most = desk.limits.passcodes_per_link
    sql = (
        "SELECT kind, details FROM audit WHERE call_id = ? AND kind IN ('intent', 'outcome')"
        " AND action IN ('mfa.start', 'mfa.select') AND substr(key, 1, ?) = ?"
    )
    mine = f"{context.flow_id}:"
    rows = await reading.all(sql, context.call_id, len(mine), mine)
    if sum(_asked(str(row["kind"]), str(row["details"])) for row in rows) < most:
        return None
    words = f"{most} passcodes were sent for this link, which is the most. Ask the agent for a new link."
    return Over("passcodes_per_link", words, timedelta(0))


def _asked(kind: str, details: str) -> bool:
    """Whether a row counts as a passcode: a device was named that may be sent one, or PingOne took one of itself."""
    said = msgspec.json.decode(details, type=dict[str, Detail])
    if said.get("type") in _SENT_NOTHING:
        return False
    return bool(said.get("device")) if kind == "intent" else not said.get("device") and said.get("asks") == "OTP"


async def passwords(reading: Reading, desk: Desk, context: Context, effect: AccountEffect) -> Over | None:
    """The limit that speaks against trying another new password on the page that this flow is, if any."""
    if effect.action not in _PASSWORDS:
        return None
    most = desk.limits.passwords_per_page
    # Counted for each directory by itself: one password may go to two.
    sql = (
        "SELECT count(*) AS tried FROM audit"
        " WHERE call_id = ? AND kind = 'intent' AND action = ? AND substr(key, 1, ?) = ?"
    )
    mine = f"{context.flow_id}:"
    (row,) = await reading.all(sql, context.call_id, effect.action, len(mine), mine)
    if int(str(row["tried"])) < most:
        return None
    words = f"{most} passwords were tried on this page, which is the most. Ask the agent for a new link."
    return Over("passwords_per_page", words, timedelta(0))


async def posts(reading: Reading, desk: Desk, source: str) -> Over | None:
    """The limit that speaks against taking another form from this source address, if any."""
    most = desk.limits.wrong_posts_per_address
    sql = "SELECT at FROM wrong_posts WHERE source = ?"
    again = await _again(reading, desk, sql, place(desk, source), most=most, within=TEN_MINUTES, at="at")
    words = f"{most} wrong answers came from this address in ten minutes, which is the most."
    return _over("wrong_posts_per_address", words, again) if again else None


async def open_codes(reading: Reading, desk: Desk) -> Over | None:
    """The limit that speaks against one more code for the spoken address, if any: a guess meets every open one."""
    most = desk.limits.open_call_codes
    now = desk.clock.now()
    if sum(not row.has_run_out(now) for row in await challenges.spoken(reading)) < most:
        return None
    words = f"As many callers as may ({most}) have the spoken address open now. Wait for one to end."
    return Over("open_call_codes", words, timedelta(0))


async def call_codes(reading: Reading, desk: Desk, source: str) -> Over | None:
    """The limit that speaks against another code at the spoken address from this source address, if any."""
    most = desk.limits.wrong_call_codes_per_address
    sql = "SELECT at FROM wrong_posts WHERE source = ?"
    again = await _again(reading, desk, sql, _typing(desk, source), most=most, within=TEN_MINUTES, at="at")
    words = f"{most} wrong codes came from this address in ten minutes, which is the most."
    return _over("wrong_call_codes_per_address", words, again) if again else None


async def count_call_code(tx: Transaction, desk: Desk, source: str) -> tuple[str, str]:
    """Count a code at the spoken address as wrong, before it is compared; what was counted, to take it back."""
    counted = _typing(desk, source), stamp(desk.clock.now())
    await tx.execute("INSERT INTO wrong_posts VALUES (?, ?)", *counted)
    return counted


async def uncount_call_code(tx: Transaction, counted: tuple[str, str]) -> None:
    """The code was right."""
    await tx.execute("DELETE FROM wrong_posts WHERE source = ? AND at = ?", *counted)


def _typing(desk: Desk, source: str) -> str:
    """A source address under the spoken address's own limit, apart from that of all forms."""
    return f"call:{place(desk, source)}"


async def count_wrong(tx: Transaction, desk: Desk, source: str) -> None:
    """A wrong code, a wrong passcode, or a link that opens nothing. The one that reaches the limit raises the alert:
    those that are refused afterwards must not fill the audit.
    """
    if not source:
        return
    now, from_there = desk.clock.now(), place(desk, source)
    await tx.execute("DELETE FROM wrong_posts WHERE at < ?", stamp(now - TEN_MINUTES))
    await tx.execute("INSERT INTO wrong_posts VALUES (?, ?)", from_there, stamp(now))
    if over := await posts(tx, desk, source):
        await alert_of_source(tx, desk, over, source)


async def alert_of_source(tx: Transaction, desk: Desk, over: Over, source: str) -> None:
    """The audit's row about a limit that a source address has reached."""
    details: dict[str, Detail] = {"limit": over.limit, "source": place(desk, source)}
    await desk.audit.append(tx, Entry(kind=Kind.ALERT, action=REACHED, agent="", result="refused", details=details))


def place(desk: Desk, source: str) -> str:
    """A source address as it is kept: its keyed hash, for IPv6 that of its network."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return keyed_fingerprint(desk.key, source, "source")
    if isinstance(address, ipaddress.IPv6Address):
        source = str(ipaddress.IPv6Network((int(address), _NETWORK_BITS), strict=False))
    return keyed_fingerprint(desk.key, source, "source")


async def _again(
    reading: Reading, desk: Desk, sql: str, whose: str, *, most: int, within: timedelta, at: str = "created_at"
) -> timedelta | None:
    """How long until there are fewer than `most` within that time; None where there are fewer now."""
    now = desk.clock.now()
    rows = await reading.all(f"{sql} AND {at} > ? ORDER BY {at} DESC LIMIT ?", whose, stamp(now - within), most)
    if len(rows) < most:
        return None
    return datetime.fromisoformat(str(rows[-1]["at"])) + within - now


def _over(limit: str, words: str, again: timedelta) -> Over:
    return Over(limit, f"{words} It is possible again {in_words(again)}.", again)


def in_words(time: timedelta) -> str:
    """`in 4 minutes`, rounded up, so that it is never too early."""
    minutes = max(1, math.ceil(time.total_seconds() / 60))
    if minutes > 90:
        return f"in {math.ceil(minutes / 60)} hours"
    return "in a minute" if minutes == 1 else f"in {minutes} minutes"
