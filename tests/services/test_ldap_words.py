"""What AD says of a refusal, in words: Windows' and Samba's diagnostics, as they came from real controllers."""

from __future__ import annotations

import pytest

from csrdesk.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
    ServiceError,
    UnauthorizedError,
    UnavailableError,
)
from csrdesk.services.directory.errors import error_of
from csrdesk.services.directory.ldap_trouble import host_and_port, sign_in_error

DENIED = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {}, v1db1"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("525", "there is no such user"),
        ("52e", "the user name or the password is wrong"),
        ("530", "it may not sign in at this time"),
        ("531", "it may not sign in from this machine"),
        ("532", "its password has expired"),
        ("533", "it is disabled"),
        ("701", "it has expired"),
        ("773", "it must change its password first"),
        ("775", "it is locked after wrong passwords"),
        ("80090346", ""),
    ],
)
def test_ads_sub_code_of_a_refused_sign_in_is_said_in_words(code: str, words: str) -> None:
    error = sign_in_error(DENIED.format(code))
    assert words in error.message
    assert error.details == f"resultCode=49 data={code}"
    assert error.message.endswith("Ask an administrator.")


def test_a_refusal_without_a_sub_code_is_said_all_the_same() -> None:
    assert sign_in_error("").message.startswith("The directory does not take csrdesk's sign-in.")


@pytest.mark.parametrize(
    ("result", "diagnostic", "kind"),
    [
        (53, "0000052D: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0", InvalidValueError),
        (
            19,
            "0000052D: Constraint violation - check_password_restrictions: the password is too short.",
            InvalidValueError,
        ),
        (19, "0000052D: AtrErr: DSID-03190FD6, #1: problem 1005 (CONSTRAINT_ATT_TYPE)", InvalidValueError),
        (50, "00002098: SecErr: DSID-03150F93, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", UnauthorizedError),
        (32, "00002030: NameErr: DSID-0310028C, problem 2001 (NO_OBJECT), data 0", NotFoundError),
        (34, "00002032: NameErr", NotFoundError),
        (16, "00002085: AtrErr: problem 1001 (NO_ATTRIBUTE_OR_VAL)", ConflictError),
        (10, "0000202B: RefErr: DSID-031007F9", UnavailableError),
        (51, "", UnavailableError),
        (11, "00002028: LdapErr: DSID-0C090E5F", UnavailableError),
        (1, "00002020: IO Error at ../../source4/dsdb/samdb/ldb_modules/partition_metadata.c:539", UnavailableError),
        (80, "00000070: LdapErr: DSID-0C090D78, comment: Error in attribute conversion", UnavailableError),
    ],
)
def test_a_refusal_is_known_by_ads_own_code_first(result: int, diagnostic: str, kind: type[ServiceError]) -> None:
    assert isinstance(error_of(result, diagnostic), kind)


@pytest.mark.parametrize(
    ("result", "diagnostic", "words"),
    [
        (10, "0000202B: RefErr: DSID-031007F9", "ad_write_to"),
        (1, "00002020: IO Error", "disk may be full"),
        (80, "00000070: ", "disk may be full"),
        (80, "", "disk may be full"),
        (53, "00000070: SvcErr", "disk may be full"),
        (11, "", "a limit that its administrators set"),
        (51, "0000200E: LdapErr", "busy"),
    ],
)
def test_a_controller_that_is_read_only_full_or_at_a_limit_is_told_from_one_that_is_busy(
    result: int, diagnostic: str, words: str
) -> None:
    message = error_of(result, diagnostic).message
    assert words in message
    assert "Nothing was changed" in message or words == "busy"


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("ldaps://dc1.example.org", ("dc1.example.org", 636)),
        ("ldap://dc1.example.org", ("dc1.example.org", 389)),
        ("ldaps://[::1]:3269", ("::1", 3269)),
    ],
)
def test_a_controllers_port_is_ldaps_own_unless_it_is_named(url: str, where: tuple[str, int]) -> None:
    assert host_and_port(url) == where
