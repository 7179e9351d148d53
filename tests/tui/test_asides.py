"""What stands beside the calls: another agent who waits is said at once, answered in a mode of its own, and left."""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.app import CsrdeskApp
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows.approvals import Looked
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.doors import Session, View
from csrdesk.screens.agents import AgentsScreen
from csrdesk.screens.approvals import ApprovalsScreen
from csrdesk.screens.card import CardScreen
from tests.samples import AGENT, APPROVAL, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeDesk, FakeSession
from tests.tui.reading import words
from tests.tui.test_calls import Ringing, call, console, until


def beside(name: str) -> FakeSession:
    flow = name.partition("_")[0]
    return FakeSession(View(f"{name}-1", flow, 0, AGENT[name]))


def watching(desk: FakeDesk) -> Ringing:
    """A console of a desk where some acts are nobody's alone."""

    async def connect() -> Session:
        return desk

    shown = Ringing(connect, replace(INFO, second_agent=True), now=lambda: NOW)
    shown.animation_level = "none"
    return shown


def said(app: CsrdeskApp) -> list[str]:
    return [note.message for note in app._notifications]  # noqa: SLF001 - what Textual shows as toasts


async def test_r_40_an_agent_hears_at_once_that_another_waits_and_answers_without_leaving_the_call() -> None:
    first, second = call(1, "card"), beside("approvals_none")
    shown = watching(FakeDesk(first, second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await until(lambda: second.started)
        assert shown.rung == 0
        second.move(prompt=ApprovalsPrompt((APPROVAL,)))
        await until(lambda: shown.rung)
        assert said(shown) == ["Grace Hopper waits for a second agent: new password for Ada Lovelace (F9)"]
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "Forgot the password" in words(shown))
        await pilot.press("ctrl+s")
        await until(lambda: second.answers)
        assert second.answers == [da.ApprovalGiven(APPROVAL.id)]
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, CardScreen))
        assert first.answers == []


async def test_the_same_request_rings_once_and_another_rings_again() -> None:
    second = beside("approvals_none")
    shown = watching(FakeDesk(call(1, "card"), second))
    async with shown.run_test():
        await until(lambda: isinstance(shown.screen, CardScreen))
        second.move(prompt=ApprovalsPrompt((APPROVAL,)))
        await until(lambda: shown.rung == 1)
        second.move(prompt=ApprovalsPrompt((APPROVAL,), note="Something else."))
        another = replace(APPROVAL, id="ap-2"), replace(APPROVAL, id="ap-3")
        second.move(prompt=ApprovalsPrompt((APPROVAL, *another)))
        await until(lambda: shown.rung > 1)
        assert shown.rung == 2
        assert said(shown)[-1].endswith("for Ada Lovelace, and 1 more (F9)")


async def test_to_refuse_needs_a_reason_which_goes_with_it() -> None:
    second = beside("approvals")
    shown = console(FakeDesk(call(1, "card"), second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "2 requests wait" in words(shown))
        await pilot.press("2", "x")
        await until(lambda: "Type why not first" in words(shown))
        assert second.answers == []
        await pilot.press(*"not now", "tab")
        shown.screen.query_one("#rows").focus()
        await pilot.press("x")
        await until(lambda: second.answers)
        assert second.answers == [da.ApprovalDenied("ap-2", "not now")]


async def test_back_leads_to_the_call_and_the_watching_goes_on() -> None:
    second, third = beside("approvals"), beside("approvals_none")
    second.react = lambda _: second.move(outcome=Looked())
    shown = console(FakeDesk(call(1, "card"), second, third))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "2 requests wait" in words(shown))
        await pilot.press("b")
        await until(lambda: isinstance(shown.screen, CardScreen))
        assert second.answers == [a.BackChosen()]
        await until(lambda: third.started)
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "Nobody waits for you" in words(shown))
        await pilot.press("f3")
        await until(lambda: isinstance(shown.screen, CardScreen))


async def test_a_locked_console_shows_nothing_of_what_others_wait_for() -> None:
    second = beside("approvals")
    shown = console(FakeDesk(call(1, "card"), second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await pilot.press("f9")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "Ada Lovelace" in words(shown))
        await shown._lock()  # noqa: SLF001 - what three minutes of nothing do
        assert "Ada" not in words(shown)
        assert all("Ada" not in str(aside.view) for aside in shown.calls._asides.values())  # noqa: SLF001 - in memory
        await pilot.press("enter")
        await until(lambda: isinstance(shown.screen, ApprovalsScreen) and "Ada Lovelace" in words(shown))


async def test_r_55_a_lead_ends_a_sign_in_from_the_console() -> None:
    second = beside("agents")
    shown = console(FakeDesk(call(1, "card"), second))
    async with shown.run_test() as pilot:
        await until(lambda: isinstance(shown.screen, CardScreen))
        await shown.action_aside("agents")
        await until(lambda: isinstance(shown.screen, AgentsScreen) and "2 agents have signed in" in words(shown))
        await pilot.press("x")
        await until(lambda: "Type why first" in words(shown))
        await pilot.press(*"left")
        shown.screen.query_one("#rows").focus()
        await pilot.press("x")
        await until(lambda: second.answers)
        assert second.answers == [da.SignInEndChosen("grace", "left")]


async def test_before_the_desk_is_connected_nothing_stands_beside() -> None:
    async def connect() -> Session:
        await until(lambda: False)
        raise AssertionError

    shown = Ringing(connect, INFO, now=lambda: NOW)
    async with shown.run_test() as pilot:
        await pilot.press("f9")
        await until(lambda: "Not connected yet" in words(shown))
        shown.exit()
