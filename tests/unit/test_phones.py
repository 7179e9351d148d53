"""A typed phone number: as PingOne takes it, or why it is none."""

from __future__ import annotations

import subprocess
import sys

import phonenumbers
import pytest

from csrdesk.model import phones
from csrdesk.model.phones import NoNumberError, read_number
from csrdesk.server.pairing import countries


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("07700 900143", "GB", "+44.7700900143"),
        ("07700 900143", "gb", "+44.7700900143"),
        ("+44 (0)7700-900143", "", "+44.7700900143"),
        ("+44 7700 900143", "US", "+44.7700900143"),
        ("(512) 555-0143", "US", "+1.5125550143"),
        ("٠٧٧٠٠٩٠٠١٤٣", "GB", "+44.7700900143"),
        ("０７７００９００１４３", "GB", "+44.7700900143"),
        ("+39 06 1234 5678", "", "+39.0612345678"),
    ],
)
def test_a_number_is_written_as_pingone_writes_it(typed: str, country: str, number: str) -> None:
    assert read_number(typed, country, texts=False) == number


@pytest.mark.parametrize(
    ("typed", "country", "why"),
    [
        ("", "GB", phones.NONE),
        ("hello", "GB", phones.NONE),
        ("7700900143", "", phones.NONE),
        ("7700900143", "ZZ", phones.NONE),
        ("7" * 41, "GB", phones.NONE),
        ("+1 512 555 0143 ext 5", "", phones.NONE),
        ("\0\0\0", "GB", phones.NONE),
        ("<b>12</b>", "GB", phones.NONE),
        ("+999 12345678", "", "No country has that code"),
        ("12", "GB", "too short"),
        ("07700 900143 900143 90", "GB", "too long"),
        ("555 0143", "US", "lacks its area code"),
        ("0900 1234567", "DE", phones.COSTLY),
        ("020 7946 0018", "GB", phones.LANDLINE),
    ],
)
def test_what_is_no_number_for_a_passcode_says_why(typed: str, country: str, why: str) -> None:
    with pytest.raises(NoNumberError) as error:
        read_number(typed, country, texts=True)
    assert why in str(error.value)


def test_a_landline_can_be_called() -> None:
    assert read_number("020 7946 0018", "GB", texts=False) == "+44.2079460018"


def test_countries_are_those_of_the_rules_with_their_codes() -> None:
    listed = countries()
    assert ("GB", "United Kingdom", 44) in listed
    assert len({region for region, _, _ in listed}) == len(listed)
    unnamed = {"AC", "TA", "XK"}  # a number of theirs is typed with its +
    assert {region for region, _, _ in listed} == set(phonenumbers.SUPPORTED_REGIONS) - unnamed
    for region, _, code in listed:
        assert region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]


def test_the_rules_for_numbers_are_not_loaded_before_there_is_a_number() -> None:
    code = "import sys, csrdesk.model.phones, csrdesk.server.pairing; print('phonenumbers' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
