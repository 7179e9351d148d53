"""How much of its own does a desk add to what the world outside takes, over a whole call?

Look-up, link, code, passcode, disable, enable; the agent by the desk API, the customer by HTTP, both from this process,
so that the desk's process does nothing but serve them. Its own time is the processor's time that it took, in all its
threads, waiting consoles included; the baseline is the sum of the calls that it made to PingOne and the directory, as
the sandbox saw them come and go, with so many milliseconds added to each answer. Mails are not counted, which is to
the desk's disadvantage. Once with answers as PingOne's come, and once, stated, with those of the bare sandbox.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from bench import programs
from bench.figure import Figure, Judged, sample
from bench.timed_sandbox import read_calls
from csrdesk.config import load
from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.wiring.elsewhere import RemoteDesk, open_remote

ROUNDS, LATENCY = 9, 100
WHO, ADDRESS = "ada", "ada@mail.example"
_LIMITS = "[limits]\nlinks_per_person_in_ten_minutes = 10\n"
_TICKS = os.sysconf("SC_CLK_TCK")


def measure(*, quick: bool) -> list[Figure]:
    rounds = ROUNDS // 3 if quick else ROUNDS
    return [_figure(rounds, LATENCY), _figure(rounds, 0)]


def _figure(rounds: int, latency: int) -> Figure:
    pairs = _measured(rounds, latency)
    return Figure(
        question=f"a whole call at the desk API, {latency} ms more each call outside: processor time of the desk",
        ours=sample(own for own, _ in pairs),
        baseline="the sum of its calls outside",
        base=sample(outside for _, outside in pairs),
        judged=Judged.RATIO if latency else Judged.NOTHING,
        target=0.15,
    )


def _measured(rounds: int, latency: int) -> list[tuple[float, float]]:
    """Milliseconds of the desk, and outside, for each call; the first, which loads what is needed, is left out."""
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as own, tempfile.TemporaryDirectory() as sandbox:
        words = [programs.PYTHON, "-m", "bench.timed_sandbox", sandbox, str(latency)]
        with programs.running(words, programs.SETTINGS, programs.environment()) as settings:
            folder = Path(own)
            made = programs.with_data_in(folder, Path(settings), _LIMITS).rename(folder / "desk.toml")
            desk = [programs.PYTHON, "-m", "bench.served_desk", str(made), own]
            with programs.running(desk, "served: ", programs.environment()):
                return asyncio.run(_calls(rounds, folder, Path(sandbox)))


async def _calls(rounds: int, folder: Path, sandbox: Path) -> list[tuple[float, float]]:
    os.environ["CSRDESK_TOKEN_FILE"] = str(folder / "token")
    mailbox, pid = load(folder / "desk.toml").mailbox_url, int((folder / "pid").read_text("utf-8"))
    found: list[tuple[float, float]] = []
    async with open_remote(load(folder / "config.toml")) as desk:
        for _ in range(rounds + 1):
            before, began = len(read_calls(sandbox)), _processor_ms(pid)
            await _one(desk, mailbox)
            calls = read_calls(sandbox)[before:]
            found.append((_processor_ms(pid) - began, 1000 * sum(call.ended - call.began for call in calls)))
    return found[1:]


async def _one(desk: RemoteDesk, mailbox: str) -> None:
    call = await Call.begin(desk.session(desk.agent))
    async with Customer(ADDRESS, mailbox) as customer:
        await call.look_up(WHO)
        code = await call.send_link()
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
    await call.waits_for(p.AccountPrompt)
    for chosen in (a.DisableChosen(), a.EnableChosen()):
        await call.say(chosen)
        await call.say(a.Confirmed("The caller asks for it", "INC-1001"))
        await call.say(a.NoticeRead())
        await call.waits_for(p.AccountPrompt)
    await call.say(a.CallEnded())


def _processor_ms(pid: int) -> float:
    """What a process has used so far, in user and kernel mode (proc(5): `utime` and `stime`)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / _TICKS
