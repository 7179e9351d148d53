"""Refusals of the directory: LDAP's result code, and a diagnostic that begins as Active Directory's do.

Apart from what refuses, because attributes and passwords are judged in two places (RFC 4511, appendix A; [MS-ERREF] 2.2
for the eight hexadecimal digits that clients classify by).
"""

from __future__ import annotations

UNAVAILABLE_CRITICAL_EXTENSION = 12
NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
ATTRIBUTE_OR_VALUE_EXISTS = 20
INSUFFICIENT_ACCESS_RIGHTS = 50
UNWILLING_TO_PERFORM = 53


class LdapError(Exception):
    """The modify is refused and nothing is changed."""

    def __init__(self, code: int, diagnostic: str) -> None:
        super().__init__(diagnostic)
        self.code = code
        self.diagnostic = diagnostic


def no_access() -> LdapError:
    """The service account has no right to write this."""
    return LdapError(
        INSUFFICIENT_ACCESS_RIGHTS,
        "00002098: SecErr: DSID-031514A0, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n",
    )


def unwilling(reason: str) -> LdapError:
    """The directory will not do it; `reason` is the eight digits."""
    return LdapError(
        UNWILLING_TO_PERFORM, f"{reason}: SvcErr: DSID-031A1202, problem 5003 (WILL_NOT_PERFORM), data 0\n"
    )


def bad_value(attribute: str) -> LdapError:
    """The attribute cannot hold this."""
    return LdapError(
        CONSTRAINT_VIOLATION,
        f"00000057: AtrErr: DSID-031903C4, #1:\n\t0: 00000057: problem 1005 (CONSTRAINT_ATT_TYPE), Att {attribute}\n",
    )


def unknown_control(oid: str) -> LdapError:
    """A control that the directory does not know; all of them count as critical here."""
    return LdapError(UNAVAILABLE_CRITICAL_EXTENSION, f"0000202C: LdapErr: DSID-0C0907B4, comment: {oid}, data 0\n")
