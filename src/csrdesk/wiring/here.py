"""The part of the check-up that concerns this machine: settings file, keys, database and log."""

from __future__ import annotations

import os
import pwd
import stat
from datetime import timedelta
from pathlib import Path

from csrdesk.config import Settings, notes
from csrdesk.errors import ConfigError, StoreUnavailableError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.wiring.store import DATABASE as FILE
from csrdesk.wiring.store import clock_of, open_store, wants_password
from csrdesk.wiring.who import agent_of, data_folder, log_path

SETTINGS = "Settings"
KEYS = "Keys"
DATABASE = "Database"
CLOCK = "Clock"
LOG = "Log"
_DRIFT = 5.0
"""Seconds; what is looked at is as good as a way to the server and back."""


def settings_file(settings: Settings, path: Path) -> tuple[Finding, ...]:
    """What settings allow and yet should be known, and whether somebody else can change them."""
    found = [ok(SETTINGS, f"{path} can be used.")]
    mode = path.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        todo = f"Run: chmod go-w {path}"
        found.append(wrong(SETTINGS, "Others can change the settings, and with them who may act.", todo))
    found += [warning(SETTINGS, note) for note in notes(settings)]
    return (*found, *_scripts(settings))


def _scripts(settings: Settings) -> list[Finding]:
    """Names that `desk.script_identities` and `desk.bulk_identities` should not hold."""
    named = settings.desk.script_identities
    known = {account.pw_name for account in pwd.getpwall()}
    found: list[Finding] = []
    for key, names in (("script_identities", named), ("bulk_identities", settings.desk.bulk_identities)):
        if unknown := [name for name in names if name not in known]:
            words = f"desk.{key} names no account of this machine: {', '.join(unknown)}."
            found.append(warning(SETTINGS, words, "Correct the names: whoever makes such an account may act."))
    if (me := agent_of(settings).id) in named:
        todo = "Name accounts that no person works in."
        found.append(warning(SETTINGS, f"You, {me}, may act without verifying anybody.", todo))
    return found


def keys_of(settings: Settings) -> tuple[Finding, ...]:
    """Every secret that the settings need, the desk's own key, and that nobody else reads the data folder."""
    from csrdesk.services import keys

    wanted = [(keys.PINGONE, settings.pingone.client_secret_file)]
    if settings.directory.needs_password:
        wanted.append((keys.DIRECTORY, settings.directory.password_file))
    if settings.mail.user:
        wanted.append((keys.MAIL, settings.mail.password_file))
    if wants_password(settings):
        wanted.append((keys.DATABASE, settings.desk.database_password_file))
    if settings.sign_in.introspect:
        wanted.append((keys.SIGN_IN_RESOURCE, settings.sign_in.resource_secret_file))
    if settings.sign_in.client_secret_file:
        wanted.append((keys.SIGN_IN_CLIENT, settings.sign_in.client_secret_file))
    if settings.serve.door:
        wanted.append((keys.DOOR, settings.serve.door_secret_file))
    if settings.audit_sink.with_token:
        wanted.append((keys.AUDIT_SINK, settings.audit_sink.token_file))
    found: list[Finding] = []
    for one, file in wanted:
        try:
            keys.read(one, file)
        except ConfigError as error:
            found.append(wrong(KEYS, error.message))
    folder = data_folder(settings)
    made = bool(settings.desk.key_file) or (folder / "desk.key").exists()
    try:
        if made:
            keys.desk_key(settings.desk, folder)
    except ConfigError as error:
        found.append(wrong(KEYS, error.message))
    found += [_open_to_others(path) for path in sorted(folder.iterdir()) if _is_open(path)]
    later = "" if made else " The desk's own key is made when the desk is first opened."
    return tuple(found) or (ok(KEYS, f"Every secret is there, and readable by you alone.{later}"),)


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:  # the database's companions come and go with those who have it open
        return False


def _open_to_others(path: Path) -> Finding:
    return wrong(KEYS, f"{path} can be read by others.", f"Run: chmod go-rwx {path}")


async def database(settings: Settings) -> tuple[Finding, ...]:
    """Whether the desk's database can be written: without it there is no audit, and so no act."""
    path = data_folder(settings) / FILE
    where = settings.desk.database or path
    if not settings.desk.database and not path.exists():
        return (ok(DATABASE, f"{path} is made when the desk is first opened."),)
    try:
        from csrdesk.services.keys import desk_key

        # A file knows nothing of the desk's key, whose own trouble is said of Keys.
        key = desk_key(settings.desk, data_folder(settings)) if settings.desk.database else b""
        clock = clock_of(settings)
        store = await open_store(settings, data_folder(settings), key, wait=True, clock=clock)
        try:
            await store.at_once(lambda tx: tx.wake("probe"))
        finally:
            await store.close()
    except ConfigError as error:
        return (wrong(DATABASE, error.message),)
    except StoreUnavailableError as error:
        words = error.message.removesuffix(" Nothing was done.")
        todo = _AT_SERVER if settings.desk.database else _AT_FILE.format(path.parent)
        return (wrong(DATABASE, f"{words} Without it people can be looked up, and nothing else is done.", todo),)
    return (ok(DATABASE, f"{where} can be written."), *how_far_apart(clock.apart))


def how_far_apart(apart: timedelta | None) -> tuple[Finding, ...]:
    """How far this machine's clock is from that of the database's server; nothing of a desk that keeps a file."""
    if apart is None:
        return ()
    seconds = apart.total_seconds()
    if abs(seconds) <= _DRIFT:
        return (ok(CLOCK, "This machine and the database's server agree."),)
    words = f"This machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's server."
    todo = "The desk goes by the server's; the log, certificates and mails of this machine do not. Set its clock (NTP)."
    return (warning(CLOCK, words, todo),)


_AT_FILE = "Look at the disk and the rights of {}, and at what else has the file open."
_AT_SERVER = "Look at the server and its log, at desk.database, and at the rights of that user."


def log_file(settings: Settings) -> tuple[Finding, ...]:
    """Whether the log can be written, and by whom it can be read."""
    path = log_path(settings)
    there = path.exists()
    if path.is_symlink() or not os.access(path if there else path.parent, os.W_OK):
        return (wrong(LOG, f"{path} cannot be written.", "Name another in desk.log_file."),)
    if there and path.stat().st_mode & 0o077:
        return (warning(LOG, f"{path} can be read by others.", f"Run: chmod 600 {path}"),)
    return (ok(LOG, f"{path} can be written."),)
