"""The customer at a real Chromium: takes link and passcode from the mailbox page, as whoever tries the demo does."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, Page, expect

from csrdesk.server import texts


class AtBrowser:
    """One person with a browser that has never been to the pages."""

    def __init__(self, browser: Browser, mailbox_url: str, address: str, *, scripts: bool = True) -> None:
        self._browser = browser
        self._scripts = scripts
        self._mailbox = f"{mailbox_url}?to={quote(address)}"
        self._context: BrowserContext
        self.page: Page

    async def __aenter__(self) -> Self:
        self._context = await self._browser.new_context(java_script_enabled=self._scripts)
        self.page = await self._context.new_page()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._context.close()

    async def follow_link(self) -> None:
        """Open the mailbox and press the link of the newest mail."""
        await self.page.goto(self._mailbox)
        await self.page.locator("article a").first.click()
        await self.heading(texts.CODE_TITLE)

    async def type_code(self, code: str) -> None:
        await self.page.get_by_label(texts.CODE_LABEL).fill(code)
        await self.page.get_by_role("button", name=texts.CONTINUE).click()

    async def type_passcode(self, digits: str = "0123456789") -> str:
        """Look at the phone in another tab, and type what came, with these digits; gives it."""
        await self.heading(texts.PASSCODE_TITLE)
        phone = await self._context.new_page()
        await phone.goto(self._mailbox)
        passcode = await phone.locator("#passcodes + table td.code").first.inner_text()
        await phone.close()
        await self.page.get_by_label(texts.PASSCODE_LABEL).fill("".join(digits[int(one)] for one in passcode))
        await self.page.get_by_role("button", name=texts.CONTINUE).click()
        await self.heading(texts.DONE_TITLE)
        return passcode

    async def was_not_me(self) -> None:
        await self.page.get_by_role("button", name=texts.NOT_ME).click()
        await self.heading(texts.NOT_ME_TITLE)
        await self.page.get_by_label(texts.NOT_ME_NO).check()
        await self.page.get_by_role("button", name=texts.CONTINUE).click()
        await self.heading(texts.REFUSED_TITLE)

    async def heading(self, words: str, *, seconds: float = 30) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(words, timeout=seconds * 1000)
