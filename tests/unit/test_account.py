"""One account in two directories: its status, why its owner cannot sign in, and which password counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrdesk.model.account import Account, AccountStatus, DirectoryAccount, PingOneAccount

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
P1 = PingOneAccount(enabled=True)


def pingone(enabled: bool = True, **rest: object) -> Account:
    return Account(PingOneAccount(enabled, **rest))  # type: ignore[arg-type]


def directory(**rest: object) -> Account:
    return Account(P1, DirectoryAccount("CN=Ada", "ada", **rest))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("account", "status", "why"),
    [
        (Account(P1), "ACTIVE", ""),
        (pingone(enabled=False), "DISABLED", "disabled in PingOne"),
        (directory(disabled=True), "DISABLED", "disabled in AD"),
        (directory(expired=True), "EXPIRED", "the AD account has expired"),
        (directory(locked=True), "LOCKED", "locked in AD"),
        (pingone(locked=True), "LOCKED", "locked in PingOne"),
        (pingone(password="PASSWORD_LOCKED_OUT"), "LOCKED", "PingOne password locked after wrong tries"),
        (directory(password_expired=True), "PASSWORD_EXPIRED", "AD password expired"),
        (pingone(password="PASSWORD_EXPIRED"), "PASSWORD_EXPIRED", "PingOne password expired"),
        (directory(must_change_password=True), "MUST_CHANGE_PASSWORD", "must change the AD password"),
        (pingone(password="MUST_CHANGE_PASSWORD"), "MUST_CHANGE_PASSWORD", "must change the PingOne password"),
        (pingone(password="NO_PASSWORD"), "ACTIVE", "no PingOne password"),
        (pingone(password="EXTERNAL"), "ACTIVE", ""),
        (Account(), "ACTIVE", ""),
    ],
)
def test_the_status_and_the_reason_follow_what_either_directory_says(account: Account, status: str, why: str) -> None:
    assert account.status == status
    assert account.obstacles == ((why,) if why else ())


GRAVEST_FIRST = [
    ({"disabled": True}, AccountStatus.DISABLED),
    ({"expired": True}, AccountStatus.EXPIRED),
    ({"locked": True}, AccountStatus.LOCKED),
    ({"password_expired": True}, AccountStatus.PASSWORD_EXPIRED),
    ({"must_change_password": True}, AccountStatus.MUST_CHANGE_PASSWORD),
]


@pytest.mark.parametrize("first", range(len(GRAVEST_FIRST)))
def test_the_gravest_that_applies_is_the_status_and_all_are_reasons(first: int) -> None:
    together = {key: value for flags, _ in GRAVEST_FIRST[first:] for key, value in flags.items()}
    account = directory(**together)
    assert account.status is GRAVEST_FIRST[first][1]
    assert len(account.obstacles) == len(together)


@pytest.mark.parametrize(
    ("account", "all_disabled", "differs"),
    [
        (Account(P1), False, False),
        (pingone(enabled=False), True, False),
        (directory(), False, False),
        (directory(disabled=True), False, True),
        (Account(PingOneAccount(enabled=False), DirectoryAccount("CN=Ada", "ada", disabled=True)), True, False),
        (Account(PingOneAccount(enabled=False), DirectoryAccount("CN=Ada", "ada")), False, True),
        (Account(), False, False),
    ],
)
def test_both_directories_decide_what_the_button_does(account: Account, all_disabled: bool, differs: bool) -> None:
    assert (account.all_disabled, account.differs) == (all_disabled, differs)


def test_what_could_not_be_read_is_neither_enabled_nor_disabled() -> None:
    unread = Account(pingone_problem="PingOne did not answer.", directory_problem="AD did not answer.")
    assert (unread.pingone_enabled, unread.directory_enabled) == (None, None)


@pytest.mark.parametrize(
    ("password", "has_ad", "changed"),
    [("OK", True, LATE), ("EXTERNAL", True, EARLY), ("EXTERNAL", False, None), ("NO_PASSWORD", True, LATE)],
)
def test_the_password_change_is_that_of_the_directory_that_holds_it(
    password: str, has_ad: bool, changed: datetime | None
) -> None:
    ad = DirectoryAccount("CN=Ada", "ada", password_changed_at=EARLY) if has_ad else None
    account = Account(PingOneAccount(enabled=True, password=password, password_changed_at=LATE), ad)
    assert account.password_changed_at == changed


def test_an_account_of_ad_alone_has_its_password_there() -> None:
    assert Account(directory=DirectoryAccount("CN=Ada", "ada", password_changed_at=EARLY)).password_changed_at == EARLY


halves = st.builds(
    Account,
    st.none() | st.builds(PingOneAccount, enabled=st.booleans(), locked=st.booleans()),
    st.none() | st.builds(DirectoryAccount, st.just("CN=Ada"), st.just("ada"), disabled=st.booleans()),
)


@settings(derandomize=True, database=None)
@given(halves)
def test_an_account_that_is_disabled_everywhere_differs_nowhere(account: Account) -> None:
    assert not (account.all_disabled and account.differs)
    if account.all_disabled or account.differs:
        assert account.status is AccountStatus.DISABLED
