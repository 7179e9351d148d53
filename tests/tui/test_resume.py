"""What no console has: listed at the start where nobody types, taken up from the list, and said what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.flows import user_functions as uf
from csrdesk.flows.doors import CallSummary, View
from csrdesk.flows.kernel import Outcome
from csrdesk.flows.prompts import ResultLine
from csrdesk.model.account import Account
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.username import UsernameScreen
from tests.samples import AGENT, NOW
from tests.tui.fake import FakeDesk, FakeSession
from tests.tui.reading import words
from tests.tui.test_calls import Ringing, call, console, until

UNTIL = NOW + timedelta(minutes=12)
VERIFIED = CallSummary("call-9", NOW, "Grace Hopper", "verified until 09:22", verified_until=UNTIL, left=True)
ELSEWHERE = CallSummary("call-8", NOW, "Alan Turing", "link sent")
ACT = CallSummary("call-7", NOW, "Mary Shelley", "an act was interrupted", left=True, unknown=1, call_id="call-9")
ENDED_LINK = "Its open link has ended"


def told(shown: Ringing) -> str:
    """What was said beside the screen."""
    return " ".join(notification.message for notification in shown._notifications)  # noqa: SLF001 - as painted, it is cut into lines


async def test_what_no_console_has_is_listed_at_the_start_and_taken_up_from_there() -> None:
    taken = call(9, "account")
    shown = console(FakeDesk(call(1, "username"), taken, left=(VERIFIED, ELSEWHERE, ACT)))
    async with shown.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Grace Hopper" in words(shown))
        assert "take up: verified" in words(shown)
        assert "link sent, in another console" in words(shown)
        assert "take up: an act is unknown" in words(shown)
        await pilot.press("2", "enter")
        await until(lambda: isinstance(shown.screen, AccountScreen))
        assert ENDED_LINK not in told(shown)


async def test_the_list_does_not_come_up_by_itself_where_another_console_has_every_call() -> None:
    shown = console(FakeDesk(call(1, "username"), left=(ELSEWHERE,)))
    async with shown.run_test() as pilot:
        await until(lambda: "Connected" in words(shown))
        await pilot.pause(0.2)
        assert isinstance(shown.screen, UsernameScreen)


async def test_who_is_typing_already_is_only_told() -> None:
    desk = FakeDesk(call(1, "username"), left=(VERIFIED,))
    shown = console(desk)
    async with shown.run_test() as pilot:
        await pilot.press(*"ada")
        await until(lambda: "1 call waits to be taken up" in told(shown))
        assert isinstance(shown.screen, UsernameScreen)


async def test_that_open_links_have_ended_is_said_to_who_takes_the_call_up() -> None:
    taken = call(9, "magic_link_form")
    taken.links_ended = 1
    shown = console(FakeDesk(call(1, "username"), taken, left=(VERIFIED,)))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Grace Hopper" in words(shown))
        await pilot.press("2", "enter")
        await until(lambda: ENDED_LINK in told(shown))


async def test_a_call_that_another_process_works_on_shows_that_and_no_look_up_when_it_is_taken_up() -> None:
    taken = FakeSession(View("call-9", "csr_main", 5, working="Disabling the account"))
    desk = FakeDesk(call(1, "username"), taken, left=(VERIFIED,))
    shown = console(desk)
    async with shown.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Grace Hopper" in words(shown))
        await pilot.press("2", "enter")
        await until(lambda: "Disabling the account" in words(shown))
        await pilot.press(*"ada", "enter")
        taken.move(prompt=AGENT["account"])
        await until(lambda: isinstance(shown.screen, AccountScreen))
        assert not taken.answers
        assert "go on by itself" not in words(shown)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            uf.Outputs(
                *("ada", "a***@m***.example", True, "DISABLED", "", "Enable", "enableUser", Account()),
                action="disableUser",
                identifier="u-1",
                lines=(ResultLine("AD: disabled"), ResultLine("PingOne: not disabled. Read back.", ok=False)),
            ),
            ("done", "AD: disabled", "FAILED", "PingOne: not disabled. Read back."),
        ),
        (uf.Refusal("The verified window has ended.", "", "not_verified"), ("The verified window has ended.",)),
    ],
    ids=["ended", "refused"],
)
async def test_a_single_act_that_was_taken_up_says_what_became_of_it(outcome: Outcome, said: tuple[str, ...]) -> None:
    act = FakeSession(View("call-7", "user_functions", 3, outcome=outcome))
    shown = console(FakeDesk(call(1, "username"), act, left=(ACT,)))
    async with shown.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(shown.screen, CallsScreen) and "Mary Shelley" in words(shown))
        await pilot.press("2", "enter")
        await until(lambda: isinstance(shown.screen, CallOverScreen))
        await until(lambda: "The act that was interrupted has its end." in words(shown))
        for piece in said:
            assert piece in words(shown)
