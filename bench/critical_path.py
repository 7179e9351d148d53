"""How long does a caller wait beyond what the world outside takes? From the look-up to the account page.

The agent answers by `Session`, the customer by HTTP to pages and mailbox, both at once, as the demo does. The baseline
is the longest chain of calls that depend on each other, from the moments that the sandbox wrote down. A call depends on
another where it needs something of its answer, or may only be made because of it. The chain's links, in order:

1. the token (beside it, the directory is asked whether somebody of that name is only there)
2. who it is, by what the agent typed (needs the token)
3. devices, bypass, policy, roles and the person (need the id); after the person, the directory (needs the number)
4. the person's address, read again before the mail: no link goes to an address that has changed (needs the agent's yes)
5. the mail (needs the address): as long as smtplib alone takes for one, timed in the same round
6. devices after the right code: is a factor required? (needs the code, which needs the mail)
7. the authentication begins (needs the device), and the passcode reaches the phone
8. the passcode (needs 7)
9. devices at approval (needs 8)
10. the account in both directories, and beside it where its password is kept (needs the approval)
"""

from __future__ import annotations

import asyncio
import gc
import re
import smtplib
import ssl
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import programs
from bench.figure import Figure, sample
from bench.timed_sandbox import Call, read_calls
from csrdesk.cli.main import START_THRESHOLD
from csrdesk.config import MailSettings, load
from csrdesk.demo.agent import Call as AgentsCall
from csrdesk.demo.customer import Customer
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.doors import Session
from csrdesk.wiring import open_desk

ROUNDS = 9
LATENCY = 100
WHO, ADDRESS = "ada", "ada@mail.example"

_NAMES = (
    ("token", r"/as/token$"),
    ("search", r"^/directory/search$"),
    ("find", r"/users$"),
    ("populations", r"/populations$"),
    ("person", r"/users/[^/]+$"),
    ("devices", r"/users/[^/]+/devices$"),
    ("bypass", r"/users/[^/]+/bypassMFA$"),
    ("roles", r"/users/[^/]+/roleAssignments$"),
    ("password", r"/users/[^/]+/password$"),
    ("policy", r"/deviceAuthenticationPolicies/"),
    ("begin", r"/deviceAuthentications$"),
    ("passcode", r"/deviceAuthentications/"),
)
_DEVICES = Counter(("person", "devices", "bypass"))
_LINKS: tuple[Counter[str], ...] = (
    Counter(("token", "search")),
    Counter(("find", "populations")),
    Counter(("person", "devices", "bypass", "policy", "roles")),
    Counter(("search",)),
    Counter(("person",)),
    _DEVICES,
    Counter(("begin",)),
    Counter(("passcode",)),
    _DEVICES,
    Counter({"person": 1, "password": 1, "search": 4}),
)
"""Calls that are made side by side, a line for each link of the chain but the mail."""
_BESIDE = {0: "token", 1: "find", 3: "search"}
"""Where the next link needs one of them alone."""


def measure(*, quick: bool) -> list[Figure]:
    rounds = 3 if quick else ROUNDS
    gc.set_threshold(START_THRESHOLD)
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        words = [programs.PYTHON, "-m", "bench.timed_sandbox", folder, str(LATENCY)]
        with programs.running(words, programs.SETTINGS, programs.environment()) as settings:
            pairs = [asyncio.run(one_call(Path(settings), Path(folder))) for _ in range(rounds + 1)][1:]
    return [
        Figure(
            question="look-up to account page, 100 ms more each call",
            ours=sample(pair[0] for pair in pairs),
            baseline="longest chain of dependent calls",
            base=sample(pair[1] for pair in pairs),
            target=1.1,
        )
    ]


async def one_call(settings: Path, folder: Path) -> tuple[float, float]:
    """Milliseconds of the whole, and of the chain, for a new desk that was just opened."""
    before, mail = len(read_calls(folder)), await asyncio.to_thread(bare_mail, load(settings).mail)
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as own:
        read = load(programs.with_data_in(Path(own), settings))
        async with open_desk(read, serve_pages=True) as desk:
            mailbox = read.directory.url.replace("/directory", "/mailbox")
            wall = await verified(desk.session(desk.agent), mailbox)
    return wall, mail + chain(read_calls(folder)[before:])


def bare_mail(server: MailSettings) -> float:
    """Milliseconds that a mail takes with nothing but the standard library."""
    began = time.perf_counter()
    with smtplib.SMTP(server.host, server.port, local_hostname="bench.example") as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=server.ca_file))
        smtp.login(server.user, Path(server.password_file).read_text("utf-8"))
        smtp.sendmail(server.sender, ["nobody@mail.example"], "Subject: bench\r\n\r\nOnly the clock reads this.\r\n")
    return (time.perf_counter() - began) * 1000


async def verified(session: Session, mailbox: str) -> float:
    """A whole verification; milliseconds from the look-up's answer to the account page."""
    call = await AgentsCall.begin(session)
    async with Customer(ADDRESS, mailbox) as customer:
        began = time.perf_counter()
        await call.look_up(WHO)
        call.sees(p.CardPrompt)
        code = await call.send_link()
        watching = asyncio.create_task(call.waits_for(p.AccountPrompt))
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await watching
        took = (time.perf_counter() - began) * 1000
    await call.say(a.CallEnded())
    return took


def chain(calls: list[Call]) -> float:
    """Milliseconds of the longest chain, without the mail. Raises `RuntimeError` where other calls were made."""
    total, left = 0.0, list(calls)
    for number, wanted in enumerate(_LINKS):
        beside, left = left[: wanted.total()], left[wanted.total() :]
        if Counter(map(name_of, beside)) != wanted:
            raise RuntimeError(f"link {number + 1}: expected {wanted}, found {[c.path for c in beside]}; state it anew")
        counted = [call for call in beside if name_of(call) == _BESIDE.get(number, name_of(call))]
        total += max(call.ended - call.began for call in counted) * 1000
    if left:
        raise RuntimeError(f"calls that the chain does not know: {[call.path for call in left]}")
    return total


def name_of(call: Call) -> str:
    """What a call is for."""
    return next((name for name, pattern in _NAMES if re.search(pattern, call.path)), call.path)
