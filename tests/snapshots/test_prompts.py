"""Every prompt of the agent's side at both sizes, painted from the prompt alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from csrdesk.console.ticket_text import ticket_text
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.prompts import ResultLine
from csrdesk.screens.call_line import CallLine
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.help import HelpScreen
from csrdesk.screens.info import Surroundings
from csrdesk.screens.leave import LeaveScreen
from csrdesk.screens.locked import LockedScreen
from csrdesk.screens.registry import make_screen
from csrdesk.screens.ticket import TicketScreen
from csrdesk.screens.trouble import TroubleScreen
from csrdesk.screens.window import verified_until
from tests.samples import ADA, AGENT, HOSTILE, NOW
from tests.tui.easel import AROUND, INFO, Easel, easel, view_of
from tests.tui.test_ticket import RECORD

SIZES = [(80, 24), (120, 40)]
Compare = Callable[..., bool]


def size(pair: tuple[int, int]) -> str:
    return f"{pair[0]}x{pair[1]}"


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
@pytest.mark.parametrize("prompt", AGENT.values(), ids=AGENT.keys())
def test_prompt(snap_compare: Compare, prompt: Prompt, terminal_size: tuple[int, int]) -> None:
    assert snap_compare(easel(prompt), terminal_size=terminal_size)


@pytest.mark.parametrize("name", ["polling_fetched", "account_half_disabled"])
def test_light(snap_compare: Compare, name: str) -> None:
    assert snap_compare(easel(AGENT[name], look="light"), terminal_size=(80, 24))


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_call_over(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    assert snap_compare(Easel(CallOverScreen(AROUND)), terminal_size=terminal_size)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_call_handed_over(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    screen = CallOverScreen(AROUND, handed_over="This call was handed over to Hal Incandenza.")
    assert snap_compare(Easel(screen), terminal_size=terminal_size)


@pytest.mark.parametrize("name", ["account", "polling_fetched"])
def test_where_agents_sign_in_a_call_can_be_handed_over(snap_compare: Compare, name: str) -> None:
    prompt = AGENT[name]
    around = Surroundings(replace(INFO, hand_over=True), AROUND.now)
    shown = make_screen(view_of(prompt), prompt, around, verified_until(prompt, None))
    assert snap_compare(Easel(shown), terminal_size=(80, 24))


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_act_taken_up(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    not_done = "PingOne: not disabled. csrdesk stopped before it was done; it was read back. Try again if it is wanted."
    lines = (ResultLine("AD: disabled"), ResultLine(not_done, ok=False))
    assert snap_compare(Easel(CallOverScreen(AROUND, lines=lines)), terminal_size=terminal_size)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_trouble(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    screen = TroubleScreen(AROUND, message="Something went wrong in the console.", reference="9F3A01BC")
    assert snap_compare(Easel(screen), terminal_size=terminal_size)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_working(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    shown = easel(AGENT["card"])

    async def work(pilot: object) -> None:
        shown.shown.work("Sending the mail")

    assert snap_compare(shown, terminal_size=terminal_size, run_before=work)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_help(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    shown = easel(AGENT["polling"])

    async def ask(pilot: object) -> None:
        await shown.push_screen(HelpScreen(INFO, shown.shown.offers()))

    assert snap_compare(shown, terminal_size=terminal_size, run_before=ask)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_leave(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    shown = easel(AGENT["account"])

    async def ask(pilot: object) -> None:
        await shown.push_screen(LeaveScreen([view_of(AGENT["account"]).id], can_end=True))

    assert snap_compare(shown, terminal_size=terminal_size, run_before=ask)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_calls(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    shown = easel(AGENT["card"])
    calls = (
        CallLine("1", ADA.name, "link sent, waiting for the code", NOW + timedelta(seconds=107)),
        CallLine("2", "Grace Hopper", "verified", NOW + timedelta(minutes=12), needs_agent=True),
        CallLine("3", HOSTILE.name, "not verified", current=True),
        CallLine("4", "", "look-up"),
    )

    async def again() -> tuple[CallLine, ...]:
        return calls

    async def ask(pilot: object) -> None:
        shown.shown.others(4, 1)
        await shown.push_screen(CallsScreen(calls, AROUND, again))

    assert snap_compare(shown, terminal_size=terminal_size, run_before=ask)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_locked(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    assert snap_compare(Easel(LockedScreen(AROUND, 2)), terminal_size=terminal_size)


@pytest.mark.parametrize("terminal_size", SIZES, ids=size)
def test_ticket(snap_compare: Compare, terminal_size: tuple[int, int]) -> None:
    shown = easel(AGENT["notice"])

    async def ask(pilot: object) -> None:
        await shown.push_screen(TicketScreen(ticket_text(RECORD)))

    assert snap_compare(shown, terminal_size=terminal_size, run_before=ask)


@pytest.mark.parametrize("name", ["polling_fetched", "account_half_disabled", "confirm"])
def test_high_contrast(snap_compare: Compare, name: str) -> None:
    assert snap_compare(easel(AGENT[name], look="contrast"), terminal_size=(80, 24))


@pytest.mark.parametrize("name", ["polling_fetched", "account_half_disabled"])
def test_no_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(easel(AGENT[name]), terminal_size=(80, 24))
