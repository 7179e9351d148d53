"""Boxes above the call that are for looking: the audit, the agent's calls so far, and values to copy."""

from __future__ import annotations

from textual.app import App
from textual.screen import ModalScreen

from csrdesk.console.calls import Calls
from csrdesk.errors import CsrdeskError
from csrdesk.flows.doors import Session
from csrdesk.screens.following import noted
from csrdesk.screens.info import Surroundings


class Records:
    """Opens none above another box; what cannot be shown is said on the call's screen."""

    def __init__(self, app: App[None], around: Surroundings, calls: Calls) -> None:
        self._app = app
        self._around = around
        self._calls = calls

    def audit(self) -> None:
        """Of the call on the screen where it is somebody's, of all otherwise."""
        call = self._calls.current
        if session := self._session():
            self._open_audit(session, call.view.id if call.is_somebodys else "")

    async def history(self) -> None:
        """The agent's own calls, each with its text for the ticket and its rows."""
        from csrdesk.console.ticket_text import ticket_text
        from csrdesk.screens.history import HistoryScreen

        if not (session := self._session()):
            return
        try:
            calls = await session.history()
        except CsrdeskError as error:
            noted(error)
            self._calls.current.complain(error.message)
            return
        screen = HistoryScreen(calls, self._around, ticket_text, lambda call_id: self._open_audit(session, call_id))
        await self._app.push_screen(screen, self._back)

    def values(self) -> None:
        """What the screen shows, to copy."""
        from csrdesk.screens.copying import CopyScreen

        frame = None if self._is_busy else self._calls.current.frame
        if frame and (values := frame.values()):
            self._app.push_screen(CopyScreen(values), self._back)
        elif frame:
            frame.complain("There is nothing to copy on this screen.")

    def _open_audit(self, session: Session, call_id: str) -> None:
        from csrdesk.screens.audit import PAGE, AuditScreen

        screen = AuditScreen(
            self._around,
            lambda call_id, before: session.audit(call_id=call_id, before=before, limit=PAGE),
            session.audit_row,
            call_id=call_id,
        )
        self._app.push_screen(screen, self._back)

    @property
    def _is_busy(self) -> bool:
        return isinstance(self._app.screen, ModalScreen)

    def _session(self) -> Session | None:
        """None, which is said, before the desk is connected."""
        if self._is_busy:
            return None
        if self._calls.session is None:
            self._calls.current.complain("Not connected yet. One moment.")
        return self._calls.session

    def _back(self, _: None) -> None:
        self._calls.current.catch_up()
