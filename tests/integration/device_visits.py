"""Somebody at a page of Device Authentication that a real desk made for their browser, beside the sandbox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from csrdesk.demo.customer import Customer
from csrdesk.engine.device_pages import OpenedPage
from csrdesk.flows.device_authentication import Outputs
from csrdesk.flows.device_inputs import Inputs
from csrdesk.model.devices import ORDER
from csrdesk.sandbox.model import User
from tests.integration.conftest import World


class AtPage(Customer):
    """A browser that has a cookie of ours already, as whoever another flow has identified does."""

    def __init__(self, address: str, mailbox_url: str, cookie: str, *, webauthn: str) -> None:
        super().__init__(address, mailbox_url, webauthn=webauthn)
        self._http.cookies.set("csrdesk", cookie)

    async def post(self, kind: str, **typed: str) -> None:
        """Post what only a script posts, or what the page does not offer, by a form of it that was changed by hand."""
        form = self._page.forms[0]
        await self._post(form, {**form.values, **typed, "type": kind})


@dataclass
class Visit:
    """One page, the browser that it was made for, and another browser at the same person's mailbox."""

    world: World
    user: User
    page: OpenedPage
    at: AtPage
    mailbox: Customer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.at.__aexit__()
        await self.mailbox.__aexit__()

    @property
    def address(self) -> str:
        return f"{self.world.desk.pages_url}/v/{self.page.token.reveal()}"

    async def begin(self) -> None:
        """Open the page, and say what the browser knows."""
        await self.at.open(self.address)
        await self.at.waits_for("BrowserChecked")
        await self.at.answer("BrowserChecked")

    async def send_link(self) -> str:
        """Have the magic link sent and open it in the other browser; gives the code that the page shows."""
        before = await self.newest()
        await self.at.answer("SendChosen")
        await self.at.waits_for("ResendChosen")
        await self.mailbox.open(await self.mailbox.newest_link(besides=before))
        return self.code

    async def newest(self) -> str:
        """The newest link in the mailbox; empty where there is none."""
        mails = [mail for mail in self.world.box.world.mails if mail.to == self.user.email]
        return await self.mailbox.newest_link() if mails else ""

    @property
    def code(self) -> str:
        """The six digits that the page shows."""
        shown = self.at.text.partition("Type this code on the page that the link opens:")[2].split()
        return "".join(shown[:2])

    async def result(self) -> Outputs | None:
        return await self.world.desk.engine.device_pages.result(self.page.challenge_id)


async def visit(
    world: World,
    username: str,
    *,
    magic_link: bool = False,
    email: str = "",
    webauthn: str = "FULL",
    resends: int = 3,
    allowed: tuple[str, ...] = ORDER,
    fallback: bool = True,
) -> Visit:
    """A page for that person, with these inputs."""
    user, cookie, at = world.box.world.user(username), secrets.token_urlsafe(32), world.box.settings()
    inputs = Inputs(
        p1_user_id=user.id,
        resend_otp_limit=resends,
        email=email,
        p1_mfa_policy_id=at.mfa_policy_id,
        allowed_device_types=allowed,
        otp_fallback_allowed=fallback,
        magic_link_enabled=magic_link,
    )
    page = await world.desk.engine.device_pages.open(inputs, account="M*** S***, ending 41", browser=cookie)
    browser = AtPage(user.email, at.mailbox_url, cookie, webauthn=webauthn)
    return Visit(world, user, page, browser, Customer(user.email, at.mailbox_url))
