"""The address of a shared database: what is taken, what is refused, and what each address asks for."""

from __future__ import annotations

import pytest

from csrdesk.config.database import is_elsewhere, needs_password, wrong_database

THERE = "postgresql://csrdesk@db.example.org/csrdesk"


@pytest.mark.parametrize(
    "url",
    [
        "",
        THERE,
        f"{THERE}?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
        "postgres://csrdesk@db1.example.org:5433,db2.example.org/csrdesk?target_session_attrs=read-write",
        "postgresql://csrdesk@localhost/csrdesk?sslmode=disable",
        "postgresql://csrdesk@[::1]:5432/csrdesk?sslmode=disable",
        "postgresql:///csrdesk",
        "postgresql://csrdesk@%2Frun%2Fpostgresql/csrdesk",
        "postgresql:///csrdesk?host=/run/postgresql&user=csrdesk",
    ],
)
def test_an_address_that_can_be_used_is_taken(url: str) -> None:
    assert wrong_database(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://csrdesk@db.example.org/csrdesk", "must be postgresql://"),
        ("desk.sqlite3", "must be postgresql://"),
        ("postgresql://csrdesk@db.example.org", "must be postgresql://"),
        ("postgresql://csrdesk@[::1/csrdesk", "cannot be read"),
        (f"{THERE}?sslmode", "cannot be read"),
    ],
)
def test_what_is_no_such_address_is_refused_with_an_example(url: str, words: str) -> None:
    assert words in wrong_database(url)
    assert "postgresql://csrdesk@db.example.org/csrdesk" in wrong_database(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://csrdesk:hush@localhost/csrdesk",
        "postgresql://csrdesk:@localhost/csrdesk",
        f"{THERE}?password=hush",
        f"{THERE}?passfile=/tmp/pw",
        f"{THERE}?service=desk",
        f"{THERE}?sslkey=k&sslpassword=hush",
    ],
)
def test_r_46_a_password_in_the_settings_is_refused_and_not_repeated(url: str) -> None:
    words = wrong_database(url)
    assert "desk.database_password_file" in words
    assert "hush" not in words


@pytest.mark.parametrize(
    "url",
    [
        f"{THERE}?sslmode=require",
        f"{THERE}?sslmode=disable",
        f"{THERE}?sslmode=verify-full&sslmode=prefer",
        "postgresql://csrdesk@localhost,db.example.org/csrdesk?sslmode=verify-ca",
        "postgresql://csrdesk@localhost/csrdesk?hostaddr=192.0.2.7&sslmode=prefer",
        "postgresql:///csrdesk?host=db.example.org&sslmode=allow",
    ],
)
def test_r_44_a_database_on_another_machine_is_reached_by_verified_tls_alone(url: str) -> None:
    assert "sslmode is verify-full" in wrong_database(url)
    assert is_elsewhere(url)


def test_a_password_is_needed_by_a_server_and_not_by_a_socket_or_with_a_certificate() -> None:
    assert needs_password(THERE)
    assert needs_password("postgresql://csrdesk@localhost/csrdesk")
    assert not needs_password("postgresql:///csrdesk")
    assert not needs_password("postgresql://csrdesk@%2Frun%2Fpostgresql/csrdesk")
    assert not needs_password(f"{THERE}?sslcert=/etc/desk.crt&sslkey=/etc/desk.key")
    assert not is_elsewhere("postgresql://csrdesk@127.0.0.1/csrdesk")
