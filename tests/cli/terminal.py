"""The two people of a call: an agent's csrdesk in a terminal of its own, and a customer with mailbox and phone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import termios
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from csrdesk.sandbox import Sandbox
from tests.cli.conftest import CSRDESK, Ran
from tests.server.visitor import Visitor

PATIENCE = 60.0


class Terminal:
    """Runs csrdesk with a terminal of its own; standard output is a pipe, standard error one or the terminal."""

    def __init__(self, settings: Path, *words: str, talk_here: bool = False) -> None:
        self._settings = settings
        self._words = words
        self._talk_here = talk_here
        self._master, self._slave = pty.openpty()
        self._news = asyncio.Event()
        self.screen = ""
        """Everything that was written to the terminal."""
        self.process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        slave = self._slave
        self.process = await asyncio.create_subprocess_exec(
            CSRDESK,
            *self._words,
            stdin=slave,
            stdout=asyncio.subprocess.PIPE,
            stderr=slave if self._talk_here else asyncio.subprocess.PIPE,
            env=os.environ | {"CSRDESK_CONFIG": str(self._settings)},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def _read(self) -> None:
        self.screen += os.read(self._master, 4096).decode("utf-8", "replace")
        self._news.set()

    async def shows(self, pattern: str) -> re.Match[str]:
        """Wait until the terminal shows it."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, self.screen)):
                self._news.clear()
                await self._news.wait()
        return found

    async def code(self) -> str:
        """The code to say aloud, once it is shown."""
        found = await self.shows(r"Say: (\d{3}) (\d{3})")
        return found[1] + found[2]

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    async def ended(self) -> Ran:
        """Wait for the end; what went to the pipes."""
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        return Ran(self.process.returncode or 0, (out or b"").decode(), (err or b"").decode())


class Customer:
    """Reads the newest mail to an address, follows its link, and types what is asked."""

    def __init__(self, box: Sandbox, address: str) -> None:
        self._mailbox = f"{box.settings().mailbox_url}.json"
        self._address = address

    async def mail(self) -> dict[str, Any]:
        """The newest mail to the address."""
        return (await self.things("mails", to=self._address))[0]

    async def things(self, kind: str, **query: str) -> list[dict[str, Any]]:
        async with httpx.AsyncClient() as client:
            answer = await client.get(self._mailbox, params=query)
        return msgspec.convert(answer.json()[kind], list[dict[str, Any]])

    async def link(self) -> httpx.URL:
        found = re.search(r"https?://\S+/v/[\w-]+", (await self.mail())["text"])
        assert found
        return httpx.URL(found[0])

    async def confirm(self, code: str) -> str:
        """Type the code that the agent said, and the passcode where one is asked for; gives the last page."""
        link = await self.link()
        async with httpx.AsyncClient(base_url=link.join("/")) as client:
            visitor = Visitor(client, link.path.rpartition("/")[2])
            await visitor.open()
            await visitor.press("CodeGiven", code=code)
            if "PasscodeGiven" in visitor.page.text:
                passcode = (await self.things("passcodes"))[0]["code"]
                await visitor.press("PasscodeGiven", passcode=passcode)
            return visitor.page.text
