"""What a demo stands on: a sandbox, a desk whose data and secrets live in a folder that goes with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from csrdesk.demo.beside import Beside, SandboxSide
from csrdesk.engine.clock import SystemClock
from csrdesk.sandbox import Options, Sandbox, ids
from csrdesk.sandbox.folder import own_folder, remove_dead
from csrdesk.wiring import Desk, open_desk
from csrdesk.wiring.trial import settings_for


@dataclass(frozen=True)
class Stage:
    """A running demo."""

    box: Sandbox
    desk: Desk
    directory: Beside

    @property
    def mailbox_url(self) -> str:
        """For people; add `.json` for programs."""
        return self.box.settings().mailbox_url


@asynccontextmanager
async def stage(
    record: Path | None = None,
    *,
    port: int = 0,
    directory: Beside | None = None,
    call_back: bool = False,
    protect: bool = False,
) -> AsyncIterator[Stage]:
    """Start everything on free loopback ports, the sandbox on `port` where one is given; leave nothing behind.

    With a `directory` the desk uses that one, and the sandbox's is not asked. With `call_back` numbers may be rung;
    with `protect` PingOne Protect judges every caller.
    """
    remove_dead()
    with own_folder("demo") as folder:
        async with Sandbox(Options(record=record, port=port)) as box:
            beside = directory or SandboxSide(box)
            settings = settings_for(box.settings(), folder, directory=beside.settings)
            settings = replace(
                settings,
                flow=replace(
                    settings.flow,
                    ciam_account_recovery_enabled=True,
                    protect_analysis_required=protect,
                    ciam_agreement_enabled=True,
                    agreement_id=ids.AGREEMENT,
                ),
                registration=replace(settings.registration, enabled=True),
                limits=replace(settings.limits, recovery_answer_seconds=0.3, recovery_resend_seconds=5),
            )
            if call_back:
                settings = replace(settings, ways=replace(settings.ways, call_back=True))
            # One clock: who moves the sandbox's on has moved the desk's, and all ends that was to end by then.
            async with open_desk(settings, serve_pages=True, clock=SystemClock(wall=box.clock.now)) as desk:
                yield Stage(box, desk, beside)
