"""The customer of a played demo: reads the invented mailbox and phone, and uses the pages as a browser would."""

from __future__ import annotations

import asyncio
import re
from copy import copy
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import msgspec

from csrdesk.demo.telling import DifferenceError, expect_that
from csrdesk.sandbox.authenticator import Passkey, attest, sign
from csrdesk.services import http

_NUMBER = re.compile(r"choose this number: (\d+)")
_KEY = re.compile(r"\b(?:[A-Z2-7]{4} ){3,}[A-Z2-7]{1,4}\b")
_MOMENTS = 200
"""Of 50 ms: mails that were not taken at once come some seconds later."""
_LINK = re.compile(r"https?://\S+/v/\S+")


@dataclass
class Form:
    """A form of a page: where it goes, what it carries, and what its buttons say."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    filled: dict[str, str] = field(default_factory=dict)
    """What stands in its fields already."""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    options: str = ""
    """What a passkey is to sign, where the form asks for that: a browser's script reads it."""

    def offers(self, kind: str) -> bool:
        """Whether this form posts that answer, by a button or by itself."""
        return self.values.get("type") == kind or ("type", kind) in self.buttons


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text = ""
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in ("style", "script"):
            self._skip += 1
        elif tag == "form":
            self.forms.append(Form(a.get("action", ""), options=a.get("data-options", "")))
        elif not self.forms or "disabled" in a:
            return
        elif tag == "input":
            self.forms[-1].names.append(a.get("name", ""))
            self.forms[-1].filled[a.get("name", "")] = a.get("value", "")
            if a.get("type") == "hidden":
                self.forms[-1].values[a.get("name", "")] = a.get("value", "")
        elif tag == "button" and a.get("name"):
            self.forms[-1].buttons.append((a["name"], a.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._skip -= 1

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.text += f" {data}"


class Customer:
    """One invented person at their browser, with `webauthn` as what it says of passkeys."""

    def __init__(self, address: str, mailbox_url: str, *, webauthn: str = "NONE", user_agent: str = "") -> None:
        self._address = address
        self._mailbox = f"{mailbox_url}.json"
        self._webauthn = webauthn
        self._http = http.open_browser(user_agent)
        self._url = ""
        self._page = _Page()
        self.html = ""
        """The page as it came."""
        self.status = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._url

    @property
    def text(self) -> str:
        """The page's words, with white space folded."""
        return " ".join(self._page.text.split())

    async def newest_link(self, *, besides: str = "") -> str:
        """The link in the newest mail; waits a moment for it, and for another one than `besides`."""
        for _ in range(100):
            box = (await self._http.get(self._mailbox, params={"to": self._address})).json()
            for mail in box["mails"]:
                found = _LINK.search(mail["text"])
                if found and found[0] != besides:
                    return found[0]
            await asyncio.sleep(0.05)
        raise DifferenceError(f"no mail with a link reached {self._address}")

    async def mail(self, subject: str) -> str:
        """The text of the newest mail with that subject; waits a moment for it."""
        for _ in range(_MOMENTS):
            box = (await self._http.get(self._mailbox, params={"to": self._address})).json()
            for mail in box["mails"]:
                if mail["subject"] == subject:
                    return str(mail["text"])
            await asyncio.sleep(0.05)
        raise DifferenceError(f"no mail {subject!r} reached {self._address}")

    async def newest_passcode(self, *, after: str = "", kind: str = "") -> str:
        """The newest passcode that reached this person, of a device of that `kind` if one is named; waits a moment for
        another one than `after`.
        """
        for _ in range(_MOMENTS):
            box = (await self._http.get(self._mailbox, params={"to": self._address})).json()
            for code in box["passcodes"]:
                if code["code"] != after and kind in ("", code["type"]):
                    return str(code["code"])
            await asyncio.sleep(0.05)
        raise DifferenceError(f"no passcode reached {self._address}")

    def tab(self) -> Customer:
        """Another tab of the same browser, with the page as it is now."""
        return copy(self)

    async def fetch(self, url: str, *, method: str = "GET", user_agent: str = "") -> int:
        """Fetch without being this customer's browser, as a mail scanner does; returns the status."""
        async with http.Client(timeout=20, headers={"user-agent": user_agent or "Mozilla/5.0"}) as other:
            return int((await other.request(method, url)).status_code)

    async def open(self, url: str) -> None:
        """Open a page and read its forms."""
        self._url = url
        self._read(await self._http.get(url))

    async def waits_for(self, kind: str) -> None:
        """Load the page again, as it does by itself, until it offers this answer."""
        for _ in range(100):
            self._read(await self._http.get(self._url, headers={"sec-fetch-site": "same-origin"}))
            if self.offers(kind):
                return
            await asyncio.sleep(0.05)
        raise DifferenceError(f"the page does not come to {kind}: {self.text[:200]}")

    async def answer(self, kind: str, **typed: str) -> None:
        """Post the form that offers this answer, with what was typed."""
        form = next((f for f in self._page.forms if f.offers(kind)), None)
        if form is None:
            raise DifferenceError(f"the page offers no {kind}: {self.text[:200]}")
        data = {**form.values, **typed, "type": kind}
        if "webauthn" in form.names:
            data["webauthn"] = self._webauthn
        await self._post(form, data)

    async def use_passkey(self, key: Passkey | None = None) -> None:
        """Sign what the page asks for with this person's key, as a browser's script does; or with that one."""
        form = self._asking_passkey()
        key = key or msgspec.convert((await self._belongings())["passkeys"][0], Passkey)
        signed = sign(key, form.options, self._origin)
        await self._post(form, {**form.values, "type": "AssertionGiven", "assertion": signed})

    async def make_passkey(self) -> Passkey:
        """Make the passkey that the page asks for, as a browser's script does."""
        form = self._asking_passkey()
        key, made = attest(form.options, self._origin)
        await self._post(form, {**form.values, "type": "AttestationGiven", "attestation": made})
        return key

    def _asking_passkey(self) -> Form:
        form = next((f for f in self._page.forms if f.options), None)
        if form is None:
            raise DifferenceError(f"the page asks for no passkey: {self.text[:200]}")
        return form

    @property
    def app_key(self) -> str:
        """The key for an authenticator app (Base32) that the page shows, to be typed."""
        shown = _KEY.search(self.text)
        if shown is None:
            raise DifferenceError(f"the page shows no key for an app: {self.text[:200]}")
        return shown[0].replace(" ", "")

    async def answer_push(self, act: str) -> str:
        """Press `approve` or `deny` on the phone, with the number that the page shows; gives the number."""
        shown = _NUMBER.search(self.text)
        number = shown[1] if shown else ""
        await self.choose_on_phone(act, number)
        return number

    async def choose_on_phone(self, act: str, number: str = "") -> None:
        """Press `approve` or `deny` on the phone, with the number that the agent said, or the page shows."""
        push = (await self._belongings())["pushes"][0]["seq"]
        phone = f"{self._mailbox.removesuffix('.json')}/push"
        await self._http.post(phone, data={"push": str(push), "act": act, "number": number})

    async def app_passcode(self) -> str:
        """What this person's authenticator app shows now."""
        return str((await self._belongings())["totp"][0]["code"])

    async def _belongings(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = (
            await self._http.get(self._mailbox, params={"to": self._address})
        ).json()
        return found

    @property
    def _origin(self) -> str:
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc}"

    async def _post(self, form: Form, data: dict[str, str]) -> None:
        headers = {"sec-fetch-site": "same-origin", "origin": self._origin}
        self._read(await self._http.post(urljoin(self._url, form.action), data=data, headers=headers))

    def offers(self, kind: str) -> bool:
        """Whether the page offers this answer."""
        return any(f.offers(kind) for f in self._page.forms)

    def typed(self, name: str) -> str:
        """What stands in that field of the page already; empty where there is no such field."""
        return next((form.filled[name] for form in self._page.forms if name in form.filled), "")

    def reads(self, words: str) -> None:
        """Expect these words on the page. Raises `DifferenceError`."""
        expect_that(words.lower() in self.text.lower(), f"{words!r} is not on the page: {self.text[:300]!r}")

    def _read(self, answer: http.Response) -> None:
        self.status = answer.status_code
        self._url = str(answer.url)
        self._page = _Page()
        self.html = answer.text
        self._page.feed(answer.text)
