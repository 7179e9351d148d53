"""An account in words: each directory's lines, and why the person cannot sign in. Pure functions of the values read."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from csrdesk.model.account import Account, DirectoryAccount
from csrdesk.model.agreements import Consent, ConsentState
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.moments import dated, distance, time_of_day
from csrdesk.widgets.tones import Tone

_PASSWORDS = {
    "OK": "ok",
    "NO_PASSWORD": "NONE SET",
    "PASSWORD_EXPIRED": "EXPIRED",
    "PASSWORD_LOCKED_OUT": "LOCKED, wrong tries",
    "MUST_CHANGE_PASSWORD": "MUST BE CHANGED",
    "EXTERNAL": "held in the directory",
}
_SOON = timedelta(days=14)
"""A password that ends within these days is shown with its day, as Windows itself does."""
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
    expires = ends(found, now, zone)
    return (
        Fact("Account", "DISABLED", Tone.BAD) if found.disabled else Fact("Account", "enabled", Tone.GOOD),
        _lock(found, now, zone),
        Fact("EXPIRED", expires, Tone.BAD) if found.expired else Fact("Expires", expires),
        _password(found, now, zone),
        *((Fact("Hours", "NOT NOW", Tone.BAD),) if found.outside_hours else ()),
        *((Fact("Sign-in", "SMART CARD ONLY", Tone.BAD),) if found.smart_card else ()),
        *_wrong_passwords(found, now, zone),
        Fact("Changed", dated(found.password_changed_at, now, zone)),
        *((Fact("Last seen", dated(found.last_logon_at, now, zone)),) if found.last_logon_at else ()),
        Fact("User name", found.username),
    )


def ends(found: DirectoryAccount, now: datetime, zone: tzinfo | None) -> str:
    """When the account ends: with its last day where that is midnight to the agent, as AD's own tools say it."""
    at = found.expires_at
    if at is None or at.astimezone(zone).time() != time():
        return dated(at, now, zone)
    day = at.astimezone(zone) - timedelta(microseconds=1)
    return f"with {day:%Y-%m-%d}, {distance(day, now, zone)}"


def _lock(found: DirectoryAccount, now: datetime, zone: tzinfo | None) -> Fact:
    if not found.locked:
        return Fact("Locked", "no")
    if found.lock_ends_at:
        return Fact("Locked", f"LOCKED until {dated(found.lock_ends_at, now, zone).removeprefix('today ')}", Tone.BAD)
    since = f" since {dated(found.locked_at, now, zone)}" if found.locked_at else ""
    return Fact("Locked", f"LOCKED{since}", Tone.BAD)


def _wrong_passwords(found: DirectoryAccount, now: datetime, zone: tzinfo | None) -> tuple[Fact, ...]:
    """Each controller's count; which device they came from is not in the directory."""
    return tuple(
        Fact("Wrong pw", f"not known at {one.controller or 'AD'}", Tone.WARN)
        if one.problem
        else Fact(
            "Wrong pw", f"{one.count} at {one.controller or 'AD'}, last {dated(one.last_at, now, zone)}", Tone.WARN
        )
        for one in found.wrong_passwords
    )


def _password(found: DirectoryAccount, now: datetime, zone: tzinfo | None) -> Fact:
    if found.must_change_password:
        return Fact("Password", "MUST BE CHANGED", Tone.BAD)
    ends = found.password_expires_at
    if found.password_expired:
        return Fact("Password", f"EXPIRED {distance(ends, now, zone)}" if ends else "EXPIRED", Tone.BAD)
    if ends and ends - now <= _SOON:
        return Fact("Password", f"expires {dated(ends, now, zone)}", Tone.WARN)
    return Fact("Password", "ok")


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
        *((_agreement(found.consent, zone),) if found.consent else ()),
    )


def _agreement(consent: Consent, zone: tzinfo | None) -> Fact:
    """What they said to the terms; a consent that does not count any more is theirs to renew."""
    words = consent.words
    if consent.state is ConsentState.ACCEPTED and consent.at:
        words = f"{words} {consent.at.astimezone(zone):%Y-%m-%d}"
    return Fact("Agreement", words, Tone.PLAIN if consent.state is ConsentState.ACCEPTED else Tone.WARN)


def _missing(problem: str) -> Fact:
    return Fact("Account", f"could not be read: {problem}", Tone.WARN) if problem else Fact("Account", "none here")
