"""Makes processes that are played and killed, by forking one that has everything imported: a kill costs no start.

Reads one order a line on standard input, and answers with one line when that process has ended, however it did.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

import msgspec

from csrdesk.config import load
from tests.crash.customer import Customer
from tests.crash.desk import open_killable
from tests.crash.plots import Plot
from tests.crash.points import Points
from tests.crash.story import Player

_PATIENCE = 80.0


class Order(msgspec.Struct, frozen=True):
    """One process to be played."""

    settings: str
    result: str
    """Where it writes what it saw, if it comes to its end."""
    address: str
    mailbox: str
    plot: Plot
    kill_at: int = 0
    """At which point it dies; 0 for none."""
    kill_on: str = ""
    """At the first point of that name."""
    kill_after: float = 0.0
    """After how many seconds it is killed from outside; 0.0 for not at all."""


class Played(msgspec.Struct, frozen=True):
    """What a process saw."""

    said: tuple[str, ...]
    points: tuple[str, ...]
    flaw: str
    """What is wrong with the audit."""


async def play(order: Order) -> Played:
    """Play the call to its end, and look whether the audit is whole."""
    points = Points(order.kill_at, order.kill_on)
    async with open_killable(load(Path(order.settings)), points) as desk:
        browser = Path(order.settings).with_name("browser")
        customer = Customer(desk, order.plot, order.address, order.mailbox, browser)
        player = Player(desk, order.plot, customer)
        await player.play()
        passed = tuple(points.passed)
        points.kill_at, points.kill_on = 0, ""
        return Played(tuple(player.said), passed, await desk.flaw())


def _child(order: Order) -> int:
    try:
        Path(order.result).write_bytes(msgspec.json.encode(asyncio.run(asyncio.wait_for(play(order), _PATIENCE / 2))))
    except BaseException:  # noqa: BLE001 - the end of a process, which has nobody to raise to
        Path(order.result).with_suffix(".error").write_text(traceback.format_exc())
        return 1
    return 0


def _run(order: Order) -> int:
    """Fork, wait, and give the exit code; -9 where it was killed."""
    child = os.fork()
    if child == 0:
        os._exit(_child(order))
    timer = threading.Timer(order.kill_after or _PATIENCE, os.kill, (child, signal.SIGKILL))
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    timer.join()
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        code = _run(msgspec.json.decode(line, type=Order))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
