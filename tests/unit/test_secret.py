"""A secret shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import json

import msgspec
import pytest

from csrdesk.model.secret import Secret, decode_hook

HIDDEN = Secret("s3cret-value")


class Form(msgspec.Struct):
    code: Secret


@pytest.mark.parametrize("shown", [str(HIDDEN), repr(HIDDEN), f"{HIDDEN}", f"{[HIDDEN]}"])
def test_r_16_a_secret_prints_as_stars(shown: str) -> None:
    assert "s3cret" not in shown
    assert "***" in shown


def test_r_16_a_secret_cannot_be_encoded() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode({"code": HIDDEN})
    with pytest.raises(TypeError):
        msgspec.msgpack.encode(HIDDEN)
    with pytest.raises(TypeError):
        json.dumps({"code": HIDDEN})


def test_a_secret_is_what_it_hides() -> None:
    assert HIDDEN.reveal() == "s3cret-value"
    assert Secret("s3cret-value") == HIDDEN
    assert hash(HIDDEN) == hash(Secret("s3cret-value"))
    assert Secret("another") != HIDDEN
    assert HIDDEN != "s3cret-value"


def test_a_traceback_with_a_secret_in_it_does_not_tell() -> None:
    form = msgspec.convert({"code": "417209"}, Form, dec_hook=decode_hook)
    assert form.code.reveal() == "417209"
    assert "417209" not in repr(form)


@pytest.mark.parametrize("value", [417209, None, ["417209"], {"code": "417209"}])
def test_only_text_becomes_a_secret_and_the_rest_is_a_wrong_value_like_any(value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="Expected `str`") as refused:
        msgspec.convert({"code": value}, Form, dec_hook=decode_hook)
    assert "417209" not in str(refused.value)


def test_nothing_else_is_made_of_text() -> None:
    with pytest.raises(NotImplementedError):
        decode_hook(int, "1")
