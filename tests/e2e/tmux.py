"""A terminal for csrdesk, in a tmux server of its own: what the agent sees there, and the keys they press."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0
LOOK_AGAIN = 0.05


class Tmux:
    """Runs one program at a given size, as `columns`x`lines`."""

    def __init__(
        self, folder: Path, *words: str, columns: int, lines: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self._server = ("tmux", "-S", str(folder / "tmux"), "-f", "/dev/null")
        self._folder = folder
        self._size = ("-x", str(columns), "-y", str(lines))
        named = [f"{name}={value}" for name, value in (environment or {}).items()]
        # The pane alone says how large it is; whoever runs the tests may have said otherwise.
        self._command = shlex.join(["env", "-u", "COLUMNS", "-u", "LINES", *named, *words])
        self.keys = 0
        """Keys pressed beyond typed text."""

    async def __aenter__(self) -> Self:
        ended = self._folder / "ended"
        command = f"{self._command}; echo $? >{shlex.quote(str(ended))}"
        await self._run("new-session", "-d", *self._size, command)
        await self._run("set-option", "-g", "history-limit", "10000")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(await self.screen())
        await self._run("kill-server", check=False)

    async def _run(self, *words: str, check: bool = True) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._server, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
        assert not check or process.returncode == 0, err.decode()
        return out.decode()

    async def screen(self) -> str:
        """The pane's text as it stands; empty once the program has ended."""
        return await self._run("capture-pane", "-p", check=False)

    async def history(self) -> str:
        """The pane with all that scrolled out of it."""
        return await self._run("capture-pane", "-p", "-S", "-", check=False)

    async def shows(self, pattern: str) -> str:
        """Wait until the pane shows it; the whole pane."""
        return await self.settles(
            lambda screen: [] if re.search(pattern, screen, re.DOTALL) else [f"{pattern!r} does not appear"]
        )

    async def settles(self, flaws: Callable[[str], list[str]]) -> str:
        """Wait until nothing is wrong with the pane, which may be caught half painted; the whole pane."""
        found: list[str] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while found := flaws(screen := await self.screen()):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(LOOK_AGAIN)
        except TimeoutError:
            raise AssertionError("; ".join(found)) from None
        return screen

    async def press(self, key: str) -> None:
        """One key, by tmux's name for it. It counts."""
        self.keys += 1
        await self._run("send-keys", key)

    async def type(self, text: str) -> None:
        """Type into the field that has the focus, as fast as nobody can: what comes while a screen is being changed is
        for no field, so it is looked at, and typed anew where it did not arrive. Typed text does not count as keys.
        """
        for _ in range(5):
            await self._run("send-keys", "-l", text)
            for _ in range(20):
                if text[-20:] in await self.screen():
                    return
                await asyncio.sleep(LOOK_AGAIN)
            await self._run("send-keys", "C-u")
        raise AssertionError(f"{text[-20:]!r} cannot be typed here")

    async def paste(self, text: str) -> None:
        """Paste into the field that has the focus, as a terminal does where a program asks for it: in one piece."""
        await self._run("set-buffer", text)
        await self._run("paste-buffer", "-p")

    async def ended(self) -> int:
        """Wait for the program's end; its exit code."""
        async with asyncio.timeout(PATIENCE):
            while not (code := self._exit_code()):  # noqa: ASYNC110 - another process
                await asyncio.sleep(LOOK_AGAIN)
        return int(code)

    def _exit_code(self) -> str:
        written = self._folder / "ended"
        return written.read_text().strip() if written.exists() else ""
