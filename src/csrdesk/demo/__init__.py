"""The demo: a sandbox, a desk and its console on this machine, with invented people; nothing is left behind.

Played by itself it is a check as well: every step says what it expects, and a difference ends it non-zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csrdesk.demo.beside import Beside
    from csrdesk.demo.telling import Scene


async def play(
    *,
    json: bool = False,
    record: Path | None = None,
    scenes: tuple[Scene, ...] | None = None,
    directory: Beside | None = None,
    call_back: bool = False,
    protect: bool = False,
) -> int:
    """Play the calls, or other `scenes`, one narrated line a step, up to the first that differs.

    With a `directory` against that one instead of the sandbox's. With `call_back` numbers on record may be rung; with
    `protect` PingOne Protect judges every caller.

    Returns the exit code: 0 where everything was as expected.
    """
    from csrdesk.demo.calls import STORY
    from csrdesk.demo.stage import stage
    from csrdesk.demo.telling import Teller

    teller = Teller(as_json=json)
    async with stage(record, directory=directory, call_back=call_back, protect=protect) as on_stage:
        for scene in STORY if scenes is None else scenes:
            if not await teller.tell(scene, on_stage):
                break
    return teller.finish()


async def play_team(*, json: bool = False) -> int:
    """Play calls at a team's desk: two replicas on one PostgreSQL. As `play`; raises `ConflictError` without one."""
    from csrdesk.demo.team import team
    from csrdesk.demo.team_calls import SCENES
    from csrdesk.demo.telling import Teller

    teller = Teller(as_json=json)
    async with team() as running:
        for scene in SCENES:
            if not await teller.tell(scene, running):
                break
    return teller.finish()


async def console(*, record: Path | None = None, directory: Beside | None = None) -> int:
    """Open the console on the demo's desk; returns the exit code when the agent leaves it."""
    from csrdesk.demo.console import run

    return await run(record, directory)
