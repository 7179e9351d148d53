"""What can be asked of the desk API, one line each: the OpenAPI document and the reference page are made from it.

The desk's endpoints are compared with it by a test.
"""

from __future__ import annotations

from typing import Final

import msgspec

from csrdesk.wire import values as v


class Operation(msgspec.Struct, frozen=True):
    """One request, as people and programs read of it."""

    method: str
    path: str
    summary: str
    answer: str
    """The name of what comes back."""
    body: str = ""
    """The name of what is sent; empty for nothing."""
    query: tuple[str, ...] = ()
    """Names of `PARAMETERS`."""
    waits: bool = False
    """Whether the answer may be 204 after a while: no news, ask again."""


PARAMETERS: Final[dict[str, tuple[dict[str, object], str]]] = {
    "id": ({"type": "string", "maxLength": 64}, "The flow's id; a call's is that of its flow."),
    "seq": ({"type": "integer", "minimum": 0, "maximum": 10**15 - 1}, "The row's number."),
    "rev": ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "The revision that is known already."),
    "wait": ({"type": "integer", "minimum": 0, "maximum": 25}, "Seconds to wait at the most; 25 without it."),
    "settle": ({"type": "integer", "enum": [0, 1]}, "1: wait a moment until it asks or is over; a header says if so."),
    "all": ({"type": "integer", "enum": [0, 1]}, "1: those that are over, too."),
    "unknown": ({"type": "integer", "enum": [0, 1]}, "1: only acts whose outcome nobody knows."),
    "before": ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "Only rows before this one; 0 for the newest."),
    "limit": ({"type": "integer", "minimum": 0, "maximum": 10_000}, "At most so many, the newest."),
    "call_id": ({"type": "string", "maxLength": 200}, "Of this call alone."),
    "person_id": ({"type": "string", "maxLength": 200}, "About this person alone."),
    "agent": ({"type": "string", "maxLength": 200}, "By this agent alone."),
    "since": ({"type": "string", "format": "date-time"}, "Not before this moment."),
    "until": ({"type": "string", "format": "date-time"}, "Before this moment."),
}
"""What stands in paths and queries: its schema, and what it means."""
IN_PATHS: Final = ("id", "seq")

OPERATIONS: Final = (
    Operation("GET", "/about", "The desk, and who asks.", "About"),
    Operation("GET", "/state", "What of the desk cannot be used now.", "State"),
    Operation("POST", "/flows", "Begin a flow.", "View", "Start", query=("settle",)),
    Operation("GET", "/flows/{id}", "A flow as it stands.", "View"),
    Operation("POST", "/flows/{id}/resume", "Take up a flow that nobody has; its open links end.", "TakenUp"),
    Operation("POST", "/flows/{id}/answers", "Answer the prompt that is shown.", "View", "Answer", query=("settle",)),
    Operation("GET", "/flows/{id}/changed", "Wait for a newer revision.", "View", query=("rev", "wait"), waits=True),
    Operation("GET", "/flows/{id}/settled", "Wait until it asks or is over.", "View", query=("wait",), waits=True),
    Operation("GET", "/calls", "Your own calls, newest first.", "Calls", query=("all",)),
    Operation("GET", "/calls/{id}/record", "What the audit holds of one of your calls.", "CallRecord"),
    Operation("GET", "/history", "Your own calls as the audit has them.", "History"),
    Operation("GET", "/audit", "A page of the audit, newest first.", "AuditPage", query=("call_id", "before", "limit")),
    Operation("GET", "/audit/{seq}", "A row of the audit as people read it.", "Told"),
    Operation(
        "GET", "/rows", "Rows of the audit whole, oldest first.", "AuditRows",
        query=("call_id", "person_id", "agent", "since", "until", "before", "limit", "unknown"),
    ),
    Operation("GET", "/rows/{seq}", "A row of the audit whole.", "AuditRow"),
    Operation("POST", "/rows/{seq}/left", "Look after an act whose outcome nobody knows.", "AuditRow", "Reason"),
    Operation("POST", "/rehearsals", "What an act on one account would change.", "Rehearsal", "Start"),
)  # fmt: skip

SENT: Final[dict[str, type]] = {
    "About": v.About,
    "State": v.State,
    "Calls": v.Calls,
    "History": v.History,
    "Told": v.Told,
    "Reason": v.Reason,
    "Error": v.Wrong,
}
"""Names above that are a class as it stands."""
