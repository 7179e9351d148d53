"""An account in both directories as plain text, side by side: words and moments for a terminal without colours."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from csrdesk.cli.result import columns
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount

_PASSWORDS = {"OK": "ok", "NO_PASSWORD": "none", "EXTERNAL": "held by the directory"}


def account_lines(account: Account) -> tuple[str, ...]:
    """Why they cannot sign in, then both halves."""
    why = "; ".join(account.obstacles)
    head = f"Why can't they sign in: {why}" if why else "Nothing that could be read stops them from signing in."
    ad = _directory(account.directory, account.directory_problem)
    pingone = _pingone(account.pingone, account.pingone_problem)
    labels = list(dict.fromkeys((*ad, *pingone)))
    rows = [(label, ad.get(label, ""), pingone.get(label, "")) for label in labels]
    return (head, "", *columns(rows, ("", "AD", "PINGONE")))


def _directory(found: DirectoryAccount | None, problem: str) -> dict[str, str]:
    if found is None:
        return {"Account": _missing(problem)}
    password = "MUST BE CHANGED" if found.must_change_password else "EXPIRED" if found.password_expired else "ok"
    return {
        "Account": "DISABLED" if found.disabled else "enabled",
        "Locked": "LOCKED" if found.locked else "no",
        "Password": password,
        "Changed": moment(found.password_changed_at),
        "Expires": _ends(found.expires_at) + (" (EXPIRED)" if found.expired else ""),
        "User name": found.username,
    }


def _pingone(found: PingOneAccount | None, problem: str) -> dict[str, str]:
    if found is None:
        return {"Account": _missing(problem)}
    until = f" until {moment(found.unlock_at)}" if found.unlock_at else ""
    return {
        "Account": "enabled" if found.enabled else "DISABLED",
        "Locked": f"LOCKED{until}" if found.locked else "no",
        "Password": _PASSWORDS.get(found.password, found.password.replace("_", " ")),
        "Changed": moment(found.password_changed_at),
        "MFA": "on" if found.mfa_enabled else "OFF",
        **({"Agreement": found.consent.words} if found.consent else {}),
        "Mail": (found.email or "none") + ("" if found.email_verified or not found.email else " (never verified)"),
        "Signed on": moment(found.last_sign_on),
    }


def _ends(at: datetime | None) -> str:
    """With its last day where that is midnight here, as AD's own tools say it."""
    if at is None or at.astimezone().time() != time():
        return moment(at)
    return f"with {at.astimezone() - timedelta(microseconds=1):%Y-%m-%d}"


def _missing(problem: str) -> str:
    return f"could not be read: {problem}" if problem else "none here"


def moment(when: datetime | None) -> str:
    """A moment on the agent's clock."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}" if when else "never"
