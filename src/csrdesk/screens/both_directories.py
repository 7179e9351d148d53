"""An account in words: each directory's lines, and why the person cannot sign in. Pure functions of the values read."""

from __future__ import annotations

from datetime import datetime, tzinfo

from csrdesk.model.account import Account
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import dated, time_of_day
from csrdesk.widgets.tones import Tone

_PASSWORDS = {
    "OK": "ok",
    "NO_PASSWORD": "NONE SET",
    "PASSWORD_EXPIRED": "EXPIRED",
    "PASSWORD_LOCKED_OUT": "LOCKED, wrong tries",
    "MUST_CHANGE_PASSWORD": "MUST BE CHANGED",
    "EXTERNAL": "held in the directory",
}
_QUIET_PASSWORDS = {"OK", "EXTERNAL"}


def why_not(account: Account) -> tuple[str, Tone]:
    """The one line: every reason, the gravest first, and what could not be read."""
    unread = [
        f"{name} could not be read"
        for name, problem in (("AD", account.directory_problem), ("PingOne", account.pingone_problem))
        if problem
    ]
    if account.obstacles:
        return "; ".join([*account.obstacles, *unread]), Tone.BAD
    if unread:
        return f"nothing that could be read stops them; {'; '.join(unread)}", Tone.WARN
    return "Nothing stops them.", Tone.GOOD


def directory_facts(account: Account, now: datetime, zone: tzinfo | None) -> tuple[Fact, ...]:
    """Active Directory's half."""
    found = account.directory
    if found is None:
        return (_missing(account.directory_problem),)
    expires = dated(found.expires_at, now, zone)
    password = Fact("Password", "ok")
    if found.password_expired:
        password = Fact("Password", "EXPIRED", Tone.BAD)
    if found.must_change_password:
        password = Fact("Password", "MUST BE CHANGED", Tone.BAD)
    return (
        Fact("Account", "DISABLED", Tone.BAD) if found.disabled else Fact("Account", "enabled", Tone.GOOD),
        Fact("Locked", "LOCKED", Tone.BAD) if found.locked else Fact("Locked", "no"),
        Fact("EXPIRED", expires, Tone.BAD) if found.expired else Fact("Expires", expires),
        password,
        Fact("Changed", dated(found.password_changed_at, now, zone)),
        Fact("User name", found.username),
    )


def pingone_facts(account: Account, now: datetime, zone: tzinfo | None) -> tuple[Fact, ...]:
    """PingOne's half."""
    found = account.pingone
    if found is None:
        return (_missing(account.pingone_problem),)
    locked = Fact("Locked", "no")
    if found.locked:
        until = f" until {time_of_day(found.unlock_at, zone)}" if found.unlock_at else ""
        locked = Fact("Locked", f"LOCKED{until}", Tone.BAD)
    words = _PASSWORDS.get(found.password, found.password)
    password = [Fact("Password", words, Tone.PLAIN if found.password in _QUIET_PASSWORDS else Tone.BAD)]
    if found.password_changed_at:
        password.append(Fact("Changed", dated(found.password_changed_at, now, zone)))
    mail = found.email or "none"
    return (
        Fact("Account", "enabled", Tone.GOOD) if found.enabled else Fact("Account", "DISABLED", Tone.BAD),
        locked,
        *password,
        Fact("MFA", "on") if found.mfa_enabled else Fact("MFA", "OFF", Tone.WARN),
        Fact("Mail", mail if found.email_verified or not found.email else f"{mail} (not verified)"),
        Fact("Signed on", dated(found.last_sign_on, now, zone)),
    )


def _missing(problem: str) -> Fact:
    return Fact("Account", f"could not be read: {problem}", Tone.WARN) if problem else Fact("Account", "none here")
