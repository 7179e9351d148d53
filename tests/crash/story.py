"""The call that is played: what the caller wants, and its end, from wherever a process before left it.

Agent and customer sit in one process: the agent at `Session`, the customer at `CustomerSession` with their mailbox.
Nothing is remembered outside the desk: whoever comes next knows what was done from the audit alone, as an agent does.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import httpx
import msgspec

from csrdesk.errors import LinkOverError, NotFoundError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.csr_main import Start
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import WebAuthn
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from csrdesk.sandbox import people
from csrdesk.sandbox.authenticator import Passkey, sign
from tests.crash.desk import AGENT, CrashDesk

GOALS: dict[str, Answer] = {
    Act.UNLOCK.value: a.UnlockChosen(),
    Act.DISABLE.value: a.DisableChosen(),
    Act.ENABLE.value: a.EnableChosen(),
    Act.RESET.value: a.ResetChosen(),
}
"""How the agent begins what the caller may want."""
NEW_PASSWORD = "Seven teal otters, 2 boats"
DONE = ("done", "found done")
_STEPS = 200


@dataclass
class Player:
    """Plays the call on one desk."""

    desk: CrashDesk
    username: str
    address: str
    mailbox: str
    goals: tuple[str, ...]
    """What the caller wants, in this order."""
    spoken: bool = False
    """Verified by the spoken address, because no mail reaches them."""
    said: list[str] = field(default_factory=list)
    """What the agent read: prompts by name, with their notes and lines."""

    async def play(self) -> None:
        """From wherever it stands to its end."""
        session = self.desk.engine.session(AGENT)
        calls = await session.calls(all_of_them=True)
        left = [call for call in calls if not call.over]
        if calls and not left:
            return
        if left:
            resumed = await session.resume(left[0].id)
            self.said.append(f"resumed, {resumed.links_ended} links ended")
            view = resumed.view
        else:
            view = await session.start("csr_main", Start("INC-7"))
        for _ in range(_STEPS):
            view = await session.settled(view.id)
            if view.outcome is not None:
                return
            self._read(view)
            answer = await self._answer(view)
            try:
                if answer is None:
                    view = await session.changed(view.id, view.rev)
                else:
                    await session.answer(view.id, view.rev, answer)
            except StaleFlowError:
                continue
        raise AssertionError(f"the call comes to no end: {self.said[-5:]}")

    def _read(self, view: View) -> None:
        prompt = view.prompt
        lines = "; ".join(line.text for line in getattr(prompt, "lines", ()))
        words = (type(prompt).__name__, getattr(prompt, "note", ""), lines, getattr(prompt, "error_message", ""))
        self.said.append(" | ".join(part for part in words if part))

    async def _answer(self, view: View) -> Answer | None:
        match view.prompt:
            case p.UsernamePrompt():
                return a.UsernameGiven(self.username, "INC-7")
            case p.CardPrompt():
                return self._way()
            case tp.PhonesPrompt(phones=phones):
                return a.DeviceChosen(phones[0].id)
            case tp.AgentPushPrompt(number=number):
                await self._on_phone(number)
                return None
            case sp.AddressFormPrompt():
                return a.OpenAddressChosen()
            case p.MagicLinkFormPrompt():
                return a.SendChosen()
            case p.PollingPrompt() | pp.WaitingForNewPasswordPrompt():
                await self._customer(view)
                return None
            case p.AccountPrompt():
                return await self._next(view.id)
            case p.ConfirmPrompt():
                return a.Confirmed("played", "INC-7")
            case p.NoticePrompt(again=again):
                return a.TryAgainChosen() if again else a.NoticeRead()
            case p.ErrorPrompt():
                return a.TryAgainChosen()
            case other:
                raise AssertionError(f"nothing to answer to {other!r}")

    def _way(self) -> Answer:
        if self.username == people.NO_EMAIL_APP:
            return a.PushChosen()
        return a.SpokenAddressChosen() if self.spoken else a.MagicLinkChosen()

    async def _on_phone(self, number: str) -> None:
        """The customer finds the number in the app, where the request still waits."""
        async with httpx.AsyncClient() as client:
            things = (await client.get(self.mailbox, params={"to": self.username})).json()
            for push in things["pushes"][:1]:
                form = {"push": str(push["seq"]), "act": "approve", "number": number}
                await client.post(f"{self.mailbox.removesuffix('.json')}/push", data=form)

    async def _customer(self, view: View) -> None:
        waits = isinstance(view.prompt, pp.WaitingForNewPasswordPrompt)
        if view.spoken_code and self.spoken:
            await self._at_address(view.spoken_code)
        elif view.spoken_code or waits:
            await self._at_page(view.spoken_code or Secret(""))

    async def _next(self, call_id: str) -> Answer:
        try:
            deeds = (await self.desk.engine.session(AGENT).record(call_id)).deeds
        except NotFoundError:
            deeds = ()
        done = {deed.act for deed in deeds if deed.result in DONE}
        return next((GOALS[act] for act in self.goals if act not in done), a.CallEnded())

    async def _at_page(self, code: Secret) -> None:
        """The customer opens the newest link, and does what its page asks, until it asks nothing more."""
        async with httpx.AsyncClient() as client:
            things = (await client.get(self.mailbox, params={"to": self.address})).json()
        links = (re.search(r"/v/([\w-]+)", mail["text"]) for mail in things["mails"])
        token = next(link[1] for link in links if link)
        await self._through(token, f"cookie of {self.username} for {token}", code)

    async def _at_address(self, code: Secret) -> None:
        """The customer types the code at the spoken address, and does what the page asks."""
        browser = f"cookie of {self.username}"
        try:
            token = await self.desk.engine.customers.enter_code(code, browser, source="198.51.100.7")
        except LinkOverError:
            return
        await self._through(token.reveal(), browser, code)

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
                return a.BrowserChecked(WebAuthn.FULL if self.spoken else WebAuthn.NONE)
            case dp.PasskeyPrompt(options=options):
                async with httpx.AsyncClient() as client:
                    things = (await client.get(self.mailbox, params={"to": self.username})).json()
                key = msgspec.convert(things["passkeys"][0], Passkey)
                key.sign_count = time.time_ns() // 1_000_000 % 2**31  # whoever signed before may be gone with the count
                return a.AssertionGiven(Secret(sign(key, options, "http://localhost:9")))
            case p.DeviceSelectionPrompt(devices=devices):
                return a.DeviceChosen(devices[0].id)
            case p.PasscodePrompt():
                async with httpx.AsyncClient() as client:
                    things = (await client.get(self.mailbox)).json()
                return a.PasscodeGiven(Secret(things["passcodes"][0]["code"]))
            case pp.NewPasswordPrompt():
                return a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD), "yes")
            case p.TryAgainPrompt() | pp.CannotSetPasswordPrompt():
                return a.TryAgainChosen()
            case _:
                return a.CannotUseAnyChosen()
