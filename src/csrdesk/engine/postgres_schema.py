"""The tables on PostgreSQL: the same steps as on SQLite, made by the first process that comes, and by one alone.

What the database is of is kept beside them: its version, and a mark of the desk's key, since two keys on one database
would show each agent's customers a code that the other's page refuses.
"""

from __future__ import annotations

import hmac
from typing import Final

from csrdesk.engine import postgres_dialect as dialect
from csrdesk.engine import schema
from csrdesk.engine.store import Statements
from csrdesk.engine.store_connection import unavailable

FACTS: Final = 'CREATE TABLE IF NOT EXISTS desk_facts (name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL)'
VERSION: Final = "version"
KEY: Final = "key"
OTHER_KEY: Final = (
    "it was made with another key than this desk's. Give every server the same file, and name it in desk.key_file"
)


def mark_of(key: bytes) -> str:
    """What tells two keys apart and leads back to none."""
    return hmac.digest(key, b"csrdesk database", "sha256").hex()


def bring_forward(statements: Statements, mark: str) -> None:
    """Make the tables, or bring them to this version. The caller's transaction is the only one that writes."""
    made = statements.one("SELECT to_regclass('desk_facts') IS NOT NULL AS made")
    if made != {"made": True}:
        statements.execute(FACTS)
    version = int(_fact(statements, VERSION) or 0)
    if version > len(schema.STEPS):
        raise unavailable("a newer csrdesk made it")
    for step in schema.STEPS[version:]:
        for statement in schema.statements(step):
            statements.execute(dialect.definition(statement))
    if version < len(schema.STEPS):
        _keep(statements, VERSION, str(len(schema.STEPS)))
    known = _fact(statements, KEY)
    if mark and known and not hmac.compare_digest(known, mark):
        raise unavailable(OTHER_KEY)
    if mark and not known:
        _keep(statements, KEY, mark)


def _fact(statements: Statements, name: str) -> str:
    row = statements.one("SELECT value FROM desk_facts WHERE name = ?", name)
    return str(row["value"]) if row else ""


def _keep(statements: Statements, name: str, value: str) -> None:
    sql = "INSERT INTO desk_facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    statements.execute(sql, name, value)
