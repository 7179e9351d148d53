"""The rights that csrdesk's service account needs in its units: as attributes to look at, as commands to run.

Written down once: `csrdesk doctor` compares them with what the directory grants, the guide shows the commands, and the
tests of the real controller run as an account that got its rights by them.
"""

from __future__ import annotations

import msgspec

_USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
"""The class `user` ([MS-ADSC] 2.269)."""
_RESET = "00299570-246d-11d0-a768-00aa006e0529"
"""The extended right User-Force-Change-Password ([MS-ADTS] 5.1.3.2.1)."""


class Right(msgspec.Struct, frozen=True):
    """To write one attribute, and what for."""

    attribute: str
    guid: str
    """`schemaIDGUID` of the attribute ([MS-ADA1] to [MS-ADA3])."""
    what_for: str


RIGHTS = (
    Right("userAccountControl", "bf967a68-0de6-11d0-a285-00aa003049e2", "disable and enable"),
    Right("lockoutTime", "28630ebf-41d5-11d1-a9c1-0000f80367c1", "unlock"),
    Right("pwdLastSet", "bf967a0a-0de6-11d0-a285-00aa003049e2", "reset passwords and ask for others"),
    Right("accountExpires", "bf967915-0de6-11d0-a285-00aa003049e2", "set the last day"),
)
RESET_PASSWORD = "Reset Password"  # noqa: S105 - a right
"""The right that is no attribute; `unicodePwd` is written with it."""


def missing(allowed: tuple[str, ...]) -> tuple[Right, ...]:
    """The rights that `allowedAttributesEffective` of an account does not show ([MS-ADTS] 3.1.1.4.5.20)."""
    granted = {name.casefold() for name in allowed}
    return tuple(right for right in RIGHTS if right.attribute.casefold() not in granted)


def windows_commands(unit: str, account: str, wanted: tuple[Right, ...] = RIGHTS) -> tuple[str, ...]:
    """For a domain administrator on Windows; `account`: domain, backslash, name."""
    grants = [f'dsacls "{unit}" /I:S /G "{account}:RPWP;{right.attribute};user"' for right in wanted]
    reset = f'dsacls "{unit}" /I:S /G "{account}:CA;{RESET_PASSWORD};user"'
    return (*grants, reset) if wanted == RIGHTS else tuple(grants)


def samba_commands(unit: str, sid: str, wanted: tuple[Right, ...] = RIGHTS) -> tuple[tuple[str, ...], ...]:
    """For an administrator at a Samba controller, word by word; `sid`: the service account's `objectSid`."""
    entries = [f"(OA;CIIO;RPWP;{right.guid};{_USER};{sid})" for right in wanted]
    if wanted == RIGHTS:
        entries.append(f"(OA;CIIO;CR;{_RESET};{_USER};{sid})")
    return (("samba-tool", "dsacl", "set", f"--objectdn={unit}", f"--sddl={''.join(entries)}"),)
