"""The console: the keys that always work, the session, and which of the agent's calls is on the screen.

Nothing of the desk is imported before the first screen is painted: `connect` brings the session, in a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from rich.text import Text
from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import Provider
from textual.driver import Driver
from textual.screen import ModalScreen, Screen

from csrdesk import theme
from csrdesk.console.call import Call
from csrdesk.console.calls import FIRST, Calls
from csrdesk.console.idle import Idle
from csrdesk.console.records import Records
from csrdesk.flows.doors import Session
from csrdesk.screens.following import Arrived, Following, reference_for
from csrdesk.screens.frame import named
from csrdesk.screens.info import ConsoleInfo, Surroundings
from csrdesk.screens.prompted import Given, PromptScreen
from csrdesk.widgets.choices import Offering, shown
from csrdesk.widgets.moments import utc_now
from csrdesk.widgets.output import lasting_driver
from csrdesk.widgets.painting import keep_no_painted_widgets

__all__ = ["ConsoleInfo", "CsrdeskApp"]

TICK_SECONDS = 0.5
_READ_SECONDS = 8.0
"""How long it is shown what something that is down means."""
_AUDIT = "Audit"
_LOOK_UPS_ONLY = "Audit: look-ups only"
"""Not down like the others: something can still be done."""
LOCKED = "locked"
"""The mode that hides every call."""
_WHILE_LOCKED = {"unlock", "leave", "copy_or_leave", "leave_by_letter", "focus_next", "focus_previous"}


def _palette() -> type[Provider]:
    from csrdesk.palette import OfferCommands

    return OfferCommands


def _load_screens() -> None:
    import csrdesk.screens.registry  # noqa: F401


class CsrdeskApp(App[None]):
    """One console, with a mode for each call."""

    TITLE = "csrdesk"
    DEFAULT_MODE = FIRST
    # The first screen's own: whatever is known before the app starts is parsed once, not twice.
    CSS_PATH = ["screens/frame.tcss", "screens/username.tcss"]  # noqa: RUF012 - Textual declares it so
    COMMANDS = App.COMMANDS | {_palette}
    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        named("help", "help", "Help"),
        Binding("question_mark", "help", "Help", show=False),
        named("calls", "calls", "Calls"),
        named("call_before", "other_call(-1)", "Call before"),
        named("call_after", "other_call(1)", "Call after"),
        named("history", "history", "Your calls so far"),
        named("ticket", "ticket", "Ticket text"),
        named("audit", "audit", "Audit"),
        named("approvals", "aside('approvals')", "Second agent"),
        named("hand_over", "hand_over", "Hand over"),
        named("copy", "copy_value", "Copy a value"),
        named("new_call", "new_call", "New call"),
        named("commands", "command_palette", "Commands", priority=True),
        named("leave", "leave", "Leave", priority=True),
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
        keep_no_painted_widgets()
        theme.install(self, info.theme)
        self.set_keymap(info.keys.changed)
        self.around = Surroundings(info, now)
        self._connect = connect
        self._following: Following | None = None
        self._connection = ("Connecting", False)
        self._who: tuple[str, str] | None = None
        """Desk and agent, where they were not known at the start."""
        self._down: tuple[str, ...] = ()
        """What does not answer outside."""
        self.calls = Calls(self, self.around, self._reach)
        self._records = Records(self, self.around, self.calls)
        self._idle = Idle(now, seconds=info.lock_seconds, seconds_in_call=info.lock_seconds_in_call)

    @property
    def call(self) -> Call:
        """The call on the screen."""
        return self.calls.current

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.call_after_refresh(self.action_recover)

    async def _reach(self) -> Following:
        """The way to the desk, opened by whoever needs it first."""
        if self._following:
            return self._following
        self._say_connection("Connecting", False)  # noqa: FBT003 - not yet well
        # The other screens, and whatever the session needs, are loaded while the first one takes keys: in a thread.
        await asyncio.to_thread(_load_screens)
        session = await self._connect()
        self._idle.touch()  # by the desk's clock from here on
        self.calls.session = session
        self._following = Following(session, self.post_message, self._say_connection)
        self._say_connection("Connected", True)  # noqa: FBT003 - all is well
        self.call_later(self._offer_left)
        if self.around.info.second_agent or self.around.info.hand_over:
            self.calls.watch("approvals")
        return self._following

    async def _offer_left(self) -> None:
        """What no console has is listed at the start; whoever is typing already is only told."""
        left = await self.calls.left()
        if left and self.call.is_untouched:
            await self.action_calls()
        elif left:
            waits = "1 call waits" if left == 1 else f"{left} calls wait"
            self.notify(f"{waits} to be taken up: see the list of calls.", severity="warning", markup=False)

    # The calls
    @on(Given)
    def answer_given(self, given: Given) -> None:
        """The agent's answer belongs to the call on the screen."""
        self.call.answer(given)

    @on(Arrived)
    async def arrived(self, message: Arrived) -> None:
        """News of a call, on the screen or behind it."""
        call = self.calls.at(message.place)
        if call and not self.is_locked:
            await call.arrived(message)

    def action_recover(self) -> None:
        """Connect where that is missing, and follow the call from where it stands."""
        self.call.follow()

    def action_next_call(self) -> None:
        """Start another call; the last one is over."""
        self.call.next_caller()

    async def action_new_call(self) -> None:
        """Take another caller while this one waits."""
        if self._following is None:
            self.call.complain("Not connected yet. One moment.")
        else:
            await self.calls.new()
            self._dress()

    async def action_other_call(self, step: int) -> None:
        """Go to the call before or after this one."""
        await self.calls.go(step)
        self._dress()

    async def action_calls(self) -> None:
        """The list of open calls."""
        from csrdesk.screens.calls import CallsScreen

        if self._following and not isinstance(self.screen, ModalScreen):
            lines = await self.calls.lines()
            await self.push_screen(CallsScreen(lines, self.around, self.calls.lines), self._chosen)

    async def _chosen(self, place: str | None) -> None:
        if place is None:
            self.call.catch_up()
        elif place:
            await self.calls.bring(place)
        else:
            await self.calls.new()
        self._dress()

    def action_ticket(self) -> None:
        """The text for the ticket, of the call on the screen."""
        if self.call.is_shown:
            self.call.show_ticket()

    def action_audit(self) -> None:
        """What was done, of this call or of all."""
        self._records.audit()

    async def action_history(self) -> None:
        """The agent's own calls so far."""
        await self._records.history()

    async def action_aside(self, flow: str) -> None:
        """What other agents wait for, or who is signed in; from there back to the call."""
        if self._following is None:
            self.call.complain("Not connected yet. One moment.")
        elif not isinstance(self.screen, ModalScreen):
            await self.calls.aside(flow)
            self._dress()

    async def action_hand_over(self) -> None:
        """Offer the call on the screen to another agent, or look whether they have answered; from there back to it."""
        if self.around.info.hand_over and self._following and not isinstance(self.screen, ModalScreen):
            await self.calls.hand_over()
            self._dress()

    def action_copy_value(self) -> None:
        """What the screen shows, to copy."""
        self._records.values()

    async def _tick(self) -> None:
        if self._locks_in <= 0:
            await self._lock()
        self.call.catch_up()
        self._dress()
        if frame := self.call.frame:
            frame.tick(self.around.now())

    def get_driver_class(self) -> type[Driver]:
        """Textual's, which goes on where the terminal is gone: the console then ends as it should."""
        return lasting_driver(super().get_driver_class())

    # The lock
    @property
    def is_locked(self) -> bool:
        """Whether every call is hidden."""
        return self.current_mode == LOCKED

    @property
    def _locks_in(self) -> float:
        """Seconds until the console locks itself; a desk that is not connected has nothing to hide."""
        if self.is_locked or self._following is None:
            return float("inf")
        return self._idle.left(in_call=any(call.is_somebodys for call in self.calls))

    async def on_event(self, event: events.Event) -> None:
        """Whatever the agent does puts the lock off, unless it is late already: a computer may have slept."""
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            if self._locks_in <= 0:
                await self._lock()
                return
            self._idle.touch()
            if not self.screen_stack:
                return  # between two screens there is nothing that it could be for
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the console is locked it does nothing but unlock and leave."""
        if self.is_locked and action not in _WHILE_LOCKED:
            return False
        return super().check_action(action, parameters)

    async def _lock(self) -> None:
        from csrdesk.screens.locked import LockedScreen

        if self._following is None:
            # It is just being opened, and that must not be cut off.
            return
        open_calls = sum(call.is_somebodys for call in self.calls)
        self.add_mode(LOCKED, lambda: LockedScreen(self.around, open_calls))
        await self.switch_mode(LOCKED)
        self.clear_notifications()
        await self.calls.forget()

    async def action_unlock(self) -> None:
        """Read the calls again that are open."""
        if self.is_locked:
            await self.calls.read_again()
            await self.remove_mode(LOCKED)
            if self.calls.counted()[0] > 1:
                await self.action_calls()

    def _dress(self) -> None:
        """Tell the screen what it cannot know by itself: the connection, and the other calls."""
        if frame := self.call.frame:
            words, well = self._status
            frame.connected(
                f"{words}: {info.server}" if well and (info := self.around.info).server else words, well=well
            )
            if self._who:
                frame.introduce(*self._who)
            frame.others(*self.calls.counted())
            frame.locks_in = self._locks_in

    def _say_connection(self, words: str, well: bool) -> None:  # noqa: FBT001 - whether all is well
        self._connection = (words, well)
        self._dress()

    def say_who(self, desk: str, agent: str) -> None:
        """On the first line whose desk this is and who the agent is, once a desk elsewhere has said so."""
        self._who = (desk, agent)
        self._dress()

    def say_down(self, names: tuple[str, ...], words: Mapping[str, str]) -> None:
        """On the first line what does not answer outside; what that means for a call is said once, in `words`."""
        for name in names:
            if name not in self._down:
                self.notify(words[name], severity="warning", timeout=_READ_SECONDS, markup=False)
        if _AUDIT in self._down and _AUDIT not in names:
            self._connection = ("Connected", True)
        self._down = names
        self._dress()

    @property
    def _status(self) -> tuple[str, bool]:
        """The desk's own state first: without it nothing else is of use."""
        if not self._down or not (self._connection[1] or _AUDIT in self._down):
            return self._connection
        outside = [name for name in self._down if name != _AUDIT]
        said = [_LOOK_UPS_ONLY] if _AUDIT in self._down else []
        return ", ".join([*said, f"{', '.join(outside)} down"] if outside else said), False

    # What the console can do by itself
    def action_help(self) -> None:
        """Keys of this screen."""
        from csrdesk.screens.help import HelpScreen

        if isinstance(self.screen, Offering):
            self.push_screen(HelpScreen(self.around.info, self.screen.offers()), lambda _: self.call.catch_up())

    def action_copy_or_leave(self) -> None:
        """Ctrl+C copies where something is marked, and leaves otherwise."""
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        else:
            self.action_leave()

    def action_leave_by_letter(self) -> None:
        """Only where no letter is ever typed: fast fingers may be ahead of a field that is just being painted."""
        frame = self.call.frame
        if not (isinstance(frame, PromptScreen) and frame.has_fields):
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; where somebody's call is open, ask once whether to end it."""
        from csrdesk.screens.leave import LeaveScreen

        somebodys = [call for call in self.calls if call.is_somebodys]
        if isinstance(self.screen, LeaveScreen):
            self.screen.action_keep()
        elif somebodys:
            can_end = all(call.can_end for call in somebodys)
            self.push_screen(LeaveScreen([call.view.id for call in somebodys], can_end=can_end), self._leave)
        else:
            self._leave("end")

    def _leave(self, how: str | None) -> None:
        if how == "keep":
            self.exit()
        elif how == "end":
            self.run_worker(self._end_and_exit(), group="leave", exit_on_error=False)
        else:
            self.call.catch_up()

    async def _end_and_exit(self) -> None:
        try:
            await self.calls.end_all()
        finally:
            self.exit()

    def _fatal_error(self) -> None:
        """Leave with words: Textual would print a traceback with values of variables, the spoken code among them."""
        reference = reference_for(self._exception)
        words = f"csrdesk had to stop: something went wrong. An open call stays open. Reference: {reference}"
        self.panic(Text(words))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's signature
        keys = self.around.info.keys
        for name, words, key, action in (
            ("Help", "keys of this screen", keys.help, self.action_help),
            ("Calls", "the list of open calls", keys.calls, self.action_calls),
            ("New call", "take another caller while this one waits", keys.new_call, self.action_new_call),
            ("Your calls so far", "each with its text for the ticket and its audit", keys.history, self.action_history),
            ("Ticket text", "what was proved and done in this call, to copy", keys.ticket, self.action_ticket),
            ("Audit", "what was done, of this call or of all", keys.audit, self.action_audit),
            ("Second agent", "what other agents wait for", keys.approvals, partial(self.action_aside, "approvals")),
            ("Agents", "who signed in at this desk; for leads", "", partial(self.action_aside, "agents")),
            ("Hand over", "offer this call to another agent", keys.hand_over, self.action_hand_over),
            ("Copy a value", "of what the screen shows", keys.copy, self.action_copy_value),
            ("Lock", "hide every call until you are back", "", self._lock),
            ("Next theme", "dark, light, high contrast", "", partial(theme.next_one, self)),
            ("Leave", "close the console", keys.leave, self.action_leave),
        ):
            if action != self.action_hand_over or self.around.info.hand_over:
                yield SystemCommand(name, f"{words}  ({shown(key)})" if key else words, action)
