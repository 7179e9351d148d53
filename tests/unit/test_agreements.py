from __future__ import annotations

import pytest

from csrdesk.model.agreements import choose, wanted_of


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", ()),
        ("de", ("de",)),
        ("de-CH, de;q=0.9, en;q=0.8", ("de-CH", "de", "en")),
        ("en;q=0.2, fr;q=0.9", ("fr", "en")),
        ("*, de;q=0.5", ("de",)),
        ("de;q=0, fr;q=x, en", ("en",)),
        ("de;level=1", ("de",)),
        (",;;,", ()),
        (",".join(["x"] * 1000), ("x",) * 10),
    ],
)
def test_the_languages_of_a_browser_come_in_the_order_of_its_liking(header: str, wanted: tuple[str, ...]) -> None:
    assert wanted_of(header) == wanted


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (("fr",), "fr-FR"),
        (("fr-CA",), "fr-FR"),
        (("de_AT",), "de"),
        (("pt", "de"), "de"),
        (("EN-gb",), "en-GB"),
        (("en-US",), "en"),
        (("it",), "en"),
        ((), "en"),
    ],
)
def test_a_language_is_chosen_exactly_then_by_its_kind_then_by_default(wanted: tuple[str, ...], chosen: str) -> None:
    assert choose(("en", "en-GB", "de", "fr-FR"), wanted, "en") == chosen


def test_none_is_chosen_where_not_even_the_default_is_there() -> None:
    assert choose(("de",), ("it",), "en") is None
    assert choose((), ("it",), "") is None
