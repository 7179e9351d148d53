"""Masked addresses are enough to recognise and too little to use, also for short names and odd values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrdesk.model.masking import ending, mask_email, mask_name, mask_phone, mask_username


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("jason@example.org", "j***n@e***.org"),
        ("ada1@example.org", "a***1@e***.org"),
        ("ada@example.org", "a***@e***.org"),
        ("ab@example.org", "a***@e***.org"),
        ("a@example.org", "a***@e***.org"),
        ("odd@name@mail.example.test", "o***e@m***.test"),
        ("a@localhost", "a***@l***"),
        ("@example.org", "***"),
        ("nobody@", "***"),
        ("no address", "***"),
        ("", "***"),
    ],
)
def test_a_mail_address_keeps_its_first_letters_and_last_label(address: str, masked: str) -> None:
    assert mask_email(address) == masked


@settings(derandomize=True, database=None)
@given(st.emails())
def test_no_masked_address_gives_the_address_away(address: str) -> None:
    local, _, domain = address.rpartition("@")
    masked = mask_email(address)
    assert address != masked
    shown, _, end = masked.partition("@")
    assert len(shown) <= 5
    assert shown.replace("***", "", 1) in (local[0], local[0] + local[-1])
    assert end == f"{domain[0]}***.{domain.rpartition('.')[2]}"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+1.5125551243", "+1 *** *** 43"),
        ("+44.7700 900 343", "+44 *** *** 43"),
        ("5125551243", "*** *** 43"),
        ("+15125551243", "*** *** 43"),
        ("1.5125551243", "*** *** 43"),
        ("", "*** ***"),
    ],
)
def test_a_phone_number_keeps_its_country_and_last_two_digits(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_a_user_name_is_masked_only_where_it_is_an_address() -> None:
    assert mask_username("ada.lovelace") == "ada.lovelace"
    assert mask_username("ada.lovelace@example.org") == "a***e@e***.org"


@pytest.mark.parametrize(
    ("given_name", "family", "masked"),
    [("Mary", "Shelley", "M*** S***"), ("Mary", "", "M***"), ("", "Shelley", "S***"), ("", "", "***")],
)
def test_a_name_is_its_initials(given_name: str, family: str, masked: str) -> None:
    assert mask_name(given_name, family) == masked


@pytest.mark.parametrize(("number", "end"), [("C-100041", "41"), ("141", "41"), ("41", ""), ("", "")])
def test_a_short_customer_number_shows_nothing(number: str, end: str) -> None:
    assert ending(number) == end
