"""How many passcodes one page may have PingOne send to devices that are being registered: each text message costs."""

from __future__ import annotations

from datetime import timedelta

from csrdesk.engine.desk import Desk
from csrdesk.engine.quotas import Over
from csrdesk.engine.store import Reading
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Effect
from csrdesk.flows.pairing_effects import PairDevice, PairNumber

_SENT = frozenset({"SMS", "VOICE", "EMAIL"})
"""Types of device that are sent a passcode."""


async def over(reading: Reading, desk: Desk, context: Context, effect: Effect) -> Over | None:
    """The limit that speaks against another passcode for a device of this page, if any."""
    if not isinstance(effect, PairDevice | PairNumber) or effect.device_type not in _SENT:
        return None
    most = desk.limits.passcodes_per_link
    sql = "SELECT details FROM audit WHERE call_id = ? AND kind = 'intent' AND action = ?"
    rows = await reading.all(sql, context.call_id, PairDevice.action)
    if sum(any(f'"type":"{kind}"' in str(row["details"]) for kind in _SENT) for row in rows) < most:
        return None
    words = f"{most} passcodes were sent for this page, which is the most. Use the newest, or choose something else."
    return Over("passcodes_per_link", words, timedelta(0))
