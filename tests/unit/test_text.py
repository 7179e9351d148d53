"""Strangers' text is harmless once it is in: on a screen, in a log, a mail or a file."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrdesk.model.text import clean, digits, passcode

REPLACED = "\N{REPLACEMENT CHARACTER}"
plain = settings(derandomize=True, database=None)


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada\t", "Ada" + REPLACED),
        ("\x1b[31mred\x1b[0m", f"{REPLACED}[31mred{REPLACED}[0m"),
        ("\x1b]0;owned\x07", f"{REPLACED}]0;owned{REPLACED}"),
        ("two\nrows\r\nmore", f"two{REPLACED}rows{REPLACED}{REPLACED}more"),
        ("\u202etxt.exe", f"{REPLACED}txt.exe"),
        ("a\u2028b\u2029c", f"a{REPLACED}b{REPLACED}c"),
        ("\ud800", REPLACED),
        ("\u0644\u200c\u0627", "\u0644\u200c\u0627"),
        ("e\u0301", "\u00e9"),
        ("[bold]<b>*()\\", "[bold]<b>*()\\"),
        ("", ""),
    ],
)
def test_r_47_control_bidi_and_line_characters_are_made_visible(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned


@plain
@given(st.text(), st.integers(1, 40))
def test_r_47_cleaned_text_is_one_printable_line_of_bounded_length(value: str, limit: int) -> None:
    text = clean(value, limit)
    assert len(text) <= limit
    assert text.splitlines() in ([], [text])
    bad = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not any(unicodedata.category(c) in bad for c in text)
    assert not any(unicodedata.category(c) == "Cf" and c not in "\u200c\u200d" for c in text)


def test_text_that_is_too_long_says_so() -> None:
    assert clean("x" * 300) == "x" * 255 + "…"
    assert clean("x" * 256) == "x" * 256


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("417209", "417209"),
        (" 417 209 ", "417209"),
        ("417-209", "417209"),
        ("417\u2011209", "417209"),
        ("417\u2013209", "417209"),
        ("417\u00a0209", "417209"),
        ("４１７２０９", "417209"),
        ("٤١٧٢٠٩", "417209"),
        ("४१७२०९", "417209"),
        ("41720g", "41720g"),
        ("²", "²"),
        ("", ""),
    ],
)
def test_r_09_a_code_is_read_whatever_digits_blanks_and_hyphens_it_is_typed_with(typed: str, read: str) -> None:
    assert digits(typed) == read


@plain
@given(st.text())
def test_no_other_character_turns_into_a_digit(value: str) -> None:
    ascii_digits = sum(c.isascii() and c.isdigit() for c in digits(value))
    assert ascii_digits == sum(unicodedata.decimal(c, None) is not None for c in value)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        ("123 456", "123456"),
        ("ABC-123", "abc123"),
        ("1234567890", "1234567890"),
        ("12345", ""),
        ("12345678901", ""),
        ("12345é", ""),
        ("12345$", ""),
        ("", ""),
    ],
)
def test_a_passcode_has_six_to_ten_letters_or_digits_and_is_lower_cased(typed: str, read: str) -> None:
    assert passcode(typed) == read
