"""What LDAP's results mean here: first AD's own code, the eight digits that its diagnostics begin with, then LDAP's.

Sources: RFC 4511 appendix A for the result codes; [MS-ERREF] 2.2 for the codes in the diagnostics.
"""

from __future__ import annotations

import re

from csrdesk.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
    ServiceError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)

SYSTEM = "The directory"
SUCCESS = 0
NO_SUCH_OBJECT = 32
_LEADING = re.compile(r"([0-9A-Fa-f]{8}): ")
_RULES = {
    "too short": "minPwdLength",
    "too long": "length",
    "complexity": "pwdProperties",
    "already used": "pwdHistoryLength",
}
"""What Samba's `check_password_restrictions` says, and the attribute of the domain that asks for it."""
_NO_RIGHT = "The directory does not let csrdesk do this. Nothing was changed. Ask an administrator."
ELSEWHERE = "Nothing was changed. Name another domain controller in directory.ad_write_to."
"""What to do where a controller is read-only."""
_FULL = "The directory could not write it: its disk may be full. Nothing was changed. Tell who runs the domain."
_LIMIT = "The directory has reached a limit that its administrators set. Nothing was changed. Ask an administrator."
_CHANGED = "Somebody else changed the account at the same time. Nothing was changed. Read it again."


def error_of(result_code: int, diagnostic: str) -> ServiceError:
    """The error for a result that is not success. Of the diagnostic only the leading code is kept."""
    found = _LEADING.match(diagnostic)
    leading = found[1].upper() if found else ""
    details = f"resultCode={result_code} code={leading}" if leading else f"resultCode={result_code}"
    match leading:
        case "0000052D":
            words = "The directory's password policy refused it."
            return InvalidValueError(words, rules=_broken(diagnostic), system=SYSTEM, details=details)
        case "00000056":
            return InvalidValueError("The directory did not take the old password.", system=SYSTEM, details=details)
        case "00002098" | "80090308":
            return UnauthorizedError(_NO_RIGHT, system=SYSTEM, details=details)
        case "00002030":
            return NotFoundError("The directory has no such account.", system=SYSTEM, details=details)
        case "00002085" | "00002083":
            return ConflictError(_CHANGED, system=SYSTEM, details=details)
        case "00000070":
            return UnavailableError(_FULL, system=SYSTEM, details=details)
        case "00002028":
            return UnavailableError(_LIMIT, system=SYSTEM, details=details)
        case "00002071":
            return ConflictError("The directory has that name already.", system=SYSTEM, details=details)
        case _:
            return _by_result(result_code, details)


def _broken(diagnostic: str) -> tuple[str, ...]:
    """Which rule a password broke, where the diagnostic tells: Samba's does, Windows' never."""
    return tuple(rule for words, rule in _RULES.items() if words in diagnostic)


def _by_result(result_code: int, details: str) -> ServiceError:
    match result_code:
        case 16 | 20:
            return ConflictError(_CHANGED, system=SYSTEM, details=details)
        case 32 | 34:  # no such object; no name at all
            return NotFoundError("The directory has no such account.", system=SYSTEM, details=details)
        case 10:
            words = f"This domain controller takes no changes. {ELSEWHERE}"
            return UnavailableError(words, system=SYSTEM, details=details)
        case 8 | 13 | 49 | 50:
            return UnauthorizedError(_NO_RIGHT, system=SYSTEM, details=details)
        case 1 | 80:  # of itself, and says no more: Samba where nothing can be written
            return UnavailableError(_FULL, system=SYSTEM, details=details)
        case 11:
            return UnavailableError(_LIMIT, system=SYSTEM, details=details)
        case 3 | 51 | 52:
            return UnavailableError("The directory is busy. Try again in a moment.", system=SYSTEM, details=details)
        case 19 | 21 | 53:
            return InvalidValueError("The directory refused the change.", system=SYSTEM, details=details)
        case _:
            words = "The directory gave an answer that csrdesk does not know. Ask an administrator."
            return UnexpectedAnswerError(words, system=SYSTEM, details=details)
