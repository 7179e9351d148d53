"""The block of text for the ticket: what the audit holds of one call, in words that stand on their own."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from csrdesk.flows.doors import CallRecord, Deed
from csrdesk.model.text import clean

_WHERE = {
    "pingone.set_enabled": "account in PingOne",
    "ad.set_enabled": "account in AD",
    "pingone.unlock": "account in PingOne",
    "pingone.unlock_password": "password in PingOne",
    "ad.unlock": "account in AD",
    "ad.set_expiry": "last day in AD",
    "ad.demand_change": "another password asked for by AD",
    "ad.set_password": "password in AD",
    "pingone.set_password": "password in PingOne",
    "pingone.end_sessions": "sessions ended in PingOne",
}


_TOLD = defaultdict(
    lambda: "maybe told by mail: {}", done="told by mail: {}", failed="not told by mail: {}; tell them yourself"
)
"""Whether the customer knows of a change."""


def ticket_text(record: CallRecord) -> str:
    """Lines with a label each; every value is inert, and addresses are masked as the audit has them."""
    who = record.agent.id if record.agent.name in ("", record.agent.id) else f"{record.agent.name} ({record.agent.id})"
    proofs = [f"{_time(at)} {shown}" for at, shown in record.proofs] or ["nobody was verified"]
    deeds = [_deed(deed) for deed in record.deeds] or ["nothing was changed"]
    pairs = [
        ("Call", record.call_id),
        ("Time", f"{record.since:%Y-%m-%d %H:%M} to {_time(record.until)} UTC"),
        ("Agent", who),
        ("Account", ", ".join(part for part in (record.account, record.person_id) if part) or "nobody was found"),
        ("Ticket", record.ticket or "none"),
        *_labelled("Verified", proofs),
        *_labelled("Done", deeds),
        *_labelled("Customer", [f"{_time(at)} {_TOLD[result].format(change)}" for at, change, result in record.told]),
        ("Audit", f"row {record.seq}, SHA-256 {record.hash}"),
    ]
    return "\n".join(f"{label:<9}{clean(words, 400)}" for label, words in pairs)


def _labelled(label: str, lines: list[str]) -> list[tuple[str, str]]:
    return list(zip((label, *[""] * (len(lines) - 1)), lines, strict=True)) if lines else []


def _deed(deed: Deed) -> str:
    reason = f" ({deed.reason})" if deed.reason else ""
    return f"{_time(deed.at)} {deed.act}, {_WHERE.get(deed.action, deed.action)}: {deed.result}{reason}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M}"
