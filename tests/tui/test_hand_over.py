"""A call goes from one console to another, both on a real desk: what each agent sees, hears and can go back to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot

from csrdesk.app import CsrdeskApp
from csrdesk.engine.session import AgentSession
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows.doors import Session
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.approvals import ApprovalsScreen
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.hand_over import HandOverScreen, OfferedScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.username import UsernameScreen
from tests.engine.test_hand_overs import NOTE, answer, at_desk, offer, said, waiting
from tests.engine.world import GRACE, HAL, Call, Desk, desk_on, linked
from tests.tui.easel import INFO
from tests.tui.reading import words
from tests.tui.test_asides import said as told
from tests.tui.test_calls import Ringing, until


def console_of(desk: Desk, session: AgentSession, *, alone: bool = False) -> Ringing:
    """This agent's console, at a desk where agents sign in; or `alone`, where nobody does."""

    async def connect() -> Session:
        return session

    shown = Ringing(connect, replace(INFO, hand_over=not alone), now=desk.clock.now)
    shown.animation_level = "none"
    return shown


@asynccontextmanager
async def two_agents(tmp_path: Path, *, verified: bool = True) -> AsyncIterator[tuple[Desk, Call, AgentSession]]:
    """A desk with a call of Grace's, and Hal's session."""
    async with desk_on(tmp_path / "desk.db") as desk:
        grace, hal = await at_desk(desk, GRACE, HAL)
        call = await linked(desk)
        call.session = grace
        if verified:
            await call.verify()
        yield desk, call, hal


async def test_the_first_agent_offers_goes_on_with_the_call_and_sees_it_leave(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as (desk, call, hal):
        shown = console_of(desk, call.session)
        async with shown.run_test(size=(80, 24)) as pilot:
            await until(lambda: isinstance(shown.screen, UsernameScreen) and shown.calls.session)
            await shown.calls.bring(call.id)
            await until(lambda: isinstance(shown.screen, AccountScreen) and "Hand over" in words(shown))
            await pilot.press("ctrl+t")
            await until(lambda: isinstance(shown.screen, HandOverScreen) and "Hal (hal)" in words(shown))
            await pilot.press("ctrl+s")
            await until(lambda: "Type a short note first" in words(shown))
            await pilot.press(*"French", "ctrl+s")
            await until(lambda: isinstance(shown.screen, OfferedScreen) and "2:00 left" in words(shown))
            await pilot.press("ctrl+t")
            await until(lambda: isinstance(shown.screen, AccountScreen))
            _, prompt = await waiting(desk, hal)
            assert [one.note for one in prompt.offers] == ["French"]
            await answer(desk, hal, ha.CallAccepted(prompt.offers[0].id))
            await until(lambda: isinstance(shown.screen, CallOverScreen) and "handed over to Hal" in words(shown))
            assert "Ada" not in words(shown)
            await until(lambda: not any(place.startswith("hand_over") for place in shown.calls._asides))  # noqa: SLF001
            await pilot.press("enter")
            await until(lambda: isinstance(shown.screen, UsernameScreen))


async def test_the_other_agent_hears_of_it_takes_it_over_and_has_the_account_on_the_screen(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as (desk, call, hal):
        shown = console_of(desk, hal)
        async with shown.run_test(size=(80, 24)) as pilot:
            await until(lambda: shown.calls.at("approvals"))
            await offer(desk, call)
            await until(lambda: told(shown) == ["Grace offers you a call: Ada Byron, verified (F9)"])
            assert shown.rung
            await pilot.press("f9")
            await until(lambda: isinstance(shown.screen, ApprovalsScreen) and NOTE in words(shown))
            assert "15:00 left" in words(shown)
            await pilot.press("ctrl+y")
            await until(lambda: isinstance(shown.screen, AccountScreen) and "Ada Byron" in words(shown))
            assert [what for what, *_ in await said(desk)] == ["offered", "accepted"]
            # What waits beside the calls is watched on, for the next one.
            await pilot.press("f9")
            await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "Nobody waits for you" in words(shown))


async def test_a_no_is_heard_in_the_call_and_the_offer_can_be_taken_back(tmp_path: Path) -> None:
    async with two_agents(tmp_path, verified=False) as (desk, call, hal):
        shown = console_of(desk, call.session)
        async with shown.run_test(size=(80, 24)) as pilot:
            # The desk has asked for the first time; before that nobody knows whether somebody was found.
            await until(lambda: shown.call.view.rev > 0 and isinstance(shown.call.view.prompt, UsernamePrompt))
            await pilot.press("ctrl+t")
            await until(lambda: "There is no call to hand over" in words(shown))
            await shown.calls.bring(call.id)
            await until(lambda: isinstance(shown.screen, PollingScreen))
            await offered(shown, pilot)
            await pilot.press("x")
            await until(lambda: isinstance(shown.screen, HandOverScreen) and "was taken back" in words(shown))
            await offered(shown, pilot)
            await pilot.press("ctrl+t")
            await until(lambda: isinstance(shown.screen, PollingScreen))
            _, prompt = await waiting(desk, hal)
            await answer(desk, hal, ha.CallDeclined(prompt.offers[0].id, "In a meeting."))
            await until(lambda: told(shown) == ["Hal declined: In a meeting. The call stays with you. (Ctrl+T)"])
            assert shown.rung
            await pilot.press("ctrl+t")
            await until(lambda: isinstance(shown.screen, HandOverScreen) and "Hal declined" in words(shown))
            shown.screen.query_one("#rows").focus()
            await pilot.press("b")
            await until(lambda: isinstance(shown.screen, PollingScreen))


async def offered(shown: CsrdeskApp, pilot: Pilot[None]) -> None:
    """To the marked colleague, with a note."""
    if not isinstance(shown.screen, HandOverScreen):
        await pilot.press("ctrl+t")
    await until(lambda: isinstance(shown.screen, HandOverScreen) and "Hal (hal)" in words(shown))
    shown.screen.query_one("#reason").focus()
    await pilot.press(*"please", "ctrl+s")
    await until(lambda: isinstance(shown.screen, OfferedScreen) and "left" in words(shown))
    shown.screen.set_focus(None)


async def test_r_43_a_locked_console_keeps_the_offer_and_shows_nothing_of_it(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as (desk, call, _):
        shown = console_of(desk, call.session)
        async with shown.run_test(size=(80, 24)) as pilot:
            await until(lambda: isinstance(shown.screen, UsernameScreen) and shown.calls.session)
            await shown.calls.bring(call.id)
            await until(lambda: isinstance(shown.screen, AccountScreen))
            await offered(shown, pilot)
            await shown._lock()  # noqa: SLF001 - what three minutes of nothing do
            assert "Ada" not in words(shown)
            assert all("Ada" not in str(aside.view) for aside in shown.calls._asides.values())  # noqa: SLF001 - in memory
            await pilot.press("enter")
            await until(lambda: isinstance(shown.screen, CallsScreen))
            await pilot.press("escape")
            await until(lambda: isinstance(shown.screen, OfferedScreen) and "Ada Byron" in words(shown))
            assert [what for what, *_ in await said(desk)] == ["offered"]


async def test_where_nobody_signs_in_it_is_not_offered(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as (desk, call, _):
        shown = console_of(desk, call.session, alone=True)
        async with shown.run_test(size=(80, 24)) as pilot:
            await until(lambda: isinstance(shown.screen, UsernameScreen) and shown.calls.session)
            await shown.calls.bring(call.id)
            await until(lambda: isinstance(shown.screen, AccountScreen))
            assert "Hand over" not in words(shown)
            assert "Hand over" not in {command.title for command in shown.get_system_commands(shown.screen)}
            await pilot.press("ctrl+t")
            await pilot.pause()
            assert isinstance(shown.screen, AccountScreen)
            assert not shown.calls._asides  # noqa: SLF001 - nothing is followed
