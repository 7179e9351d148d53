"""The screens of an exception: nothing goes to a lead without a reason and a ticket, and no yes without a word."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows.kernel import Answer
from tests.samples import AGENT
from tests.tui.easel import easel
from tests.tui.reading import words


async def answered(name: str, *keys: str) -> tuple[list[Answer], str]:
    """What the screen posts when these keys are pressed, and what it says then."""
    app = easel(AGENT[name])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return [given.answer for given in app.given], words(app)


async def test_reason_and_ticket_go_to_a_lead_by_a_key_of_its_own() -> None:
    given, _ = await answered("exception", *"stolen", "ctrl+s")
    assert given == [a.ExceptionAsked("stolen", "INC-1042")]


async def test_enter_asks_nobody_and_escape_goes_back() -> None:
    assert (await answered("exception", *"stolen", "enter", "enter"))[0] == []
    assert (await answered("exception", "escape"))[0] == [a.Declined()]


async def test_without_a_reason_or_a_ticket_nobody_is_asked_and_the_screen_says_which() -> None:
    given, seen = await answered("exception", "ctrl+s")
    assert (given, "a reason is needed" in seen) == ([], True)
    app = easel(AGENT["exception"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"stolen")
        app.screen.query_one("#ticket", Input).value = " "
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.given == []
        assert "A ticket number is needed." in words(app)
        assert app.screen.query_one("#ticket", Input).has_focus


@pytest.mark.parametrize(("key", "answer"), [("x", a.Cancelled()), ("o", a.LineDropped())])
async def test_a_lead_who_is_asked_is_left_by_one_key(key: str, answer: Answer) -> None:
    assert (await answered("awaiting_lead", key))[0] == [answer]


async def test_the_card_offers_it_and_says_what_it_opens() -> None:
    given, seen = await answered("card_exception", "x")
    assert given == [a.ExceptionChosen()]
    assert "no proof; a lead is asked for: unlock, devices" in seen


async def test_a_lead_reads_what_it_opens_and_that_nothing_is_proved_and_says_yes_with_a_word() -> None:
    given, seen = await answered("approvals_exception", "ctrl+s")
    assert (given, "Type why first: it stands in the audit." in seen) == ([], True)
    assert "Opens unlock, devices" in " ".join(seen.split())
    assert "nothing proves who is calling" in " ".join(seen.split())
    given, _ = await answered("approvals_exception", "tab", *"known", "ctrl+s")
    assert given == [da.ApprovalGiven("ap-1", "known")]
    given, _ = await answered("approvals_exception", "2", "ctrl+s")
    assert given == [da.ApprovalGiven("ap-1")]


async def test_the_account_says_by_whose_word_it_is_open_and_offers_nothing_else() -> None:
    seen = (await answered("account_excepted"))[1]
    assert "Nothing shown: exception, approved by Grace Hopper." in " ".join(seen.split())
    assert "I know that it is you" not in seen
    assert (await answered("account_excepted", "d", "w", "y", "h"))[0] == []
    assert (await answered("account_excepted", "g"))[0] == [a.DevicesChosen()]
