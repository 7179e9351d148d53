"""A link's life in words for the agent, where no screen has to be started to read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from csrdesk.cli.verifying import stage_words
from csrdesk.model.link import Link, LinkStage
from csrdesk.screens.address_life import life as address_life
from csrdesk.screens.address_life import next_word as address_next_word
from csrdesk.screens.link_life import life, next_word
from csrdesk.widgets.facts import Fact
from tests import samples


def test_a_link_that_a_denied_push_ended_is_not_said_to_be_refused_on_the_page() -> None:
    pressed = replace(samples.LINK, stage=LinkStage.NOT_ME, denied=1)
    on_phone = replace(pressed, denied=2)
    for words in (life, address_life):
        assert words(pressed, None)[-1].value == 'Refused: the caller pressed "This wasn\'t me"'
        assert words(on_phone, None)[-1].value == "Refused: a request was denied on the phone, twice"
    assert stage_words(pressed) == 'the customer says "this wasn\'t me"'
    assert stage_words(on_phone) == "a request was denied on the phone, twice"


@pytest.mark.parametrize(
    ("wrong", "left", "said"),
    [
        (0, None, ""),
        (1, None, "Passcode wrong"),
        (1, 2, "Passcode wrong, 2 tries left"),
        (2, 1, "Passcode wrong, 1 try left"),
        (3, 0, "Device locked: wrong passcodes"),
        (0, 0, "Device locked: wrong passcodes"),
    ],
)
@pytest.mark.parametrize(("words", "say"), [(life, next_word), (address_life, address_next_word)])
def test_the_agent_reads_that_a_devices_passcode_was_wrong_and_that_it_is_locked(
    words: Callable[[Link, None], tuple[Fact, ...]],
    say: Callable[[Link], str],
    wrong: int,
    left: int | None,
    said: str,
) -> None:
    link = replace(samples.LINK, stage=LinkStage.CODE_RIGHT, passcodes_wrong=wrong, passcodes_left=left)
    lines = [fact.value for fact in words(link, None) if "asscode" in fact.value]
    assert lines == ([said] if said else [])
    assert ("another one on the page" in say(link)) is (left == 0)
    passed = replace(link, stage=LinkStage.DEVICE_PASSED)
    assert not [fact for fact in words(passed, None) if "asscode" in fact.value]
