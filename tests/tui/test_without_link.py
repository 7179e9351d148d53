"""The screens of a push that the agent leads and of a call-back: what is typed, what a key does, what is shown."""

from __future__ import annotations

import pytest
from textual.widgets import Input, OptionList

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Answer
from csrdesk.model.secret import Secret
from tests.samples import AGENT
from tests.tui.easel import Easel, easel
from tests.tui.reading import words


async def answered(name: str, *keys: str) -> list[Answer]:
    """What the screen posts when these keys are pressed."""
    app: Easel = easel(AGENT[name])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return [given.answer for given in app.given]


async def test_the_first_phone_is_marked_and_enter_reaches_it() -> None:
    assert await answered("phones", "enter") == [a.DeviceChosen("app-1")]


@pytest.mark.parametrize("keys", [("down", "enter"), ("2", "enter")])
async def test_another_phone_is_marked_by_arrow_or_number(keys: tuple[str, ...]) -> None:
    assert await answered("phones", *keys) == [a.DeviceChosen("app-2")]


async def test_a_number_that_no_phone_has_marks_nothing_else() -> None:
    assert await answered("phones", "7", "enter") == [a.DeviceChosen("app-1")]


async def test_without_a_marked_phone_nobody_is_reached() -> None:
    app = easel(AGENT["phones"])
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#phones", OptionList).highlighted = None
        await pilot.pause()
        app.shown.action_give("DeviceChosen")  # type: ignore[attr-defined]
        await pilot.pause()
        assert app.given == []
        assert "No phone is marked." in words(app)


async def test_the_number_to_say_is_large_and_in_words() -> None:
    app = easel(AGENT["agent_push"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = words(app)
    assert "four - two" in seen
    assert "2:08 left" in seen


@pytest.mark.parametrize(
    ("key", "answer"), [("t", a.OtherDeviceChosen()), ("o", a.LineDropped()), ("x", a.Cancelled())]
)
async def test_a_push_that_waits_is_left_by_one_key(key: str, answer: Answer) -> None:
    assert await answered("agent_push", key) == [answer]


async def test_what_was_heard_is_typed_and_given_by_enter_and_is_no_longer_on_the_screen() -> None:
    app = easel(AGENT["heard"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"654 321", "enter")
        await pilot.pause()
        assert [given.answer for given in app.given] == [a.PasscodeHeard(Secret("654 321"))]
        assert app.screen.query_one("#passcode", Input).value == ""
        assert "Secret('***')" in repr(app.given[0].answer)


async def test_without_a_passcode_nothing_is_given() -> None:
    app = easel(AGENT["heard"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert app.given == []
        assert "Type the passcode that the caller hears" in words(app)


@pytest.mark.parametrize(
    ("key", "answer"),
    [("r", a.RingAgainChosen()), ("m", a.MoreTimeChosen()), ("o", a.LineDropped()), ("x", a.Cancelled())],
)
async def test_letters_are_keys_also_while_the_cursor_is_in_the_field(key: str, answer: Answer) -> None:
    app = easel(AGENT["heard"])
    async with app.run_test(size=(80, 24)) as pilot:
        assert isinstance(app.focused, Input)
        await pilot.press("6", key)
        await pilot.pause()
        assert [given.answer for given in app.given] == [answer]
        assert app.screen.query_one("#passcode", Input).value == "6"


async def test_more_time_is_offered_once() -> None:
    assert await answered("heard_wrong", "m") == []
