"""Keys do what the screen says, and only that; a screen is a function of its prompt."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import Input, OptionList

from csrdesk.config.keys import first_key
from csrdesk.flows import answers as a
from csrdesk.flows import desk_prompts as kp
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.kernel import Answer, Audience, Prompt
from csrdesk.model.devices import Device
from csrdesk.screens.form import FormScreen, form_for
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.registry import SCREENS, make_screen, screen_for
from csrdesk.screens.window import verified_until
from csrdesk.widgets.choices import CHOICES, answers_of, choices_of
from csrdesk.widgets.lines import Notice, SayLine
from tests.samples import ADA, AGENT, CUSTOMER, LINK_OPENED_TWICE, NOW, UNTIL
from tests.tui.easel import AROUND, Easel, easel, view_of
from tests.tui.reading import words

FACES = {
    **AGENT,
    "devices_closed": msgspec.structs.replace(
        AGENT["devices"], devices=(Device("sms-1", "SMS", blocked=True, locked=True), Device("key-1", "FIDO2"))
    ),
    "account_disabled": msgspec.structs.replace(AGENT["account"], button_label="Enable", button_value="enableUser"),
}


def agent_prompts() -> set[type[Prompt]]:
    named = [kind for module in (p, pp, dp, sp, tp, kp, xp, hp) for kind in vars(module).values()]
    found = {c for c in named if isinstance(c, type) and issubclass(c, Prompt) and hasattr(c, "answers")}
    return {c for c in found if c.audience is Audience.AGENT}


def test_every_prompt_of_the_agent_has_a_screen_of_its_own_and_a_sample() -> None:
    assert {screen.prompt_class for screen in SCREENS} == agent_prompts()
    assert {type(prompt) for prompt in AGENT.values()} == agent_prompts()


def test_every_prompt_of_the_customer_has_a_sample() -> None:
    named = (*vars(p).values(), *vars(pp).values(), *vars(dp).values())
    everyone = {c for c in named if isinstance(c, type) and issubclass(c, Prompt) and hasattr(c, "answers")}
    assert {type(prompt) for prompt in CUSTOMER.values()} == everyone - agent_prompts()


def test_every_answer_of_an_agent_has_its_line_in_the_table_and_no_screen_has_a_key_twice() -> None:
    known = {choice.answer for choice in CHOICES}
    for prompt in agent_prompts():
        assert set(answers_of(prompt)) <= known
        keys = [key for choice in choices_of(prompt) for key in (choice.key, choice.form_key) if key]
        assert len(keys) == len(set(keys)), prompt


@pytest.mark.parametrize("name", FACES)
async def test_every_answer_of_the_prompt_can_be_given_by_one_key(name: str) -> None:
    prompt = FACES[name]
    app = easel(prompt)
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = app.shown
        assert isinstance(screen, PromptScreen)
        fill(screen)
        offered = [c for c in choices_of(type(prompt)) if screen.is_offered(c.answer)]
        for choice in offered:
            if screen.query(OptionList):
                screen.query_one(OptionList).highlighted = 0
            await pilot.press(first_key((choice.form_key if screen.has_fields else "") or choice.key))
            await pilot.pause()
            assert type(app.given[-1].answer) is choice.answer
            assert app.given[-1].rev == 7
        assert len(app.given) == len(offered)


def fill(screen: FrameScreen) -> None:
    """Type into whatever has to be typed into."""
    for field in screen.query(Input):
        field.value = field.value or ("never" if field.id == "day" else "something")


async def test_all_answers_of_all_faces_together_are_all_that_a_prompt_takes() -> None:
    given: dict[type[Prompt], set[type[Answer]]] = {}
    for prompt in FACES.values():
        app = easel(prompt)
        async with app.run_test() as pilot:
            await pilot.pause()
            screen = app.shown
            assert isinstance(screen, PromptScreen)
            offered = {c.answer for c in choices_of(type(prompt)) if screen.is_offered(c.answer)}
        given.setdefault(type(prompt), set()).update(offered)
    assert {kind: set(answers_of(kind)) for kind in given} == given


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("name", AGENT)
async def test_every_screen_has_one_line_to_say_and_shows_its_choices(name: str, size: tuple[int, int]) -> None:
    app = easel(AGENT[name])
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        say = app.screen.query_one(SayLine)
        assert say.display
        assert say.region.height >= 1
        assert isinstance(app.shown, FrameScreen)
        seen = words(app)
        for offer in app.shown.offers():
            assert offer.label in seen


@pytest.mark.parametrize("name", AGENT)
async def test_nothing_needs_scrolling_at_80x24(name: str) -> None:
    app = easel(AGENT[name])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.screen.query_one("#body").max_scroll_y == 0


@pytest.mark.parametrize("name", ["account", "confirm", "notice", "second_agent"])
async def test_the_verified_window_is_on_every_screen_after_the_verification(name: str) -> None:
    app = easel(AGENT[name])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "CALLER VERIFIED until 09:22:36, 12:31 left" in words(app)


def test_an_error_keeps_the_verified_window_and_a_look_up_ends_it() -> None:
    assert verified_until(AGENT["error"], UNTIL) == UNTIL
    assert verified_until(AGENT["username"], UNTIL) is None
    assert verified_until(AGENT["account"], None) == UNTIL


async def test_the_code_is_shown_large_in_threes_and_in_words() -> None:
    app = easel(AGENT["polling"])
    async with app.run_test() as pilot:
        await pilot.pause()
        seen = words(app)
        assert "four - one - seven" in seen
        assert "two - zero - nine" in seen
        assert "K7Q-2M9" in seen
        assert "1:47 left" in seen


async def test_after_the_right_code_no_code_is_left_on_the_screen() -> None:
    app = easel(AGENT["polling"])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.shown, PollingScreen)
        prompt = p.PollingPrompt(person=ADA, link=LINK_OPENED_TWICE)
        app.shown.show(view_of(prompt, 9), prompt, None)
        await pilot.pause()
        seen = words(app)
        assert "seven" not in seen
        assert "The code has been entered." in seen
        assert "opened in a second browser" in seen
        assert "9:12 left" in seen


async def test_a_wrong_code_is_shown_at_once_with_the_tries_left() -> None:
    app = easel(AGENT["polling_fetched"])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "Code wrong, 1 try left" in words(app)
        assert "One more wrong code ends this link." in words(app)


async def test_enter_on_a_list_of_several_people_chooses_nobody_by_itself() -> None:
    app = easel(AGENT["several_found"])
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert app.given == []
        await pilot.press("2", "enter")
        await pilot.pause()
        assert [given.answer for given in app.given] == [a.UserChosen("ada-2")]


async def test_enter_never_confirms_while_typing_and_says_no_at_the_end() -> None:
    app = easel(AGENT["confirm"])
    async with app.run_test() as pilot:
        await pilot.press(*"because", "enter", "enter")
        await pilot.pause()
        assert app.given == []
        await pilot.press("enter")
        await pilot.pause()
        assert [type(given.answer) for given in app.given] == [a.Declined]


async def test_nothing_is_confirmed_without_a_reason_or_a_ticket_that_is_needed() -> None:
    app = easel(AGENT["confirm_protective"])
    async with app.run_test() as pilot:
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "a reason is needed" in words(app)
        await pilot.press(*"theft", "ctrl+s")
        await pilot.pause()
        assert "A ticket number is needed" in words(app)
        assert app.given == []
        await pilot.press(*"T1", "ctrl+s")
        await pilot.pause()
        assert [given.answer for given in app.given] == [a.Confirmed("theft", "T1")]


async def test_confirm_shows_whom_and_what_in_full() -> None:
    app = easel(AGENT["confirm"])
    async with app.run_test() as pilot:
        await pilot.pause()
        seen = words(app)
        for part in (
            "Ada Lovelace",
            "ada.lovelace",
            "a***a@e***.example",
            "number ends 41",
            "End every PingOne session",
        ):
            assert part in seen


async def test_a_screen_looks_the_same_whatever_was_shown_before_it() -> None:
    """Style sheets stay loaded: one screen's must not reach another's."""
    alone = {}
    for name, prompt in AGENT.items():
        app = easel(prompt)
        async with app.run_test() as pilot:
            await pilot.pause()
            alone[name] = words(app)
    app = easel(AGENT["username"])
    async with app.run_test() as pilot:
        for prompt in AGENT.values():
            await app.switch_screen(make_screen(view_of(prompt), prompt, AROUND, verified_until(prompt, None)))
        for name, prompt in AGENT.items():
            await app.switch_screen(make_screen(view_of(prompt), prompt, AROUND, verified_until(prompt, None)))
            await pilot.pause()
            assert words(app) == alone[name], name


async def test_an_empty_look_up_is_not_posted() -> None:
    app = easel(AGENT["username"])
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        await pilot.pause()
        assert app.given == []
        assert app.screen.query_one("#problem", Notice).display


async def test_a_newer_prompt_of_the_same_kind_keeps_what_was_typed_and_the_cursor() -> None:
    app = easel(AGENT["username"])
    async with app.run_test() as pilot:
        await pilot.press(*"ada.lov")
        assert isinstance(app.shown, PromptScreen)
        note = p.UsernamePrompt(note="Nobody was found by that.")
        app.shown.show(view_of(note, 9), note, None)
        await pilot.press("e")
        field = app.screen.query_one("#identifier", Input)
        assert field.value == "ada.love"
        assert app.focused is field
        assert "Nobody was found by that." in words(app)


async def test_while_something_is_done_no_key_answers_and_the_seconds_are_counted() -> None:
    app = easel(AGENT["card"])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.shown, FrameScreen)
        app.shown.work("Sending the mail")
        await pilot.press("l", "e")
        app.shown.tick(NOW.replace(second=8))
        await pilot.pause()
        assert app.given == []
        assert "Sending the mail ...  3 s" in words(app)
        assert "Population" not in words(app)


@pytest.mark.parametrize("size", [(40, 15), (60, 20), (200, 60)], ids=str)
async def test_resizing_breaks_nothing(size: tuple[int, int]) -> None:
    app = easel(AGENT["account_half_disabled"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "Why can't they sign in" in words(app)
        await pilot.press("pagedown", "pageup", "d")
        await pilot.pause()
        assert [type(given.answer) for given in app.given] == [a.DisableChosen]


async def test_choices_can_be_walked_to_and_none_has_the_focus_by_itself() -> None:
    app = easel(AGENT["card"])
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert app.given == []
        await pilot.press("tab", "down", "enter")
        await pilot.pause()
        assert [type(given.answer) for given in app.given] == [a.ProtectiveDisableChosen]


async def test_only_the_acts_that_make_sense_are_offered() -> None:
    app = easel(AGENT["account"])
    async with app.run_test() as pilot:
        await pilot.press("n")
        await pilot.pause()
        assert app.given == []
        await pilot.press("d")
        await pilot.pause()
        assert [type(given.answer) for given in app.given] == [a.DisableChosen]


async def test_a_prompt_without_a_screen_gets_the_plain_form() -> None:
    class SecondAgentPrompt(Prompt, frozen=True):
        answers = a.UsernameGiven | a.Declined
        why: str

    prompt = SecondAgentPrompt("[b]Somebody[/b] else must agree.")
    assert issubclass(screen_for(SecondAgentPrompt), FormScreen)
    screen = form_for(SecondAgentPrompt)(view_of(prompt), prompt, AROUND)
    app = Easel(screen)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "[b]Somebody[/b] else must agree." in words(app)
        await pilot.press("tab", *"sam", "escape")
        await pilot.pause()
        assert [type(given.answer) for given in app.given] == [a.Declined]


def test_no_key_of_the_link_means_something_else_where_the_call_goes_by_itself() -> None:
    """The agent may press a key in the moment in which the link is approved or ends."""
    polling = {choice.key: choice.answer for choice in choices_of(p.PollingPrompt)}
    for prompt in (p.AccountPrompt, p.MagicLinkFormPrompt, p.ErrorPrompt):
        after = {choice.key: choice.answer for choice in choices_of(prompt)}
        assert {key for key in polling if key in after and after[key] is not polling[key]} == set()


async def test_r_52_reset_is_an_act_of_its_own_offered_only_where_it_can_be_done() -> None:
    fine, without = easel(AGENT["account"]), easel(AGENT["account_without_reset"])
    for app, given in ((fine, [a.ResetChosen]), (without, [])):
        async with app.run_test() as pilot:
            await pilot.press("w")
            await pilot.pause()
            assert [type(one.answer) for one in app.given] == given
            if app is without:
                assert "No reset: PingOne and AD both keep a password." in words(app)
    asking = easel(AGENT["confirm_reset"])
    async with asking.run_test():
        assert "The customer chooses a new password on their own page." in words(asking)


async def test_r_35_the_agents_screen_of_a_reset_has_no_field_and_no_password() -> None:
    app = easel(AGENT["waiting_for_new_password"])
    async with app.run_test() as pilot:
        assert not app.screen.query(Input)
        await pilot.press(*"Secret7")
        assert "Secret7" not in words(app)
        assert "Do not tell it to me." in words(app)


async def test_a_password_that_is_being_written_is_not_interrupted() -> None:
    app = easel(AGENT["waiting_for_new_password_being_set"])
    async with app.run_test() as pilot:
        await pilot.press("x", "l")
        await pilot.pause()
        assert app.given == []
        await pilot.press("o")
        await pilot.pause()
        assert [type(one.answer) for one in app.given] == [a.LineDropped]


async def test_r_52_unlock_is_offered_only_where_something_is_locked_and_asks_for_itself() -> None:
    fine, locked = easel(AGENT["account"]), easel(AGENT["account_half_disabled"])
    for app, given in ((fine, []), (locked, [a.UnlockChosen])):
        async with app.run_test() as pilot:
            await pilot.press("u")
            await pilot.pause()
            assert [type(one.answer) for one in app.given] == given
    asking = easel(AGENT["confirm_unlock"])
    async with asking.run_test():
        seen = words(asking)
    assert "Unlock this account?" in seen
    assert "Unlock the account in AD." in seen
    assert "Disable" not in seen
    assert "Enable" not in seen


def test_back_says_whether_it_ends_the_verification() -> None:
    says = {}
    for name in ("account", "devices"):
        screen = make_screen(view_of(AGENT[name]), AGENT[name], AROUND, UNTIL)
        assert isinstance(screen, PromptScreen)
        says[name] = next(offer.help for offer in screen.offers() if offer.label == "Back")
    assert says == {
        "account": "leave this page; a verification ends",
        "devices": "to the account; the verification goes on",
    }
