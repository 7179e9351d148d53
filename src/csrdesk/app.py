"""The console: keeps one call's screen in step with its flow, and hands the agent's answers to the session.

Nothing of the desk is imported before the first screen is painted: `connect` brings the session, in a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import datetime

from rich.text import Text
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import Provider
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widgets import Input

from csrdesk import theme
from csrdesk.errors import CsrdeskError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.screens.following import FLOW, Arrived, Following, noted, reference_for
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import ConsoleInfo, Surroundings
from csrdesk.screens.prompted import Given, PromptScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.screens.window import verified_until
from csrdesk.widgets.choices import Offering, answers_of
from csrdesk.widgets.moments import utc_now

__all__ = ["ConsoleInfo", "CsrdeskApp"]

TICK_SECONDS = 0.5
WORKING_AFTER_SECONDS = 0.15
"""Work that is done sooner is not shown: a screen that flashes up tells nobody anything."""
GOODBYE_SECONDS = 2.0


def _palette() -> type[Provider]:
    from csrdesk.palette import OfferCommands

    return OfferCommands


def _load_screens() -> None:
    import csrdesk.screens.registry  # noqa: F401


class CsrdeskApp(App[None]):
    """One console, one call at a time."""

    TITLE = "csrdesk"
    # The first screen's own: whatever is known before the app starts is parsed once, not twice.
    CSS_PATH = ["screens/frame.tcss", "screens/username.tcss"]  # noqa: RUF012 - Textual declares it so
    COMMANDS = App.COMMANDS | {_palette}
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("f1,question_mark", "help", "Help", show=False),
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True),
        Binding("ctrl+c", "copy_or_leave", "Leave", show=False, priority=True),
        Binding("q", "leave_by_letter", "Leave", show=False),
    ]

    def __init__(
        self,
        connect: Callable[[], Awaitable[Session]],
        info: ConsoleInfo,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        theme.install(self)
        self.around = Surroundings(info, now)
        self._connect = connect
        self._session: Session | None = None
        self._following: Following | None = None
        self._view = View("", FLOW, -1, UsernamePrompt(ticket_required=info.ticket_required))
        self._answered = -2
        """The revision that was answered last: a second press of the key answers nothing."""
        self._early: Answer | None = None
        """Given before the desk was connected; posted as soon as it is."""
        self._held: Arrived | None = None
        """Came while a box was open above the screen."""
        self._working: Timer | None = None

    def get_default_screen(self) -> UsernameScreen:
        """The look-up is the console's very first screen: an empty one below it would be laid out for nobody."""
        return UsernameScreen(self._view, UsernamePrompt(ticket_required=self.around.info.ticket_required), self.around)

    def on_mount(self) -> None:
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
        following = self._following or await self._open()
        await following.follow(self._view.id)

    async def _open(self) -> Following:
        self._say_connection("Connecting", False)  # noqa: FBT003 - not yet well
        # The other screens, and whatever the session needs, are loaded while the first one takes keys: in a thread.
        await asyncio.to_thread(_load_screens)
        session = await self._connect()
        self._session, self._following = session, Following(session, self.post_message, self._say_connection)
        self._say_connection("Connected", True)  # noqa: FBT003 - all is well
        return self._following

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """The boundary of every worker: whatever nobody expected becomes words and a reference."""
        try:
            await work
        except CsrdeskError as error:
            noted(error)
            await self._show_trouble(error.message)
        except Exception as error:  # noqa: BLE001 - the one broad except of the console
            await self._show_trouble("Something went wrong in the console.", reference_for(error))

    # Screens
    @on(Given)
    def answer_given(self, given: Given) -> None:
        """Hand an answer over, once a revision; before the desk is connected, keep it."""
        if self._following is None or self._view.rev < 0:
            self._keep(given.answer)
        elif given.rev == self._view.rev and given.rev > self._answered:
            self._answered = given.rev
            self._work_soon("")
            answering = self._following.answer(self._view, given.answer)
            self.run_worker(self._guarded(answering), group="answer", exit_on_error=False)

    def _keep(self, answer: Answer) -> None:
        if isinstance(answer, a.UsernameGiven):
            self._early = answer
            self._frame_work("Connecting; your look-up goes on by itself")
        elif frame := self._frame:
            frame.complain("Not connected yet. One moment.")

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
        if message.problem:
            # Not taken: the same prompt may be answered again.
            self._answered = view.rev - 1
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
        # The call is read anew afterwards, whatever its revision is.
        self._view, self._answered = View(self._view.id, FLOW, -1), -2
        await self._replace(TroubleScreen(self.around, message=message, reference=reference))

    async def _replace(self, screen: FrameScreen) -> None:
        while isinstance(self.screen, ModalScreen):
            await self.pop_screen()
        if len(self.screen_stack) > 1:
            await self.switch_screen(screen)
            return
        # Textual keeps the first screen at the bottom for good; nothing of a caller stays there.
        for field in self.screen.query(Input):
            field.clear()
        await self.push_screen(screen)

    @property
    def _frame(self) -> FrameScreen | None:
        """The call's screen, whatever box is open above it; none while the console closes."""
        if not self.is_running:
            return None
        return next((s for s in reversed(self.screen_stack) if isinstance(s, FrameScreen)), None)

    def _catch_up(self) -> None:
        """Show what came while a box was open."""
        if self._held:
            held, self._held = self._held, None
            self.call_later(self.post_message, held)

    def _tick(self) -> None:
        if not isinstance(self.screen, ModalScreen):
            self._catch_up()
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

    def _say_connection(self, words: str, well: bool) -> None:  # noqa: FBT001 - whether all is well
        if frame := self._frame:
            frame.connected(words, well=well)

    # What the console can do by itself
    def action_help(self) -> None:
        """Keys of this screen."""
        from csrdesk.screens.help import HelpScreen

        if isinstance(self.screen, Offering):
            self.push_screen(HelpScreen(self.around.info, self.screen.offers()), lambda _: self._catch_up())

    def action_copy_or_leave(self) -> None:
        """Ctrl+C copies where something is marked, and leaves otherwise."""
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        else:
            self.action_leave()

    def action_leave_by_letter(self) -> None:
        """Only where no letter is ever typed: fast fingers may be ahead of a field that is just being painted."""
        frame = self._frame
        if not (isinstance(frame, PromptScreen) and frame.has_fields):
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
        else:
            self._catch_up()

    async def _end_and_exit(self) -> None:
        if self._session:
            ended = self._session.answer(self._view.id, self._view.rev, a.CallEnded())
            with contextlib.suppress(CsrdeskError, TimeoutError):
                await asyncio.wait_for(ended, GOODBYE_SECONDS)
        self.exit()

    def _fatal_error(self) -> None:
        """Leave with words: Textual would print a traceback with values of variables, the spoken code among them."""
        reference = reference_for(self._exception)
        words = f"csrdesk had to stop: something went wrong. An open call stays open. Reference: {reference}"
        self.panic(Text(words))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        yield SystemCommand("Help", "keys of this screen  (F1)", self.action_help)
        yield SystemCommand("Light or dark", "change the theme", lambda: theme.toggle(self))
        yield SystemCommand("Leave", "close the console  (Ctrl+Q)", self.action_leave)
