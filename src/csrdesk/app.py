"""The console: keeps one call's screen in step with its flow, and hands the agent's answers to the session.

Nothing of the desk is imported before the first screen is painted: `connect` brings the session, in a worker.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import Provider
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer

from csrdesk import theme
from csrdesk.errors import CsrdeskError, IllegalEventError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import ConsoleInfo, Surroundings
from csrdesk.screens.prompted import Given, PromptScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.screens.window import verified_until
from csrdesk.widgets.choices import Offering, answers_of
from csrdesk.widgets.moments import utc_now

__all__ = ["ConsoleInfo", "CsrdeskApp"]

FLOW = "csr_main"
TICK_SECONDS = 0.5
WORKING_AFTER_SECONDS = 0.15
"""Work that is done sooner is not shown: a screen that flashes up tells nobody anything."""
AGAIN_AFTER_SECONDS = 2.0
GOODBYE_SECONDS = 2.0

_log = logging.getLogger("csrdesk.console")


class Arrived(Message):
    """The call as it stands now."""

    def __init__(self, view: View, problem: str = "") -> None:
        super().__init__()
        self.view = view
        self.problem = problem


def _palette() -> type[Provider]:
    from csrdesk.palette import OfferCommands

    return OfferCommands


class CsrdeskApp(App[None]):
    """One console, one call at a time."""

    TITLE = "csrdesk"
    COMMANDS = App.COMMANDS | {_palette}
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("f1,question_mark", "help", "Help", show=False),
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True),
        Binding("ctrl+c", "copy_or_leave", "Leave", show=False, priority=True),
        Binding("q", "leave", "Leave", show=False),
    ]

    def __init__(
        self,
        connect: Callable[[], Awaitable[Session]],
        info: ConsoleInfo,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self.around = Surroundings(info, now)
        self._connect = connect
        self._session: Session | None = None
        self._view = View("", FLOW, -1, UsernamePrompt(ticket_required=info.ticket_required))
        self._answered = -2
        """The revision that was answered last: a second press of the key answers nothing."""
        self._early: Answer | None = None
        """Given before the desk was connected; posted as soon as it is."""
        self._held: Arrived | None = None
        """Came while a box was open above the screen."""
        self._working: Timer | None = None

    def on_mount(self) -> None:
        theme.install(self)
        self.push_screen(
            UsernameScreen(self._view, UsernamePrompt(ticket_required=self.around.info.ticket_required), self.around)
        )
        self.set_interval(TICK_SECONDS, self._tick)
        self.call_after_refresh(self.action_recover)

    # The call
    def action_recover(self) -> None:
        """Connect where that is missing, and follow the call from where it stands."""
        self.run_worker(self._guarded(self._follow()), group="follow", exclusive=True, exit_on_error=False)

    def action_next_call(self) -> None:
        """Start another call; the last one is over."""
        self._view = View("", FLOW, -1)
        self._answered = -2
        self.action_recover()

    async def _follow(self) -> None:
        """Read the call whenever it has moved on. Screens change in `arrived` alone, one after the other."""
        session = self._session or await self._open()
        view = await (session.view(self._view.id) if self._view.id else self._start(session))
        while True:
            self.post_message(Arrived(view))
            if view.outcome is not None:
                return
            view = await self._next(session, view)

    async def _open(self) -> Session:
        self._say_connection("Connecting")
        # The other screens, and whatever the session needs, are loaded while the first one takes keys.
        import csrdesk.screens.registry  # noqa: F401

        self._session = await self._connect()
        self._say_connection("Connected", well=True)
        return self._session

    async def _start(self, session: Session) -> View:
        from csrdesk.flows.csr_main import Start

        return await session.start(FLOW, Start())

    async def _next(self, session: Session, view: View) -> View:
        """The call after `view`; while the desk cannot be read, say so and ask again."""
        while True:
            try:
                newer = await session.changed(view.id, view.rev)
            except CsrdeskError as error:
                self._note(error)
                self._say_connection("Desk not answering")
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
            else:
                self._say_connection("Connected", well=True)
                return newer

    async def _answer(self, session: Session, given: Given) -> None:
        flow_id = self._view.id
        try:
            self.post_message(Arrived(await session.answer(flow_id, given.rev, given.answer)))
        except (StaleFlowError, IllegalEventError):
            self._answered = given.rev - 1
            moved = "The call had moved on meanwhile. Nothing was done; look at the screen again."
            self.post_message(Arrived(await session.view(flow_id), moved))
        except CsrdeskError as error:
            self._note(error)
            self._answered = given.rev - 1
            self.post_message(Arrived(self._view, error.message))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """The boundary of every worker: whatever nobody expected becomes words and a reference."""
        try:
            await work
        except CsrdeskError as error:
            self._note(error)
            await self._show_trouble(error.message)
        except Exception as error:  # noqa: BLE001 - the one broad except of the console
            await self._show_trouble("Something went wrong in the console.", reference_for(error))

    # Screens
    @on(Given)
    def answer_given(self, given: Given) -> None:
        """Hand an answer over, once a revision; before the desk is connected, keep it."""
        if self._session is None or self._view.rev < 0:
            self._early = given.answer
            self._frame_work("Connecting; your look-up goes on by itself")
        elif given.rev == self._view.rev and given.rev > self._answered:
            self._answered = given.rev
            self._work_soon("")
            self.run_worker(self._guarded(self._answer(self._session, given)), group="answer", exit_on_error=False)

    @on(Arrived)
    async def arrived(self, message: Arrived) -> None:
        """Show a newer view, or say what became of an answer."""
        view = message.view
        if self._view.id and view.id != self._view.id:
            return
        if isinstance(self.screen, ModalScreen):
            if self._held is None or view.rev >= self._held.view.rev:
                self._held = message
            return
        if view.rev < self._view.rev or (view.rev == self._view.rev and not message.problem):
            return
        self._view = view
        self._calm()
        if view.outcome is not None:
            await self._show_over()
        elif view.prompt is None:
            self._work_soon(view.working)
        elif self._early is not None and isinstance(view.prompt, UsernamePrompt):
            early, self._early = self._early, None
            self.answer_given(Given(early, view.rev))
        else:
            await self._show_prompt(view)
        frame = self._frame
        if message.problem and frame:
            frame.rest()
            frame.complain(message.problem)

    async def _show_prompt(self, view: View) -> None:
        from csrdesk.screens.registry import make_screen, screen_for

        prompt, frame = view.prompt, self._frame
        if prompt is None:
            return
        until = verified_until(prompt, frame.verified_until if frame else None)
        if isinstance(frame, PromptScreen) and type(frame) is screen_for(type(prompt)):
            frame.show(view, prompt, until)
        else:
            await self._replace(make_screen(view, prompt, self.around, until))

    async def _show_over(self) -> None:
        from csrdesk.screens.call_over import CallOverScreen

        await self._replace(CallOverScreen(self.around))

    async def _show_trouble(self, message: str, reference: str = "") -> None:
        from csrdesk.screens.trouble import TroubleScreen

        self._calm()
        await self._replace(TroubleScreen(self.around, message=message, reference=reference))

    async def _replace(self, screen: FrameScreen) -> None:
        await self.switch_screen(screen)

    @property
    def _frame(self) -> FrameScreen | None:
        """The call's screen, whatever box is open above it."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, FrameScreen)), None)

    def _tick(self) -> None:
        if self._held and not isinstance(self.screen, ModalScreen):
            held, self._held = self._held, None
            self.post_message(held)
        if frame := self._frame:
            frame.tick(self.around.now())

    def _work_soon(self, words: str) -> None:
        self._calm()
        self._working = self.set_timer(WORKING_AFTER_SECONDS, lambda: self._frame_work(words or "One moment"))

    def _frame_work(self, words: str) -> None:
        if frame := self._frame:
            frame.work(words)

    def _calm(self) -> None:
        if self._working:
            self._working.stop()
            self._working = None

    def _say_connection(self, words: str, *, well: bool = False) -> None:
        if frame := self._frame:
            frame.connected(words, well=well)

    def _note(self, error: CsrdeskError) -> None:
        _log.warning("%s: %s", error.code, error.details)

    # What the console can do by itself
    def action_help(self) -> None:
        """Keys of this screen."""
        from csrdesk.screens.help import HelpScreen

        if isinstance(self.screen, Offering):
            self.push_screen(HelpScreen(self.around.info, self.screen.offers()))

    def action_copy_or_leave(self) -> None:
        """Ctrl+C copies where something is marked, and leaves otherwise."""
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; where somebody's call is open, ask once whether to end it."""
        from csrdesk.screens.leave import LeaveScreen

        view = self._view
        if isinstance(self.screen, LeaveScreen):
            self.screen.action_keep()
        elif self._session is None or view.outcome is not None or view.rev < 0:
            self.exit()
        elif isinstance(view.prompt, UsernamePrompt):
            self._leave("end")
        else:
            can_end = view.prompt is not None and a.CallEnded in answers_of(type(view.prompt))
            self.push_screen(LeaveScreen(view.id, can_end=can_end), self._leave)

    def _leave(self, how: str | None) -> None:
        if how == "keep":
            self.exit()
        elif how == "end":
            self.run_worker(self._guarded(self._end_and_exit()), group="answer", exit_on_error=False)

    async def _end_and_exit(self) -> None:
        if self._session:
            await asyncio.wait_for(self._session.answer(self._view.id, self._view.rev, a.CallEnded()), GOODBYE_SECONDS)
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        yield SystemCommand("Help", "keys of this screen  (F1)", self.action_help)
        yield SystemCommand("Light or dark", "change the theme", lambda: theme.toggle(self))
        yield SystemCommand("Leave", "close the console  (Ctrl+Q)", self.action_leave)


def reference_for(error: Exception) -> str:
    """Log where an unexpected error came from, without its words: they may hold anything. Gives what to quote."""
    reference = secrets.token_hex(4).upper()
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(error.__traceback__)))
    _log.error("reference %s: %s at %s", reference, type(error).__name__, places)
    return reference
