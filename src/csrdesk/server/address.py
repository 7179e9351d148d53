"""The page of the spoken address: it asks for a code, says nothing of anybody, and leads to one call's page.

Everybody sees the same, and every code that opens nothing is answered alike. What one opens is `link`'s to show.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from csrdesk.errors import LimitReachedError, LinkOverError
from csrdesk.flows.answers import BrowserChecked
from csrdesk.flows.doors import CustomerSession
from csrdesk.flows.prompts import BrowserPrompt
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean, digits
from csrdesk.server import texts
from csrdesk.server.forms import Form, Refusal, read_form, webauthn_of
from csrdesk.server.link import LinkPage, back
from csrdesk.server.render import Render
from csrdesk.server.security import Guard, new_browser, withheld
from csrdesk.server.visitors import visitor_of

PATHS = ("/c", "/c/", "/C", "/C/")
"""As it is said, and as phones and people write it."""
_FORM = "the spoken address"
"""What the form's token is for: a link's are for its own."""


@dataclass(frozen=True)
class AddressPage:
    """What is behind the address that agents say."""

    customers: CustomerSession
    render: Render
    guard: Guard
    link: LinkPage

    async def show(self, request: Request) -> Response:
        """GET and HEAD: nothing is changed; agents whose codes wait see that somebody was here."""
        browser = self.guard.browser_of(request)
        if not browser and withheld(request.headers) and "o" not in request.query_params:
            return self.render.page("opening.html", refresh="0; url=?o=1")
        name = browser or new_browser()
        if not browser or request.headers.get("sec-fetch-site") != "same-origin":
            await self.customers.opened_address(clean(request.headers.get("user-agent", "")))
        response = self._page(name)
        if not browser:
            self.guard.keep_browser(response, name)
        return response

    async def take(self, request: Request) -> Response:
        """POST: a code, from the browser that the form was served to."""
        browser = self.guard.browser_of(request)
        form = await read_form(request)
        if isinstance(form, Refusal):
            return self.link.refuse(request, form.status)
        from_us = self.guard.came_from_us(request.headers)
        if not from_us or not self.guard.is_form_of(form.pop("form", ""), browser, _FORM):
            return self.link.refuse(request, 403)
        code = form.get("code", "")
        if not digits(code):
            return self._page(browser, texts.CALL_CODE_MISSING, 422)
        try:
            return await self._enter(request, browser, Secret(code), form)
        except LinkOverError:
            return self._page(browser, texts.CALL_CODE_WRONG, 422)
        except LimitReachedError as error:
            return self.link.too_many(request, error)

    async def _enter(self, request: Request, browser: str, code: Secret, form: Form) -> Response:
        source, visitor = self.guard.source(request), visitor_of(request, form)
        token = (await self.customers.enter_code(code, browser, source=source, visitor=visitor)).reveal()
        await self._say_what_it_can(token, browser, form)
        return back(token)

    async def _say_what_it_can(self, token: str, browser: str, form: Form) -> None:
        """What the form carried along answers the browser's check, so that nobody has to press a button for it."""
        link = await self.customers.open(token, browser, fetch=False)
        if isinstance(link.view.prompt, BrowserPrompt):
            await self.customers.answer(token, browser, BrowserChecked(webauthn_of(form)))

    def _page(self, browser: str, note: str = "", status: int = 200) -> Response:
        token = self.guard.form_token(browser, _FORM)
        return self.render.page(
            "call_code.html", status=status, form_token=token, note=note, problem=bool(note), rev=""
        )
