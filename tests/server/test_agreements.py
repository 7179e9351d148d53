"""The text of an agreement on a page: whatever stands in it, nothing runs, loads, submits or looks like the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csrdesk.model.agreements import Agreement
from csrdesk.server.agreements import shown_text


def shown(text: str, *, html: bool = True) -> str:
    return str(shown_text(Agreement("a", "l", "r", "en", "Terms", text, html=html)))


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="http://plain.example">x</a>',
        "<style>body{display:none}</style>",
        '<p style="position:fixed">x</p>',
        '<div id="note" class="note">x</div>',
        "<form action=/v/x><input name=code></form>",
        "<iframe src=//else.example></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
        "<base href=//else.example>",
        "<meta http-equiv=refresh content=0>",
        "<!--<img src=x onerror=alert(1)>-->",
        "</div></main><h1>Another page</h1>",
    ],
)
def test_r_47_nothing_in_an_agreement_runs_loads_submits_or_leaves_its_box(bad: str) -> None:
    safe = shown(f"<p>before</p>{bad}<p>after</p>").lower()
    for word in ("script", "onclick", "onerror", "javascript", "data:", "style", "id=", "class=", "<form", "<input",
                 "iframe", "svg", "base", "meta", "http://", "</main", "<h1", "<!--"):  # fmt: skip
        assert word not in safe, word
    assert safe.count("<div") == safe.count("</div")
    assert safe.startswith("<p>before</p>")


def test_what_makes_a_text_readable_stays() -> None:
    text = '<h1>Terms</h1><ul><li><b>One</b></li></ul><p><a href="https://example.com/t" title="All">all</a></p>'
    safe = shown(text)
    assert safe.startswith("<h2>Terms</h2><ul><li><b>One</b></li></ul>")
    assert 'href="https://example.com/t"' in safe
    assert 'rel="noopener noreferrer nofollow"' in safe


def test_plain_text_is_plain_whatever_it_looks_like() -> None:
    assert shown("One <b>\r\ntwo & three\n\n\nfour", html=False) == (
        "<p>One &lt;b&gt;<br>two &amp; three</p>\n<p>four</p>"
    )


@given(st.text(max_size=300), st.booleans())
def test_no_text_opens_an_element_that_is_not_listed(text: str, html: bool) -> None:
    safe = shown(text, html=html).lower()
    for word in ("<script", "<style", "<img", "<form", "<iframe", "<object", "<link", "<input"):
        assert word not in safe
