"""A customer sends their new password: how long until the agent reads what was done, without what others took for it?

The whole way of a reset in the page that verified, on AD's side: the password is written and read back, sessions are
ended and looked for once more, locks are read, the customer is told by mail. What the sandbox took for its calls, by
the moments that it wrote down, is not csrdesk's; the mail's way is counted in, for it is no HTTP.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path

from bench import programs
from bench.figure import Figure, Judged, sample
from bench.timed_sandbox import Call as Made
from bench.timed_sandbox import read_calls
from csrdesk.cli.main import START_THRESHOLD
from csrdesk.config import load
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.sandbox import password_cast
from csrdesk.wiring import Desk, open_desk

ROUNDS = 9
WHO = password_cast.EXTERNAL_ALLOWED
ADDRESS = f"{WHO}@mail.example"


def measure(*, quick: bool) -> list[Figure]:
    gc.set_threshold(START_THRESHOLD)
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        words = [programs.PYTHON, "-m", "bench.timed_sandbox", folder, "0"]
        with programs.running(words, programs.SETTINGS, programs.environment()) as settings:
            rounds = range((3 if quick else ROUNDS) + 1)
            pairs = [asyncio.run(_reset(Path(settings), Path(folder), number)) for number in rounds][1:]
    return [
        Figure(
            question="new password sent to what the agent reads, csrdesk's own time",
            ours=sample(own for own, _ in pairs),
            baseline="what others took for their calls meanwhile",
            base=sample(theirs for _, theirs in pairs),
            judged=Judged.P99,
            target=1000,
        )
    ]


async def _reset(settings: Path, folder: Path, number: int) -> tuple[float, float]:
    """Milliseconds that are csrdesk's, and those that are others', with a new desk."""
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as own:
        read = load(programs.with_data_in(Path(own), settings))
        async with open_desk(read, serve_pages=True) as desk:
            mailbox = read.directory.url.replace("/directory", "/mailbox")
            began, ended = await _timed(desk, mailbox, f"Seven teal otters, {number + 2} boats")
    theirs = _covered(read_calls(folder), began, ended)
    return (ended - began - theirs) * 1000, theirs * 1000


async def _timed(desk: Desk, mailbox: str, password: str) -> tuple[float, float]:
    """When the customer sent the password, and when the agent read what came of it."""
    call = await Call.begin(desk.session(desk.agent))
    await call.look_up(WHO)
    code = await call.send_link()
    async with Customer(ADDRESS, mailbox) as customer:
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await call.waits_for(p.AccountPrompt)
        await call.say(a.ResetChosen())
        await call.say(a.Confirmed("Forgot the password", "INC-1"))
        call.sees(pp.WaitingForNewPasswordPrompt)
        await customer.waits_for("NewPasswordTyped")
        reading = asyncio.create_task(call.waits_for(p.NoticePrompt))
        began = time.monotonic()
        sending = customer.answer("NewPasswordTyped", password=password, again=password, sign_out_elsewhere="yes")
        notice, _ = await asyncio.gather(reading, sending)
        ended = time.monotonic()
    if not all(line.ok for line in notice.lines):
        raise RuntimeError(f"the reset was not done: {notice.lines}")
    await call.end()
    return began, ended


def _covered(calls: list[Made], began: float, ended: float) -> float:
    """Seconds of that time in which at least one call was under way."""
    covered, reached = 0.0, began
    for call in calls:
        upto = min(call.ended, ended)
        if upto > reached:
            covered += upto - max(call.began, reached)
            reached = upto
    return covered
