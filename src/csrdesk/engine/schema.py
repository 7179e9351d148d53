"""The tables, as numbered steps: a database is brought forward step by step, and what a step did is never edited."""

from __future__ import annotations

FLOWS = """
CREATE TABLE flows (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    rev INTEGER NOT NULL,
    state BLOB NOT NULL,
    performer TEXT NOT NULL,
    started_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    over INTEGER NOT NULL
);
CREATE INDEX flows_of_agent ON flows (agent, started_at);
"""

CHALLENGES = """
CREATE TABLE challenges (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    person_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    stage TEXT NOT NULL,
    rev INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    accepted_at TEXT,
    expires_at TEXT NOT NULL,
    extended INTEGER NOT NULL,
    browser TEXT NOT NULL,
    page_until TEXT,
    page_extended INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    fetched_by TEXT NOT NULL,
    fetched_at TEXT,
    second_browser INTEGER NOT NULL,
    used_at TEXT,
    ended_at TEXT,
    evidence BLOB
);
CREATE INDEX challenges_of_person ON challenges (person_id, stage);
CREATE INDEX challenges_of_call ON challenges (call_id);

CREATE TABLE tries (challenge_id TEXT NOT NULL, person_id TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX tries_of_person ON tries (person_id, at);

CREATE TABLE windows (
    challenge_id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    person_id TEXT NOT NULL,
    evidence BLOB NOT NULL,
    started_at TEXT NOT NULL,
    verified_until TEXT NOT NULL,
    ended_at TEXT
);
CREATE INDEX windows_of_agent ON windows (agent, verified_until);
CREATE INDEX windows_of_call ON windows (call_id);
"""

AUDIT = """
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    agent TEXT NOT NULL,
    place TEXT NOT NULL,
    call_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT NOT NULL,
    ticket TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    key TEXT NOT NULL,
    details TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_intent ON audit (key) WHERE kind = 'intent';
CREATE INDEX audit_of_person ON audit (person_id, seq);
CREATE INDEX audit_of_call ON audit (call_id, seq);
CREATE INDEX audit_of_agent ON audit (agent, seq);
"""

CHANGES = "CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL);"

OPEN_INTENTS = """
CREATE TABLE open_intents (key TEXT PRIMARY KEY, seq INTEGER NOT NULL);
INSERT INTO open_intents SELECT key, seq FROM audit
    WHERE kind = 'intent' AND key NOT IN (SELECT key FROM audit WHERE kind = 'outcome');
"""
"""Intents that no outcome is written down for: what a crash leaves is found without reading the whole audit."""

QUOTAS = """
CREATE TABLE wrong_posts (source TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX wrong_posts_of_source ON wrong_posts (source, at);
CREATE INDEX challenges_of_agent ON challenges (agent, created_at);
CREATE INDEX audit_of_look_ups ON audit (agent, at) WHERE kind = 'lookup';
"""
"""What limits are counted from, found without reading more than is counted."""

ADDRESSES = """
CREATE TABLE addresses (
    person_id TEXT PRIMARY KEY,
    address_hash TEXT NOT NULL,
    since TEXT NOT NULL,
    changed INTEGER NOT NULL
);
"""
"""The address that a person was last seen with, as a keyed hash, and since when; changed: they had another before."""

BULK = """
CREATE TABLE bulk_runs (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    act TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE INDEX bulk_runs_of_agent ON bulk_runs (agent);
CREATE INDEX flows_of_call ON flows (call_id);
CREATE INDEX audit_of_alerts ON audit (agent, at) WHERE kind = 'alert';
"""
"""Runs over many accounts, and what keeps an act's cost the same however many rows one agent has written."""

OUTBOX = """
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    effect BLOB NOT NULL,
    about TEXT NOT NULL,
    stage TEXT NOT NULL,
    tries INTEGER NOT NULL,
    claimed INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    until TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE stage = 'waiting';
CREATE INDEX outbox_about ON outbox (about, created_at);
"""
"""Mails that are still to be sent: about whom and what, never where to."""

RESETS = """
CREATE TABLE resets (challenge_id TEXT PRIMARY KEY, continues TEXT NOT NULL, lines BLOB NOT NULL);
CREATE INDEX resets_of_page ON resets (continues);
"""
"""The page for a new password, the link whose page it goes on from, and what the agent is told of it."""

QUIET_RUNS = "ALTER TABLE bulk_runs ADD COLUMN no_notify INTEGER NOT NULL DEFAULT 0;"
"""Runs whose people are not told by mail."""

DENIALS = "ALTER TABLE challenges ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;"
"""How often the phone said no to a push that a link's page asked for."""

NUMBERS = """
CREATE TABLE numbers (
    person_id TEXT PRIMARY KEY,
    address_hash TEXT NOT NULL,
    since TEXT NOT NULL,
    changed INTEGER NOT NULL
);
"""
"""As `ADDRESSES`, of the phone number that a call-back would ring."""

PUBLIC_PAGES = """
CREATE TABLE public_pages (
    id TEXT PRIMARY KEY,
    flow TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    browser TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    person_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    tries INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    until TEXT NOT NULL,
    quiet_until TEXT NOT NULL,
    sent_at TEXT,
    ended_at TEXT
);
CREATE INDEX public_pages_of_person ON public_pages (person_id, started_at);
CREATE TABLE public_counts (what TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX public_counts_of_whom ON public_counts (what, who, at);
CREATE INDEX public_counts_at ON public_counts (at);
"""
"""Pages that customers begin by themselves, and what their limits are counted from: keyed hashes, never addresses."""

EVALUATIONS = """
ALTER TABLE challenges ADD COLUMN risk BLOB;
CREATE TABLE evaluations (
    id TEXT PRIMARY KEY,
    flow_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    person_id TEXT NOT NULL,
    wanted TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE INDEX evaluations_waiting ON evaluations (next_at) WHERE ended_at IS NULL;
CREATE INDEX evaluations_of_flow ON evaluations (flow_id);
"""
"""What PingOne Protect made of a link's page, and the evaluations whose end it has not been told."""

SPOKEN_ADDRESS = "CREATE INDEX challenges_spoken ON challenges (stage) WHERE purpose = 'spoken_address';"
"""The few codes that are open, found without reading what else there is."""

LEAN_INTENTS = """
CREATE TABLE intents (key TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO intents SELECT key, seq FROM open_intents;
DROP TABLE open_intents;
ALTER TABLE intents RENAME TO open_intents;
"""
"""`OPEN_INTENTS` in half the pages, each of which is written to the disk with the row that it tells of."""

RESET_MAILS = "ALTER TABLE resets ADD COLUMN later BLOB NOT NULL DEFAULT X'6E756C6C';"
"""The mail about a new password, where that is still tried when the page ends; `null` where none is."""

REGISTRATIONS = """
ALTER TABLE public_pages ADD COLUMN resume_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX public_pages_of_address ON public_pages (address_hash, started_at);
"""
"""The way back to a registration that was left half done, and how far those are who were invited to one."""

WRONG_PASSCODES = """
ALTER TABLE challenges ADD COLUMN passcodes_wrong INTEGER NOT NULL DEFAULT 0;
ALTER TABLE challenges ADD COLUMN passcodes_left INTEGER NOT NULL DEFAULT -1;
"""
"""Wrong passcodes on a link's page, and how many the device had left after the last one; 0 where that locked it."""

GRANTS = """
CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    grants TEXT NOT NULL,
    until TEXT NOT NULL,
    revoked_at TEXT,
    revoked_by TEXT NOT NULL
);
CREATE TABLE found (
    call_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    population TEXT NOT NULL,
    population_id TEXT NOT NULL,
    dn TEXT NOT NULL,
    PRIMARY KEY (call_id, person_id)
);
"""
"""Agents who signed in, with what they may do; and who was found in a call of somebody whose scope has limits."""

ORDERED_RESETS = """
ALTER TABLE resets ADD COLUMN nr INTEGER NOT NULL DEFAULT 0;
UPDATE resets SET nr = rowid;
"""
"""Which of the pages for a new password is the newest, where a table's rows have no order of their own."""

APPROVALS = """
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person TEXT NOT NULL,
    dn TEXT NOT NULL,
    act TEXT NOT NULL,
    reason TEXT NOT NULL,
    ticket TEXT NOT NULL,
    shown TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    until TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX approvals_open ON approvals (asked_at) WHERE decision = 'asked';
CREATE INDEX approvals_of_call ON approvals (call_id);
"""
"""What one agent asks another for."""

AUDIT_SINK = """
CREATE TABLE audit_sink (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    holder TEXT NOT NULL,
    turn INTEGER NOT NULL
);
"""
"""How far the audit's second keeper has got, and which process hands it over."""

PUBLIC_RISK = "ALTER TABLE public_pages ADD COLUMN risk BLOB;"
"""What PingOne Protect made of a page that a customer began, for the agent who watches it."""

EXCEPTIONS = "ALTER TABLE approvals ADD COLUMN gives TEXT NOT NULL DEFAULT '';"
"""What an exception would open: acts with blanks between."""

HAND_OVERS = """
CREATE TABLE hand_overs (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    call_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    receiver TEXT NOT NULL,
    receiver_name TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person TEXT NOT NULL,
    note TEXT NOT NULL,
    offered_at TEXT NOT NULL,
    until TEXT NOT NULL,
    stand TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX hand_overs_open ON hand_overs (receiver) WHERE stand = 'offered';
CREATE INDEX hand_overs_of_call ON hand_overs (call_id);
"""
"""Calls that one agent offered another."""

STEPS: tuple[str, ...] = (
    FLOWS + CHALLENGES + AUDIT + CHANGES,
    OPEN_INTENTS,
    QUOTAS,
    ADDRESSES,
    BULK,
    OUTBOX,
    RESETS,
    QUIET_RUNS,
    DENIALS,
    NUMBERS,
    PUBLIC_PAGES,
    EVALUATIONS,
    SPOKEN_ADDRESS,
    LEAN_INTENTS,
    RESET_MAILS,
    REGISTRATIONS,
    WRONG_PASSCODES,
    GRANTS,
    ORDERED_RESETS,
    APPROVALS,
    AUDIT_SINK,
    PUBLIC_RISK,
    EXCEPTIONS,
    HAND_OVERS,
)
"""Step n brings a database of version n to n + 1."""


def statements(script: str) -> list[str]:
    """The single statements of a step; no text in them holds a semicolon."""
    return [statement for part in script.split(";") if (statement := part.strip())]
