"""What is an address and a name for a new account, and whose domain it is."""

from __future__ import annotations

import pytest

from csrdesk.model.registration import host, is_address, is_of, name_of


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("grace@mail.example", True),
        ("grace+desk@mail.example", True),
        ("グレース@mail.example", True),
        ("grace@bücher.example", True),
        ("grace@mail.example.", True),
        ("", False),
        ("grace", False),
        ("@mail.example", False),
        ("grace@", False),
        ("grace@localhost", False),
        ("g@h@mail.example", False),
        ("gr ace@mail.example", False),
        ("grace@mail.example\0", False),
        ("gr\u202eace@mail.example", False),
        ("<grace>@mail.example", False),
        ("grace@-mail.example", False),
        ("grace@mail..example", False),
        ("grace@" + "m" * 64 + ".example", False),
        ("grace@\N{PILE OF POO}", False),
    ],
)
def test_an_address_is_what_a_mail_can_go_to(typed: str, right: bool) -> None:
    assert is_address(typed) is right


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("a@forbidden.example", True),
        ("a@sub.Forbidden.example", True),
        ("a@forbidden.example.", True),
        ("a@xn--bcher-kva.example", True),
        ("a@BÜCHER.example", True),
        ("a@notforbidden.example", False),
        ("a@example", False),
        ("a@forbidden.example.test", False),
    ],
)
def test_a_domain_holds_those_below_it_however_they_are_spelled(address: str, inside: bool) -> None:
    assert is_of(address, frozenset({"forbidden.example", "bücher.example"})) is inside


def test_a_host_is_what_the_wire_has_and_nothing_else() -> None:
    assert host("Bücher.example") == "xn--bcher-kva.example"
    assert host("a b.example") == host("example") == host("") == ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Grace", "Grace"),
        ("  Grace  Brewster ", "Grace Brewster"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Neil", "O'Neil"),
        ("J. R.-R.", "J. R.-R."),
        ("Ян", "Ян"),
        ("李", "李"),
        ("Zoe\u0308", "Zoë"),
        ("n" * 256, "n" * 256),
        ("n" * 257, ""),
        ("", ""),
        ("...", ""),
        ("<b>Grace</b>", ""),
        ("Grace\0", ""),
        ("\N{PILE OF POO}", ""),
        ("\u202ecarG", ""),
        ("=1+1", ""),
    ],
)
def test_a_name_is_letters_of_any_script_and_what_stands_between_them(typed: str, name: str) -> None:
    assert name_of(typed) == name
