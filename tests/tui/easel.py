"""An application that holds one screen and keeps what it posts: no session, no flow."""

from __future__ import annotations

from textual import on
from textual.app import App

from csrdesk import theme
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.prompts import PollingPrompt
from csrdesk.flows.spoken_prompts import SpokenAddressPrompt
from csrdesk.model.link import LinkStage
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import ConsoleInfo, Surroundings
from csrdesk.screens.prompted import Given
from csrdesk.screens.registry import make_screen
from csrdesk.screens.window import verified_until
from tests.samples import CALL_CODE, CODE, NOW

INFO = ConsoleInfo(agent="Sam Porter", desk="Riverside Help Desk", mailbox_url="http://127.0.0.1:8025/mailbox")
AROUND = Surroundings(INFO, lambda: NOW)


class Easel(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, shown: FrameScreen, *, look: str = "dark") -> None:
        super().__init__()
        self.shown = shown
        self.given: list[Given] = []
        self.animation_level = "none"
        self._look = look

    def on_mount(self) -> None:
        theme.install(self, self._look)
        self.push_screen(self.shown)

    @on(Given)
    def keep(self, given: Given) -> None:
        self.given.append(given)


def view_of(prompt: Prompt, rev: int = 7) -> View:
    saying = isinstance(prompt, PollingPrompt) and prompt.link.stage is LinkStage.SENT
    code = CALL_CODE if isinstance(prompt, SpokenAddressPrompt) else CODE
    return View("call-1", "csr_main", rev, prompt, spoken_code=code if saying else None)


def easel(prompt: Prompt, *, look: str = "dark") -> Easel:
    return Easel(make_screen(view_of(prompt), prompt, AROUND, verified_until(prompt, None)), look=look)
