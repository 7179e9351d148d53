"""What does csrdesk cost at a real Active Directory domain controller, beside the tools that administrators use?

The controller is Samba's, as in the tests. One disable: what csrdesk does in AD alone (look-up, check, audit,
read-back) as a process of its own, against `samba-tool user disable`, which does none of it; the same inside a process;
and `csrdesk user disable` whole, with PingOne's half and the mail. A thousand: 32 under way on one connection, each
read, checked, changed, read back and audited twice, against `ldapmodify -f` on one connection, which only writes; a
relay in a process of its own adds a round trip's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import programs
from bench.baselines.ad_once import change, once
from bench.figure import Figure, Judged, NotMeasured, Sample, in_turns, sample
from csrdesk.config import DirectorySettings
from csrdesk.engine.audit import Audit
from csrdesk.engine.clock import SystemClock
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.model.secret import Secret
from csrdesk.services.directory import accounts, status
from csrdesk.services.directory.port import Equal
from tests.ad import controller
from tests.ad.controller import STAFF, Controller
from tests.ad.people import PASSWORD, SERVICE

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory

UNIT = f"OU=Bench,{STAFF}"
PEOPLE, FEWER = 1000, 250
"""Accounts that are changed; fewer of them through a network where there are to be fewer rounds."""
IN_FLIGHT = 32
WHO = "ada"
ADA = f"CN={WHO},OU=Care,{STAFF}"
ENABLED, DISABLED = 544, 546


@dataclass(frozen=True)
class Site:
    """Where the measures run."""

    dc: Controller
    folder: Path
    rounds: int


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    if why := controller.why_not():
        return [NotMeasured("Active Directory", why)]
    with controller.running() as dc, tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        make_people(dc)
        site = Site(dc, Path(name), 5 if quick else 15)
        count = FEWER if quick else PEOPLE
        far = [_many(site, trip, count, target, 1) for trip, target in ((10, 1 / 2), (20, 1 / 4))]
        return [
            *_whole_process(site),
            asyncio.run(_in_process(site)),
            *asyncio.run(_round_trips(site)),
            _many(site, 0, PEOPLE, 1 / 0.6, 1 if quick else 3),
            *far,
        ]


def make_people(dc: Controller) -> None:
    """A thousand of them, without passwords, inside the delegated unit."""
    lines = [f"dn: {UNIT}", "changetype: add", "objectClass: organizationalUnit"]
    for number in range(PEOPLE):
        lines += ["", f"dn: {dn_of(number)}", "changetype: add", "objectClass: user"]
        lines += [f"sAMAccountName: b{number:04}", f"userAccountControl: {ENABLED}", f"employeeID: B-{number:04}"]
    dc.change(lines)


def dn_of(number: int) -> str:
    return f"CN=b{number:04},{UNIT}"


def _settings(dc: Controller, url: str = "") -> DirectorySettings:
    return DirectorySettings(
        kind="ad", controllers=(url or dc.url,), ca_file=str(dc.ca_file), user=f"{SERVICE}@csrdesk.test"
    )


@contextlib.asynccontextmanager
async def _opened(dc: Controller, url: str = "") -> AsyncIterator[LdapDirectory]:
    from csrdesk.services.directory.ldap import LdapDirectory

    directory = LdapDirectory(_settings(dc, url), Secret(PASSWORD))
    try:
        yield directory
    finally:
        await directory.close()


def _whole_process(site: Site) -> list[Figure]:
    dc = site.dc

    def turn(words: Callable[[str], list[str]], env: dict[str, str]) -> Callable[[], float]:
        state = iter(("disable", "enable") * 1000)
        return lambda: programs.milliseconds(words(next(state)), env)

    tool = ["samba-tool", "user"]
    sign_in = ["-H", f"ldap://{dc.address}", f"-U{SERVICE}%{PASSWORD}", "-s", str(dc.folder / "etc/smb.conf")]
    by_tool = turn(lambda act: [*tool, act, "bruno", *sign_in], programs.environment(KRB5_CONFIG=str(dc.krb5_conf)))
    tls = programs.environment(LDAPTLS_CACERT=str(dc.ca_file))
    figures: list[Figure] = []
    once = [programs.PYTHON, str(programs.BASELINES / "ad_once.py"), dc.url, str(dc.ca_file)]
    once += [f"{SERVICE}@csrdesk.test", str(_password(site)), str(site.folder), WHO]
    alone = turn(lambda act: [*once, "on" if act == "enable" else "off"], programs.environment())
    mine, base = in_turns(alone, by_tool, site.rounds)
    question = "one disable in AD alone, a process of its own: look-up, check, audit, read-back"
    figures.append(Figure(question=question, ours=mine, baseline="samba-tool user disable", base=base, target=2.0))
    with programs.sandbox() as settings:
        env = programs.environment(CSRDESK_CONFIG=str(_beside(site, Path(settings))))
        said = ["--reason", "measured", "--ticket", "B-1", "--yes"]
        ours = turn(lambda act: [programs.CSRDESK, "user", act, WHO, *said], env)
        mine, base = in_turns(ours, by_tool, site.rounds)
        question = f"csrdesk user disable {WHO}: the whole of it, with PingOne's half and the mail"
        figures.append(
            Figure(question=question, ours=mine, baseline="samba-tool user disable", base=base, judged=Judged.NOTHING)
        )
    ldif = {act: _ldif(site, (ADA,), value) for act, value in (("disable", 514), ("enable", 512))}
    plain, least = in_turns(
        turn(lambda act: _ldapmodify(dc.url, ldif[act]), tls),
        lambda: programs.milliseconds([programs.PYTHON, "-c", "pass"], programs.environment()),
        site.rounds,
    )
    question = "ldapmodify: one disable, a whole process"
    figures.append(Figure(question=question, ours=plain, baseline="python -c pass", base=least, judged=Judged.NOTHING))
    return figures


def _beside(site: Site, settings: Path) -> Path:
    """The sandbox's settings with the controller as directory, and whoever runs this allowed to act without a call."""
    import getpass
    import re

    password = _password(site)
    path = programs.with_data_in(site.folder, settings)
    text = path.read_text("utf-8").replace("[desk]\n", f'[desk]\nscript_identities = ["{getpass.getuser()}"]\n')
    table = (
        f'[directory]\nkind = "ad"\ncontrollers = ["{site.dc.url}"]\nca_file = "{site.dc.ca_file}"\n'
        f'user = "{SERVICE}@csrdesk.test"\npassword_file = "{password}"\n\n['
    )
    path.write_text(re.sub(r"(?s)\[directory\].*?\n\[", lambda _: table, text, count=1), "utf-8")
    return path


def _password(site: Site) -> Path:
    path = site.folder / "password"
    path.write_text(PASSWORD)
    path.chmod(0o600)
    return path


async def _in_process(site: Site) -> Figure:
    """Connect, sign in, find, check, write, read back, and two durable audit rows."""
    store = await SqliteStore.open(site.folder / "audit.db")
    audit = Audit(store, SystemClock())
    times: list[float] = []
    for turn in range(site.rounds + 1):
        began = time.perf_counter()
        async with _opened(site.dc) as directory:
            await once(directory, audit, WHO, str(turn), enabled=bool(turn % 2))
            times.append((time.perf_counter() - began) * 1000)
    base = [await asyncio.to_thread(_bare_connection, site.dc) for _ in times]
    await store.close()
    question = "the same inside a process that runs already (p95 below 60 ms)"
    return Figure(
        question=question, ours=sample(times[1:]),
        baseline="connect and sign in with python-ldap", base=sample(base[1:]), judged=Judged.P95, target=60,
    )  # fmt: skip


def _bare_connection(dc: Controller) -> float:
    import ldap

    began = time.perf_counter()
    wire = ldap.initialize(dc.url)
    wire.set_option(ldap.OPT_X_TLS_CACERTFILE, str(dc.ca_file))
    wire.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    wire.simple_bind_s(f"{SERVICE}@csrdesk.test", PASSWORD)
    wire.unbind_s()
    return (time.perf_counter() - began) * 1000


async def _round_trips(site: Site) -> list[Figure]:
    """Through 20 ms: how many of them a look-up with status takes."""
    with relay(site.dc, 20) as url:
        async with _opened(site.dc, url) as directory:
            await directory.writer()
            await status.read_account(directory, ADA, datetime.now(UTC))

            async def timed(call: Callable[[], object]) -> float:
                began = time.perf_counter()
                await call()  # type: ignore[misc]
                return (time.perf_counter() - began) * 1000

            looked, read, bare = [], [], []
            wanted = Equal("sAMAccountName", WHO)
            for _ in range(site.rounds):
                looked.append(await timed(lambda: directory.search(wanted, accounts.ATTRIBUTES)))
                read.append(await timed(lambda: status.read_account(directory, ADA, datetime.now(UTC))))
                bare.append(await timed(lambda: directory.root(("supportedLDAPVersion",))))
    one = "one request and its answer, 20 ms away"
    return [
        Figure(
            question="look-up and status of one account, found by sAMAccountName",
            ours=sample(looked), baseline=one, base=sample(bare), target=1.5,
        ),
        Figure(
            question="status of one account, with the domain's lockout and each controller's wrong passwords",
            ours=sample(read), baseline=one, base=sample(bare), target=1.5,
        ),
    ]  # fmt: skip


def _many(site: Site, round_trip: int, people: int, target: float, rounds: int) -> Figure:
    dns = [dn_of(number) for number in range(people)]
    ldifs = [_ldif(site, tuple(dns), value) for value in (DISABLED, ENABLED)]
    env = programs.environment(LDAPTLS_CACERT=str(site.dc.ca_file))
    ours, base = [], []
    with relay(site.dc, round_trip) if round_trip else contextlib.nullcontext(site.dc.url) as url:
        for turn in range(rounds):
            base.append(programs.milliseconds(_ldapmodify(url, ldifs[0]), env))
            programs.milliseconds(_ldapmodify(site.dc.url, ldifs[1]), env)
            ours.append(asyncio.run(_disabled(site, url, dns, f"{round_trip}-{turn}")))
            programs.milliseconds(_ldapmodify(site.dc.url, ldifs[1]), env)
    times = Sample(tuple(round(value, 1) for value in ours))
    speed = people / times.median * 1000
    question = f"{people} disables, audited and read back, {round_trip} ms away: {speed:.0f} a second"
    return Figure(
        question=question, ours=times, baseline="ldapmodify -f, one connection, neither",
        base=Sample(tuple(round(value, 1) for value in base)), target=target,
    )  # fmt: skip


async def _disabled(site: Site, url: str, dns: list[str], key: str) -> float:
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-", dir=Path(__file__).parent) as name:
        store = await SqliteStore.open(Path(name) / "audit.db")
        audit = Audit(store, SystemClock())
        room = asyncio.Semaphore(IN_FLIGHT)
        began = time.perf_counter()
        async with _opened(site.dc, url) as directory:
            writer = await directory.writer()

            async def one(dn: str) -> None:
                async with room:
                    await change(writer, audit, dn, f"{key}-{dn}", enabled=False)

            await asyncio.gather(*map(one, dns))
        took = (time.perf_counter() - began) * 1000
        await store.close()
    return took


def _ldif(site: Site, dns: tuple[str, ...], value: int) -> Path:
    path = site.folder / f"{len(dns)}-{value}.ldif"
    change = f"changetype: modify\nreplace: userAccountControl\nuserAccountControl: {value}\n"
    path.write_text("\n".join(f"dn: {dn}\n{change}" for dn in dns))
    return path


def _ldapmodify(url: str, ldif: Path) -> list[str]:
    return ["ldapmodify", "-x", "-H", url, "-D", f"{SERVICE}@csrdesk.test", "-w", PASSWORD, "-f", str(ldif)]


@contextlib.contextmanager
def relay(dc: Controller, milliseconds: int) -> Iterator[str]:
    """A relay in a process of its own; gives the address to use instead of the controller's."""
    words = [programs.PYTHON, "-m", "tests.ad.relay", dc.address, "636", str(milliseconds)]
    with subprocess.Popen(
        words, cwd=programs.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield f"ldaps://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()
