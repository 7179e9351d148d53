"""Ctrl-C ends csrdesk whenever it is pressed: while it is loading, working, waiting or closing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from csrdesk.sandbox import people
from tests.cli.conftest import Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]

DROPPED = """
import os, signal, weakref
from csrdesk.cli import interrupts

class Thing: ...

def pressed(_):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000): pass

async def work():
    print("went on")

interrupts.heed()
thing = Thing()
reference = weakref.ref(thing, pressed)
del thing  # Python drops what is raised in there
try:
    interrupts.run(work())
except KeyboardInterrupt:
    print("ended")
"""
MOMENTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
"""Seconds after the start."""


def test_an_interrupt_that_python_drops_ends_the_program_all_the_same() -> None:
    ran = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, check=True)
    assert ran.stdout == "ended\n"
    assert "Exception ignored" in ran.stderr


def test_what_happens_in_a_loop_is_cancelled_as_ever() -> None:
    code = (
        "import asyncio, os, signal\nfrom csrdesk.cli import interrupts\n"
        "async def work():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    try:\n        await asyncio.sleep(20)\n"
        "    except asyncio.CancelledError:\n        print('closed in order')\n        raise\n"
        "interrupts.heed()\n"
        "try:\n    interrupts.run(work())\nexcept KeyboardInterrupt:\n    print('ended')\n"
        "interrupts.heed_no_more()\nos.kill(os.getpid(), signal.SIGINT)\nprint('still said')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["closed in order", "ended", "still said"]


async def test_a_call_that_is_interrupted_at_any_moment_ends_soon_and_loses_nothing(
    settings: Path, csrdesk: Csrdesk
) -> None:
    often = "links_per_person_in_ten_minutes = 10\nlinks_per_person_a_day = 50\n"
    change(settings, "[flow]\n", f"[limits]\n{often}\n[flow]\n")
    for moment in MOMENTS:
        async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--again") as agent:
            await asyncio.sleep(moment)
            agent.interrupt()
            ran = await agent.ended()
        # Before anything of csrdesk is loaded it is Python that is interrupted.
        assert ran.code in (130, -signal.SIGINT, 1), (moment, ran)
        assert "Something went wrong" not in ran.err
    assert (await csrdesk("audit", "list", "--unknown")).code == 0
    assert {call["unknown"] for call in (await csrdesk("call", "list", "--json")).data} <= {0}


@pytest.mark.parametrize("words", [("doctor",), ("serve",), ("user", "show", "ada")])
async def test_every_command_is_ended_by_it(settings: Path, words: tuple[str, ...]) -> None:
    async with Terminal(settings, *words) as agent:
        await asyncio.sleep(0.25)
        with suppress(ProcessLookupError):  # a quick machine is through with it
            agent.interrupt()
        ran = await agent.ended()
    assert ran.code in (0, 1, 130, -signal.SIGINT), ran
    assert "Something went wrong" not in ran.err
