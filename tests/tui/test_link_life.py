"""A link's life in words for the agent, where no screen has to be started to read them."""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.cli.verifying import stage_words
from csrdesk.model.link import LinkStage
from csrdesk.screens.address_life import life as address_life
from csrdesk.screens.link_life import life
from tests import samples


def test_a_link_that_a_denied_push_ended_is_not_said_to_be_refused_on_the_page() -> None:
    pressed = replace(samples.LINK, stage=LinkStage.NOT_ME, denied=1)
    on_phone = replace(pressed, denied=2)
    for words in (life, address_life):
        assert words(pressed, None)[-1].value == 'Refused: the caller pressed "This wasn\'t me"'
        assert words(on_phone, None)[-1].value == "Refused: a request was denied on the phone, twice"
    assert stage_words(pressed) == 'the customer says "this wasn\'t me"'
    assert stage_words(on_phone) == "a request was denied on the phone, twice"
