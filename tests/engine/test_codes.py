"""Tokens, references and spoken codes."""

from __future__ import annotations

import ast
import inspect
from collections import Counter

import pytest

from csrdesk.engine import codes
from csrdesk.model.secret import Secret

KEY = b"a key of thirty-two bytes, so be it"


def test_r_01_ten_thousand_tokens_of_32_bytes_do_not_repeat() -> None:
    tokens = {codes.new_token().reveal() for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert {len(token) for token in tokens} == {43}  # 32 bytes in base64 without padding


def test_r_02_the_spoken_code_follows_from_key_link_and_attempt_alone() -> None:
    code = codes.spoken_code(KEY, "link", 1)
    assert code == codes.spoken_code(KEY, "link", 1)
    assert code not in {
        codes.spoken_code(KEY, "link", 2),
        codes.spoken_code(KEY, "other", 1),
        codes.spoken_code(KEY + b"!", "link", 1),
    }


def test_r_02_spoken_codes_are_six_digits_spread_evenly() -> None:
    drawn = [codes.spoken_code(KEY, f"link-{n}", 1) for n in range(5_000)]
    assert all(len(code) == 6 and code.isdecimal() for code in drawn)
    first = Counter(code[0] for code in drawn)
    assert min(first.values()) > 400
    assert max(first.values()) < 600


@pytest.mark.parametrize("form", ["{0}", "{0:.3} {1}", "{0:.3}-{1}", " {0} "])
def test_a_code_is_right_however_it_is_spaced(form: str) -> None:
    code = codes.spoken_code(KEY, "link", 1)
    assert codes.is_right(Secret(form.format(code, code[3:])), KEY, "link", 1)


def test_a_code_in_full_width_digits_is_right() -> None:
    code = codes.spoken_code(KEY, "link", 1)
    wide = "".join(chr(ord("０") + int(c)) for c in code)
    assert codes.is_right(Secret(wide), KEY, "link", 1)


@pytest.mark.parametrize("typed", ["", "0", "12345", "1234567", "abcdef", "é"])
def test_anything_else_is_wrong(typed: str) -> None:
    assert not codes.is_right(Secret(typed), KEY, "link", 1)


def test_r_03_the_code_is_compared_in_constant_time_alone() -> None:
    tree = ast.parse(inspect.getsource(codes.is_right))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    assert [ast.unparse(value.func) for value in returned if isinstance(value, ast.Call)] == ["hmac.compare_digest"]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]


def test_a_reference_has_no_characters_that_are_taken_for_others() -> None:
    references = {codes.new_reference() for _ in range(500)}
    assert len(references) > 490
    assert not set("".join(references)) & set("01ILOU")
    assert {len(r) for r in references} == {7}


def test_r_66_addresses_are_told_apart_by_a_keyed_hash_that_ignores_letter_case() -> None:
    assert codes.keyed_fingerprint(KEY, "Ada@Home.example ") == codes.keyed_fingerprint(KEY, "ada@home.example")
    assert codes.keyed_fingerprint(KEY, "ada@home.example") != codes.keyed_fingerprint(b"x" * 32, "ada@home.example")
