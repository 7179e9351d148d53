"""What every test stands on: a clean environment, no settings and no keyring of this machine, and groups of tests
that say why they did not run.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect
from xdist.workermanage import WorkerController

from tests import postgres as databases

UNWANTED = ("ALL_PROXY", "COLUMNS", "FORCE_COLOR", "HTTPS_PROXY", "HTTP_PROXY", "LINES", "NO_COLOR", "NO_PROXY")

KEPT = ("CSRDESK_RECORD", "TEXTUAL_SNAPSHOT_TEMPDIR")
"""Where the services' tests record their exchanges with PingOne, and where several processes of tests put snapshots."""


def clean_environment() -> None:
    """Textual reads TEXTUAL_THEME when it is imported, so this must run before any test module is."""
    for name in list(os.environ):
        if name not in KEPT and (name.upper() in UNWANTED or name.startswith(("CSRDESK_", "TEXTUAL_"))):
            del os.environ[name]
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ["TZ"] = "UTC"
    time.tzset()


clean_environment()
# A shell's job in the background is born deaf to Ctrl-C, and so would be each program that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def chromium() -> str | None:
    """The path of the browser that plays the customer's."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def why_no_chromium() -> str | None:
    return None if chromium() else "no Chromium here (as root: scripts/test-system.sh)"


def why_no_tmux() -> str | None:
    return None if shutil.which("tmux") else "no tmux here (as root: scripts/test-system.sh)"


def why_no_shell(name: str) -> str | None:
    return None if shutil.which(name) else f"no {name} here (as root: scripts/test-system.sh)"


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


@functools.cache
def why_no_mounts() -> str | None:
    """Tests of disks that are full or read-only make some, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
        except (OSError, subprocess.CalledProcessError):
            return "nothing can be mounted here (that takes root)"
        unmount(Path(folder))
    return None


def why_no_compiler() -> str | None:
    """One test moves the clock of a process, with a library that it makes."""
    from tests.faults import clocks

    return clocks.why_no_clocks()


def why_no_controller() -> str | None:
    """Asked only where a test wants one: the answer opens a port."""
    from tests.ad import controller

    return controller.why_not()


GROUPS: dict[str, Callable[[], str | None]] = {
    "chromium": why_no_chromium,
    "tmux": why_no_tmux,
    "zsh": lambda: why_no_shell("zsh"),
    "fish": lambda: why_no_shell("fish"),
    "ad": why_no_controller,
    "mounts": why_no_mounts,
    "compiler": why_no_compiler,
    "postgres": databases.why_not,
}
"""What a test may need of the machine, by its name in `@pytest.mark.needs(...)`: why it is not here, or None."""

LONGEST = 200
"""Seconds that a coroutine test may take: less than pytest-timeout's, whose report does not know what it waited for."""

not_run = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[not_run] = Counter()
    if config.pluginmanager.hasplugin("dsession"):
        config.pluginmanager.register(Shares(config))


def bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same test, which when it hangs fails at the very line that waits."""

    @functools.wraps(test)
    async def run(*args: object, **named: object) -> None:
        async with asyncio.timeout(LONGEST):
            await test(*args, **named)

    return run


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Files run side by side; the one domain controller, whose ports are fixed, is used by one process alone.
        with_controller = any("ad" in mark.args for mark in item.iter_markers("needs"))
        item.add_marker(pytest.mark.xdist_group("ad" if with_controller else str(item.path)))
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = bounded(item.obj)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose group is not here; where CI is set that is a failure, since nobody reads skips there."""
    for mark in item.iter_markers("needs"):
        for group in mark.args:
            reason = GROUPS[group]()
            if reason is None:
                continue
            item.config.stash[not_run][f"{group}: {reason}"] += 1
            if os.environ.get("CI"):
                pytest.fail(f"{group}: {reason}", pytrace=False)
            pytest.skip(f"{group}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs its share of the tests says what it could not run."""
    if hasattr(session.config, "workeroutput"):
        found: Counter[str] = session.config.stash[not_run]
        session.config.workeroutput["not_run"] = dict(found)


class Shares:
    """Where tests run in several processes: sums up what they could not run."""

    def __init__(self, config: pytest.Config) -> None:
        self._sum = config.stash[not_run]

    def pytest_testnodedown(self, node: WorkerController) -> None:
        self._sum.update(getattr(node, "workeroutput", {}).get("not_run", {}))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """Names the groups that did not run, after everything else and just above pytest's last line."""
    yield
    for reason, count in sorted(config.stash[not_run].items()):
        terminalreporter.write_line(f"NOT RUN: {count} of the group {reason}", yellow=True)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test, so that no settings, data or log of this machine are found or written."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(path))
    for kind, folder in {
        "CONFIG": ".config",
        "DATA": ".local/share",
        "STATE": ".local/state",
        "CACHE": ".cache",
    }.items():
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(path / folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return path


@pytest.fixture
def memory_keyring() -> Iterator[dict[tuple[str, str], str]]:
    """A keyring that lives as long as the test: what it holds, by service and name. Without it, keyring calls fail."""
    import keyring
    from keyring.backend import KeyringBackend

    held: dict[tuple[str, str], str] = {}

    class MemoryKeyring(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return held.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            held[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del held[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())  # type: ignore[no-untyped-call]
    yield held
    keyring.set_keyring(before)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, which can reach this machine alone. For tests marked `needs("chromium")` and
    `asyncio(loop_scope="session")`; each makes a context of its own: `await browser.new_context(...)`.
    """
    arguments = [
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--no-sandbox",  # it runs as root in a container, and opens pages of this project alone
    ]
    expect.set_options(timeout=30_000)  # what a page shows is waited for, however busy the machine
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield running
        await running.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Server]:
    """A PostgreSQL of this process's tests. For tests marked `needs("postgres")`; each makes a database: `new()`."""
    with databases.server() as running:
        yield running
