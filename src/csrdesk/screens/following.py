"""The call behind the screens: read whenever it moves on, and answered; what comes of it is posted as `Arrived`.

Apart from the application, because nothing here knows a widget: it is the console's half of `Session`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec
from textual.message import Message

from csrdesk.errors import (
    CsrdeskError,
    HandedOverError,
    IllegalEventError,
    NotSignedInError,
    ServiceError,
    StaleFlowError,
    StoreUnavailableError,
)
from csrdesk.flows.doors import CallRecord, Session, View
from csrdesk.flows.kernel import Answer

FLOW = "csr_main"
AGAIN_AFTER_SECONDS = 2.0
MOVED_ON = "The call had moved on meanwhile. Nothing was done; look at the screen again."

_log = logging.getLogger("csrdesk.console")


class Arrived(Message):
    """The call as it stands now, and what became of an answer that was not taken."""

    def __init__(self, view: View, place: str, problem: str = "") -> None:
        super().__init__()
        self.view = view
        self.place = place
        """Which of the console's calls this is."""
        self.problem = problem


class Following:
    """One session's calls, as many at once as the agent has open; `place` says whose news it is."""

    def __init__(
        self, session: Session, arrived: Callable[[Arrived], object], connection: Callable[[str, bool], None]
    ) -> None:
        self._session = session
        self._arrived = arrived
        self._connection = connection

    async def follow(self, flow_id: str, place: str, *, start: tuple[str, msgspec.Struct] | None = None) -> None:
        """Post the flow whenever it has moved on, until it is over; an empty id starts one, or what `start` names."""
        view = await (self._session.view(flow_id) if flow_id else self._start(start))
        while True:
            self._arrive(view, place)
            if view.outcome is not None:
                return
            flow_id, rev = view.id, view.rev
            # Nothing of the caller stays here while the console is locked.
            del view
            view = await self._next(flow_id, rev)

    async def take_up(self, flow_id: str) -> int:
        """Take up a call that no console has; how many open links ended with that."""
        return (await self._session.resume(flow_id)).links_ended

    async def answer(self, view: View, answer: Answer, place: str) -> None:
        """Answer the prompt of `view`, and post what came of it."""
        try:
            self._arrive(await self._session.answer(view.id, view.rev, answer), place)
        except (StaleFlowError, IllegalEventError):
            self._arrived(Arrived(await self._session.view(view.id), place, MOVED_ON))
        except HandedOverError:
            raise
        except CsrdeskError as error:
            noted(error)
            self._arrived(Arrived(view, place, error.message))

    def _arrive(self, view: View, place: str) -> None:
        """Post the call; what is wrong with the desk itself is said beside it, until it is well again."""
        self._arrived(Arrived(view, place, view.trouble))
        if view.trouble:
            words = "Audit: look-ups only" if "audit" in view.trouble else "Not all is well"
            self._connection(words, False)  # noqa: FBT003 - whether all is well

    async def record(self, call_id: str) -> CallRecord:
        """What the audit holds of the call."""
        return await self._session.record(call_id)

    async def _start(self, start: tuple[str, msgspec.Struct] | None) -> View:
        if start:
            return await self._session.start(*start)
        # The flows are loaded while the first screen takes keys.
        from csrdesk.flows.csr_main import Start

        return await self._session.start(FLOW, Start())

    async def _next(self, flow_id: str, rev: int) -> View:
        """The call after that revision; while the desk cannot be read, say so and ask again."""
        lost = False
        while True:
            try:
                # What waits for news hears nothing for a while, and could not say so soon that all is well again.
                newer = await (self._session.view(flow_id) if lost else self._session.changed(flow_id, rev))
            except HandedOverError:
                raise
            except CsrdeskError as error:
                lost = True
                noted(error)
                self._connection(_words_of(error), False)  # noqa: FBT003 - whether all is well
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
                continue
            lost = False
            self._connection("Connected", True)  # noqa: FBT003 - as above
            if newer.rev > rev:
                return newer


def _words_of(error: CsrdeskError) -> str:
    match error:
        case NotSignedInError():
            return "Signed out: csrdesk login"
        case ServiceError():
            return "Not connected, trying again"
        case StoreUnavailableError():
            return "Database away, trying again"
        case _:
            return "Desk not answering"


def noted(error: CsrdeskError) -> None:
    """Log an error that was said in words."""
    _log.warning("%s: %s", error.code, error.details)


def reference_for(error: BaseException | None) -> str:
    """Log where an unexpected error came from, without its words: they may hold anything. Gives what to quote."""
    import secrets
    import traceback

    reference = secrets.token_hex(4).upper()
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    _log.error("reference %s: %s at %s", reference, type(error).__name__, places)
    return reference
