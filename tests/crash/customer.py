"""The customer of a played call: their mailbox, phones and passkey, and the pages, asked at `CustomerSession` itself.

What a browser keeps, which is a cookie and the address of a page, outlives the desk's processes: it lies in a file.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from csrdesk.errors import LinkOverError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import public_answers as pa
from csrdesk.flows import public_prompts as pub
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_prompts as rp
from csrdesk.flows.doors import NOBODY, PublicView, View
from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret
from csrdesk.sandbox.authenticator import Passkey, sign
from tests.crash.desk import CrashDesk
from tests.crash.plots import BY_THEMSELVES, Plot, Way

NEW_PASSWORD = "Seven teal otters, 2 boats"
SOURCE = "198.51.100.7"
COMPLETE = "complete"
"""`subflowResult` of a recovery that has set a password, and of a registration that has made an account."""
_MAIL_SECONDS = 3.0
"""How long a mail is waited for before the page is opened anew."""
_LINK = re.compile(r"/v/([\w-]+)")
_CODE = re.compile(r"recovery code is (\w{8})")


class PageOverError(Exception):
    """The page that the browser had opens nothing any more, or no mail came for it."""


@dataclass
class Customer:
    """One person at the pages of one desk."""

    desk: CrashDesk
    plot: Plot
    address: str
    mailbox: str
    browser: Path
    """What the browser keeps of a page that it opened by itself."""

    @property
    def cookie(self) -> str:
        return f"cookie of {self.plot.who}"

    # Mailbox and phones
    async def _things(self, whose: str = "") -> dict[str, list[dict[str, Any]]]:
        async with httpx.AsyncClient() as client:
            got: dict[str, list[dict[str, Any]]] = (
                await client.get(self.mailbox, params={"to": whose or self.plot.who})
            ).json()
        return got

    async def find_number(self, number: str) -> None:
        """Find the number in the app, where the request still waits."""
        for push in (await self._things())["pushes"][:1]:
            form = {"push": str(push["seq"]), "act": "approve", "number": number}
            async with httpx.AsyncClient() as client:
                await client.post(f"{self.mailbox.removesuffix('.json')}/push", data=form)

    async def passcode(self) -> Secret:
        """What was sent or said last."""
        return Secret((await self._things())["passcodes"][0]["code"])

    # Of a call
    async def at_page(self, code: Secret) -> None:
        """Open the newest link, and do what its page asks, until it asks nothing more."""
        links = (_LINK.search(mail["text"]) for mail in (await self._things(self.address))["mails"])
        token = next(link[1] for link in links if link)
        await self._through(token, f"{self.cookie} for {token}", code)

    async def at_address(self, code: Secret) -> None:
        """Type the code at the spoken address, and do what the page asks."""
        try:
            token = await self.desk.engine.customers.enter_code(code, self.cookie, source=SOURCE)
        except LinkOverError:
            return
        await self._through(token.reveal(), self.cookie, code)

    async def _through(self, token: str, browser: str, code: Secret) -> None:
        customers = self.desk.engine.customers
        try:
            page = await customers.open(token, browser)
            while page.view.outcome is None:
                page = await customers.answer(token, browser, await self._of_page(page.view, code))
        except (LinkOverError, StaleFlowError):
            return

    async def _of_page(self, view: View, code: Secret) -> Answer:
        match view.prompt:
            case p.CodePrompt():
                return a.CodeGiven(code)
            case p.BrowserPrompt():
                return a.BrowserChecked(WebAuthn.FULL if self.plot.passkey else WebAuthn.NONE)
            case dp.PasskeyPrompt(options=options):
                key = msgspec.convert((await self._things())["passkeys"][0], Passkey)
                key.sign_count = time.time_ns() // 1_000_000 % 2**31  # whoever signed before may be gone with the count
                return a.AssertionGiven(Secret(sign(key, options, "http://localhost:9")))
            case p.DeviceSelectionPrompt(devices=devices):
                return a.DeviceChosen(devices[0].id)
            case p.PasscodePrompt():
                return a.PasscodeGiven(await self.passcode())
            case pp.NewPasswordPrompt():
                return a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD), "yes")
            case p.TryAgainPrompt() | pp.CannotSetPasswordPrompt():
                return a.TryAgainChosen()
            case _:
                return a.CannotUseAnyChosen()

    # By themselves
    async def by_themselves(self) -> Sequence[str]:
        """Recover or register, on the page that the browser has, or else on a new one. What the page said last."""
        while True:
            try:
                return await self._through_page()
            except PageOverError:
                self.browser.unlink(missing_ok=True)

    async def _through_page(self) -> Sequence[str]:
        door, said = self.desk.engine.public, list[str]()
        if not self.browser.exists():
            email = (ra.RegisterEmailGiven if self.plot.way is Way.REGISTER else pa.EmailGiven)(self.address)
            token = await door.begin(self._flow, self.cookie, email, source=SOURCE, visitor=NOBODY)
            self.browser.write_text(token.reveal(), "utf-8")
        token_text = self.browser.read_text("utf-8")
        try:
            page = await door.open(token_text, self.cookie)
            while page.view.outcome is None:
                said.append(f"{page.view.prompt}")
                page = await self._answered(token_text, page)
        except (LinkOverError, StaleFlowError):
            raise PageOverError from None
        if getattr(page.view.outcome, "subflow_result", "") != COMPLETE:
            raise PageOverError  # "try again in a moment", as where the process died that knew the visitor
        return [*said, COMPLETE]

    @property
    def _flow(self) -> str:
        return BY_THEMSELVES[self.plot.way]

    async def _answered(self, token: str, page: PublicView) -> PublicView:
        prompt = page.view.prompt
        assert isinstance(prompt, pub.PublicPrompt)
        answer, door = await self._of_public(prompt), self.desk.engine.public
        return await door.answer(token, self.cookie, answer, prompt.asked, source=SOURCE, visitor=NOBODY)

    async def _of_public(self, prompt: pub.PublicPrompt) -> Answer:
        password = Secret(NEW_PASSWORD)
        match prompt:
            case pub.RecoveryCodePrompt():
                return pa.RecoveryTyped(Secret(await self._code()), password, password)
            case rp.EmailCodePrompt():
                return a.PasscodeGiven(await self._mailed_passcode())
            case rp.NamesPrompt():
                return ra.NamesGiven("Grace", "Hopper")
            case rp.FirstPasswordPrompt():
                return ra.FirstPasswordTyped(password, password)
            case rp.AgreementPrompt():
                return ra.AgreementAccepted()
            case rp.UnfinishedPrompt():
                return a.TryAgainChosen()
            case _:
                raise PageOverError

    async def _mailed_passcode(self) -> Secret:
        until = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < until:
            if codes := (await self._things(self.address))["passcodes"]:
                return Secret(codes[0]["code"])
            await asyncio.sleep(0.05)
        raise PageOverError

    async def _code(self) -> str:
        until = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < until:
            found = (_CODE.search(mail["text"]) for mail in (await self._things(self.address))["mails"])
            if code := next((code[1] for code in found if code), ""):
                return code
            await asyncio.sleep(0.05)
        raise PageOverError
