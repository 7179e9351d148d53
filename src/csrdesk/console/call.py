"""One call of the console: keeps its screen in step with its flow, and hands the agent's answers to the session.

It has a Textual mode of its own, so what is typed stays while another call is on the screen. What comes meanwhile is
held, and painted when the agent is back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime

from textual.app import App
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input

from csrdesk.errors import CsrdeskError, HandedOverError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import PollingPrompt, UsernamePrompt
from csrdesk.flows.try_prompts import AgentPushPrompt
from csrdesk.screens.following import FLOW, Arrived, Following, noted, reference_for
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import Surroundings
from csrdesk.screens.prompted import Given, PromptScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.screens.window import by_exception, verified_until
from csrdesk.widgets.choices import answers_of

_READ_SECONDS = 20
"""How long what is said of a call that was taken up stays on the screen."""
WORKING_AFTER_SECONDS = 0.15
"""Work that is done sooner is not shown: a screen that flashes up tells nobody anything."""


class Call:
    """A call in the mode of its name; the application says when that mode is on the screen."""

    def __init__(
        self, app: App[None], mode: str, around: Surroundings, reach: Callable[[], Awaitable[Following]]
    ) -> None:
        self.mode = mode
        self.view = View("", FLOW, -1, UsernamePrompt(ticket_required=around.info.ticket_required))
        self.verified_until: datetime | None = None
        self.by_exception = False
        self.needs_agent = False
        """Something came while another call was on the screen, and the agent is to do something."""
        self._is_new = True
        """Begun here, and not one that the desk had already."""
        self._app = app
        self._around = around
        self._reach = reach
        self._answered = -2
        """The revision that was answered last: a second press of the key answers nothing."""
        self._asked: type | None = None
        """What kind of prompt was the newest, kept while the console is locked; None before there was any view."""
        self._early: Answer | None = None
        """Given before the desk was connected; posted as soon as it is."""
        self._held: Arrived | None = None
        """Came while a box was open above the screen, or another call was on it."""
        self._trouble: FrameScreen | None = None
        """As above."""
        self._working: Timer | None = None

    # Where it stands
    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.newest.outcome is not None

    @property
    def is_somebodys(self) -> bool:
        """Whether a caller's call is open: more than an empty look-up."""
        newest = self.newest
        just_begun = newest.prompt is None and newest.rev <= 0
        return not (self.view.rev < 0 or just_begun or self.is_over or isinstance(newest.prompt, UsernamePrompt))

    @property
    def can_end(self) -> bool:
        """Whether it takes its end as an answer now."""
        prompt = self.newest.prompt
        return prompt is not None and self.view.rev >= 0 and a.CallEnded in answers_of(type(prompt))

    @property
    def newest(self) -> View:
        """As far as is known, painted or not."""
        return self._held.view if self._held else self.view

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has begun anything: the look-up stands there, empty, and takes the keys."""
        frame = self.frame
        if not (self.is_shown and isinstance(frame, UsernameScreen)):
            return False
        return self._early is None and not any(field.value for field in frame.query(Input))

    @property
    def is_shown(self) -> bool:
        """Whether it is on the screen, with nothing above it."""
        return self._is_current and not isinstance(self._app.screen, ModalScreen)

    @property
    def _is_current(self) -> bool:
        return self._app.is_running and self._app.current_mode == self.mode

    @property
    def frame(self) -> FrameScreen | None:
        """The call's screen, whatever box is open above it; none while another call is shown."""
        if not self._is_current:
            return None
        return next((s for s in reversed(self._app.screen_stack) if isinstance(s, FrameScreen)), None)

    # Following
    def follow(self, flow_id: str | None = None) -> None:
        """Follow the call from where it stands, or the one of that id; a call without one is started."""
        if flow_id is not None:
            self._forget(flow_id)
        self._run(self._follow(), "follow", exclusive=True)

    def take_up(self, flow_id: str) -> None:
        """Go on with a call that this console did not have so far."""
        self._forget(flow_id)
        self._run(self._take_up(flow_id), "follow", exclusive=True)

    def next_caller(self) -> None:
        """Start another call in the place of this one, which is over."""
        self.follow("")

    def leave_alone(self) -> None:
        """Follow it no more, and know no more of it than its id. The desk goes on with it."""
        self._app.workers.cancel_group(self._app, f"follow {self.mode}")
        self._calm()
        self._forget(self.view.id)

    def _forget(self, flow_id: str) -> None:
        self.view, self._answered, self._is_new = View(flow_id, FLOW, -1), -2, not flow_id
        self.verified_until, self._held, self._trouble, self._early = None, None, None, None

    async def _follow(self) -> None:
        following = await self._reach()
        await following.follow(self.view.id, self.mode)

    async def _take_up(self, flow_id: str) -> None:
        following = await self._reach()
        links = await following.take_up(flow_id)
        if links:
            words = "Its open link has ended, because the console that showed its code is gone. Send a new one."
            self._app.notify(words, severity="warning", timeout=_READ_SECONDS, markup=False)
        await following.follow(flow_id, self.mode)

    def _run(self, work: Coroutine[None, None, None], group: str, *, exclusive: bool = False) -> None:
        name = f"{group} {self.mode}"
        self._app.run_worker(self._guarded(work), group=name, exclusive=exclusive, exit_on_error=False)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """The boundary of every worker: whatever nobody expected becomes words and a reference."""
        try:
            await work
        except HandedOverError as error:
            await self._show_handed_over(error.message)
        except CsrdeskError as error:
            noted(error)
            await self._show_trouble(error.message)
        except Exception as error:  # noqa: BLE001 - the one broad except of the console
            await self._show_trouble("Something went wrong in the console.", reference_for(error))

    # What the agent does
    def answer(self, given: Given) -> None:
        """Hand an answer over, once a revision; before the call has asked for the first time, keep it."""
        if self.view.rev < 0 or (given.rev < 0 and self.view.prompt is None):
            self._keep(given.answer)
        elif given.rev < 0:
            # The call has asked meanwhile, and the screen that was there before it is about to be told.
            self.answer(Given(given.answer, self.view.rev))
        elif given.rev == self.view.rev and given.rev > self._answered:
            self._answered = given.rev
            self._work_soon("")
            self._run(self._answer(self.view, given.answer), "answer")

    async def _answer(self, view: View, answer: Answer) -> None:
        following = await self._reach()
        await following.answer(view, answer, self.mode)

    def _keep(self, answer: Answer) -> None:
        if isinstance(answer, a.UsernameGiven):
            self._early = answer
            self._frame_work("Connecting; your look-up goes on by itself")
        else:
            self.complain("Not connected yet. One moment.")

    async def bring_up(self) -> None:
        """It is on the screen again: paint what came meanwhile."""
        self.needs_agent = False
        if self._trouble:
            trouble, self._trouble = self._trouble, None
            await self._replace(trouble)
        elif not self._catch_up() and self._answered == self.view.rev:
            self._work_soon(self.view.working)

    def catch_up(self) -> None:
        """Show what came while a box was open."""
        if self.is_shown:
            self._catch_up()

    def _catch_up(self) -> bool:
        held, self._held = self._held, None
        if held:
            self._app.call_later(self._app.post_message, held)
        return held is not None

    def show_ticket(self) -> None:
        """Read what the audit holds of it, and show that as text."""
        if self.view.id:
            self._run(self._show_ticket(), "ticket", exclusive=True)

    async def _show_ticket(self) -> None:
        from csrdesk.console.ticket_text import ticket_text
        from csrdesk.screens.ticket import TicketScreen

        following = await self._reach()
        try:
            words = ticket_text(await following.record(self.view.id))
        except CsrdeskError as error:
            noted(error)
            self.complain(error.message)
            return
        if self.is_shown:
            await self._app.push_screen(TicketScreen(words), lambda _: self.catch_up())

    def complain(self, words: str) -> None:
        """Say what went wrong, if it is on the screen."""
        if frame := self.frame:
            frame.complain(words)

    # What comes
    async def arrived(self, message: Arrived) -> None:
        """Show a newer view, or say what became of an answer."""
        view = message.view
        if self.view.id and view.id != self.view.id:
            return
        if not self.is_shown:
            self._hold(message)
            return
        said_before = message.problem in ("", view.trouble)
        if view.rev < self.view.rev or (view.rev == self.view.rev and said_before):
            return
        self.view, self._asked = view, type(view.prompt)
        if message.problem:
            # Not taken: the same prompt may be answered again.
            self._answered = view.rev - 1
        self._calm()
        await self._show(view)
        if message.problem and (frame := self.frame):
            frame.rest()
            frame.complain(message.problem)

    def _hold(self, message: Arrived) -> None:
        known = self.newest
        if message.view.rev < known.rev or (message.view.rev == known.rev and not message.problem):
            return
        self._held = message
        asked, before = message.view.prompt, self._asked
        self._asked = type(asked)
        waits = (
            asked is not None
            and not isinstance(asked, PollingPrompt | AgentPushPrompt)
            and before not in (None, type(asked))
        )
        if (waits or message.problem) and not self.needs_agent:
            # Also where a box hides the call's own screen; there nothing has to be gone to.
            self.needs_agent = not self._is_current
            self._app.bell()

    async def _show(self, view: View) -> None:
        if view.outcome is not None:
            await self._show_over()
        elif view.prompt is None:
            if not self._takes_first_keys:
                self._work_soon(view.working)
        elif self._early is not None and isinstance(view.prompt, UsernamePrompt):
            early, self._early = self._early, None
            self.answer(Given(early, view.rev))
        else:
            await self._show_prompt(view)

    @property
    def _takes_first_keys(self) -> bool:
        """Whether the look-up stands there since before the call began: what is being typed there must not be lost.

        A call that was taken up while another process works on it has no look-up to be typed into.
        """
        frame = self.frame
        return isinstance(frame, UsernameScreen) and frame.view.rev < 0 and self._is_new

    async def _show_prompt(self, view: View) -> None:
        from csrdesk.screens.registry import make_screen, screen_for

        prompt, frame = view.prompt, self.frame
        if prompt is None:
            return
        self.verified_until = verified_until(prompt, self.verified_until)
        self.by_exception = by_exception(prompt, self.by_exception) and self.verified_until is not None
        if isinstance(frame, PromptScreen) and type(frame) is screen_for(type(prompt)):
            frame.by_exception = self.by_exception
            frame.show(view, prompt, self.verified_until)
        else:
            made = make_screen(view, prompt, self._around, self.verified_until, excepted=self.by_exception)
            await self._replace(made)

    async def _show_over(self) -> None:
        from csrdesk.screens.call_over import CallOverScreen

        self.verified_until = None
        outcome = self.view.outcome
        if self.view.flow == FLOW or outcome is None:
            await self._replace(CallOverScreen(self._around))
            return
        lines, words = getattr(outcome, "lines", ()), getattr(outcome, "error_message", "")
        await self._replace(CallOverScreen(self._around, lines=lines, error_message=words))

    async def _show_handed_over(self, words: str) -> None:
        """It is another agent's now: nothing of the caller stays in this console."""
        from csrdesk.flows.hand_over import Kept
        from csrdesk.screens.call_over import CallOverScreen

        self._calm()
        self._forget(self.view.id)
        # Over, as far as this console is concerned: it is not followed any more.
        self.view = View(self.view.id, FLOW, self.view.rev, outcome=Kept())
        await self._show_apart(CallOverScreen(self._around, handed_over=words))

    async def _show_trouble(self, message: str, reference: str = "") -> None:
        from csrdesk.screens.trouble import TroubleScreen

        self._calm()
        # The call is read anew afterwards, whatever its revision is.
        self._forget(self.view.id)
        await self._show_apart(TroubleScreen(self._around, message=message, reference=reference))

    async def _show_apart(self, screen: FrameScreen) -> None:
        """Show what is none of the call's prompts, as soon as the call is on the screen."""
        if self._is_current:
            await self._replace(screen)
        else:
            self._trouble, self.needs_agent = screen, True
            self._app.bell()

    async def _replace(self, screen: FrameScreen) -> None:
        if before := self.frame:
            screen.connected_as(before)
        app = self._app
        while isinstance(app.screen, ModalScreen):
            await app.pop_screen()
        if len(app.screen_stack) > 1:
            await app.switch_screen(screen)
            return
        # Textual keeps a mode's first screen at the bottom for good; nothing of a caller stays there.
        for field in app.screen.query(Input):
            field.clear()
        await app.push_screen(screen)

    def first_screen(self) -> FrameScreen:
        """The look-up is a call's very first screen: an empty one below it would be laid out for nobody."""
        prompt = UsernamePrompt(ticket_required=self._around.info.ticket_required)
        first = UsernameScreen(self.view, prompt, self._around)
        first.connected("Connecting", well=False)
        return first

    # While something is done
    def _work_soon(self, words: str) -> None:
        self._calm()
        self._working = self._app.set_timer(WORKING_AFTER_SECONDS, lambda: self._frame_work(words or "One moment"))

    def _frame_work(self, words: str) -> None:
        if frame := self.frame:
            frame.work(words)

    def _calm(self) -> None:
        if self._working:
            self._working.stop()
            self._working = None
