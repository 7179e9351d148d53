"""One disable in AD alone, as a process of its own: `ad_once.py URL CA_FILE USER PASSWORD_FILE FOLDER NAME on|off`.

Find, check whether the account is protected, write, read back, and two durable audit rows: what `csrdesk user disable`
does there, without PingOne's half, the flow and the mail.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from csrdesk.config import DirectorySettings
from csrdesk.engine.audit import Audit, Entry, Kind
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.model.secret import Secret
from csrdesk.services.directory import accounts, protection
from csrdesk.services.directory.ldap import LdapDirectory
from csrdesk.services.directory.port import Directory, Equal
from csrdesk.services.directory.writes import read_entry, set_enabled

GROUPS = DirectorySettings().protected_groups


async def change(directory: Directory, audit: Audit, dn: str, key: str, *, enabled: bool) -> None:
    """Intent, look once more who it is, change, read back, outcome."""
    act = Entry(kind=Kind.INTENT, action="ad.set_enabled", agent="bench", person_id=dn, reason="measured", key=key)
    await audit.write(act)
    entry = await read_entry(directory, dn, (*protection.ATTRIBUTES, accounts.CONTROL))
    if protection.ProtectedAccounts(GROUPS).reasons(entry):
        raise RuntimeError(f"{dn} is protected")
    await set_enabled(directory, entry, enabled=enabled)
    done = Entry(kind=Kind.OUTCOME, action=act.action, agent=act.agent, person_id=dn, result="done", key=key)
    await audit.write(done)


async def once(directory: LdapDirectory, audit: Audit, name: str, key: str, *, enabled: bool) -> None:
    """From nothing: connect, sign in, find, change."""
    writer = await directory.writer()
    (found,) = await writer.search(Equal("sAMAccountName", name), accounts.ATTRIBUTES)
    await change(writer, audit, found.dn, key, enabled=enabled)
    await directory.close()


async def main(url: str, ca_file: str, user: str, password_file: str, folder: str, name: str, state: str) -> None:
    password = Secret(Path(password_file).read_text("utf-8"))  # noqa: ASYNC240 - nothing else waits
    settings = DirectorySettings(kind="ad", controllers=(url,), ca_file=ca_file, user=user)
    store = await SqliteStore.open(Path(folder) / "once.db")
    await once(
        LdapDirectory(settings, password), Audit(store, SystemClock()), name, str(id(store)), enabled=state == "on"
    )
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
